# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A sample of `make differential`, and by name every configuration that was once predicted wrongly."""

from __future__ import annotations

import typing as t

import pytest
from mtadiff import materials
from mtadiff.compare import disagreements, seen_suites
from mtadiff.configuration import RELEASES, Configuration, Told
from mtadiff.generator import Generator
from mtadiff.host import host_of, podman_for
from mtadiff.proofs import Judged, scanned, undone
from mtalab.paths import lab_name

pytestmark = pytest.mark.lab

SAMPLE = 24
SEED = 2
RSA = materials.CERTIFICATES["rsa"]
BOTH = materials.CERTIFICATES["both"]
ONCE_WRONG = {
    "openssl-cnf-named-by-a-macro": {
        **RSA,
        "tls_config_file": "${my_file}",
        "my_file": f"{materials.DIRECTORY}/minimum.cnf",
    },
    "a-colon-between-curves-parts-nothing-before-3.10": {
        **RSA,
        "tls_eecdh_auto_curves": "P-256:X25519:secp521r1",
    },
    "no-known-curve-leaves-what-openssl-cnf-says": {
        **RSA,
        "tls_eecdh_auto_curves": "nonsense",
        "tls_config_file": f"{materials.DIRECTORY}/groups.cnf",
    },
    "including-sslv2-means-nothing": {**BOTH, "smtpd_tls_protocols": "!SSLv3:SSLv2:!TLSv1.1"},
    "a-curve-of-tls12-only": {**RSA, "tls_eecdh_auto_curves": "brainpoolP256r1"},
    "a-level-that-leaves-a-client-nothing-to-offer": {
        **RSA,
        "tls_medium_cipherlist": "HIGH:@SECLEVEL=5",
    },
    "anonymous-suites-that-the-level-forbids-beside-ecdsa": {
        **materials.CERTIFICATES["ecdsa"],
        "smtpd_tls_protocols": "!TLSv1.3",
        "tls_medium_cipherlist": "ECDHE:AECDH:@SECLEVEL=3",
    },
    "a-group-that-tls12-does-not-have": {**RSA, "tls_eecdh_auto_curves": "X25519MLKEM768"},
    "dh-parameters-of-x942-which-openssl-3-passes-over": {
        **RSA,
        "smtpd_tls_dh1024_param_file": f"{materials.DIRECTORY}/dhx1024.pem",
    },
    "a-curve-that-few-senders-know": {**BOTH, "tls_eecdh_auto_curves": "brainpoolP256r1"},
    "a-key-too-small-for-the-level-breaks-off-tls13": {
        **RSA,
        "tls_medium_cipherlist": "ECDHE:AECDH:@SECLEVEL=3",
    },
    "a-key-below-the-level-beside-one-that-is-not": {
        **BOTH,
        "tls_medium_cipherlist": "ECDHE-RSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-GCM-SHA256:@SECLEVEL=3",
    },
    "curves-of-a-server-below-tls12": {
        **RSA,
        "smtpd_tls_protocols": "TLSv1.1",
        "tls_eecdh_auto_curves": "brainpoolP256r1 P-384",
    },
    "a-curve-that-nobody-asks-for-below-tls12": {
        **RSA,
        "smtpd_tls_protocols": "TLSv1.1",
        "tls_eecdh_auto_curves": "brainpoolP256r1",
    },
    "groups-of-one-suite-with-ecdsa-beside-rsa-key-exchange": {
        **BOTH,
        "smtpd_tls_protocols": "!TLSv1.3",
        "tls_medium_cipherlist": "ECDHE-ECDSA-AES128-GCM-SHA256:AES256-SHA:AES128-SHA",
    },
}


#: Their causes were once incomplete or wrong: undoing them brought other suites, or none.
ONCE_BLAMED_WRONGLY = {
    "a-level-that-forbids-the-older-protocol-that-is-configured": {
        **RSA,
        "smtpd_tls_protocols": "TLSv1 TLSv1.3",
        "smtpd_tls_exclude_ciphers": "ECDHE",
        "tls_medium_cipherlist": "HIGH:@SECLEVEL=1",
    },
    "a-level-set-by-the-list-and-by-postfix": {
        **RSA,
        "smtpd_tls_wrappermode": "yes",
        "smtpd_tls_req_ccert": "yes",
        "smtpd_tls_mandatory_protocols": "TLSv1 TLSv1.3",
        "tls_medium_cipherlist": "HIGH:@SECLEVEL=1",
    },
    "tls13-off-by-the-list-and-by-openssl-cnf": {
        **RSA,
        "smtpd_tls_protocols": "TLSv1.1 TLSv1.2",
        "tls_config_file": f"{materials.DIRECTORY}/maximum.cnf",
    },
    "tls13-off-and-no-group-for-it": {
        **RSA,
        "smtpd_tls_protocols": "!TLSv1.3",
        "tls_eecdh_auto_curves": "brainpoolP256r1",
    },
    "tls13-off-and-no-signature-for-it": {
        **RSA,
        "smtpd_tls_protocols": "!TLSv1.3",
        "tls_config_file": f"{materials.DIRECTORY}/signatures.cnf",
    },
    "an-ed25519-key-signs-nothing-below-tls12": {
        **materials.CERTIFICATES["ed25519"],
        "smtpd_tls_protocols": "TLSv1.1",
        "smtpd_tls_exclude_ciphers": "AES256",
        "tls_medium_cipherlist": "ECDHE:AECDH:@SECLEVEL=0",
    },
}


class Proved(t.NamedTuple):
    """What was found out on one release."""

    named: dict[str, Told]
    blamed: list[Judged]
    sample: list[Judged]
    undone: list[Judged]
    scanned: list[Judged]


@pytest.fixture(scope="module", params=RELEASES)
def proved(request: pytest.FixtureRequest) -> Proved:
    release = request.param
    podman = podman_for([release])
    named = [Configuration(name, overrides) for name, overrides in ONCE_WRONG.items()]
    blamed = [Configuration(name, overrides) for name, overrides in ONCE_BLAMED_WRONGLY.items()]
    sample = Generator(release, SEED).configurations(SAMPLE)
    with host_of(podman, release, prefix=f"{lab_name()}-sample") as host:
        told = host.judge([*named, *blamed, *sample])
        judged = [
            Judged(one, entry, disagreements(entry))
            for one, entry in zip([*blamed, *sample], told[len(named) :], strict=True)
        ]
        suspects, judged = judged[: len(blamed)], judged[len(blamed) :]
        return Proved(
            dict(zip(ONCE_WRONG, told, strict=False)),
            [*suspects, *undone(host, suspects, count=len(suspects), most=3)],
            judged,
            list(undone(host, judged, count=4, most=6)),
            list(scanned(host, judged, count=4)),
        )


def wrong(results: t.Sequence[Judged]) -> list[str]:
    return [
        f"{one.configuration.name} {dict(one.configuration.overrides)}: {'; '.join(one.complaints)}"
        for one in results
        if one.complaints
    ]


def test_what_is_predicted_is_what_is_probed(proved: Proved) -> None:
    assert not wrong(proved.sample)
    with_tls = [one for one in proved.sample if seen_suites(one.told["seen"])]
    assert len(with_tls) > SAMPLE / 3


@pytest.mark.parametrize("name", ONCE_WRONG)
def test_what_was_once_predicted_wrongly_is_right(proved: Proved, name: str) -> None:
    assert not disagreements(proved.named[name])


def test_what_once_had_the_wrong_causes_has_the_right_ones(proved: Proved) -> None:
    assert len(proved.blamed) > 2 * len(ONCE_BLAMED_WRONGLY)
    assert not wrong(proved.blamed)


def test_undoing_the_named_settings_brings_exactly_the_suites_that_they_hold_back(
    proved: Proved,
) -> None:
    assert len(proved.undone) > 8
    assert not wrong(proved.undone)


def test_sslscan_sees_what_is_predicted(proved: Proved) -> None:
    assert proved.scanned
    assert not wrong(proved.scanned)
