# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A sample of the differential proof for sendmail, and by name what is easily predicted wrongly."""

from __future__ import annotations

import typing as t

import pytest
from mtadiff.compare import disagreements, predicted_suites
from mtadiff.configuration import Told
from mtadiff.host import podman_for
from mtadiff.proofs import Judged, scanned
from mtadiff.sendmail.configuration import DIRECTORY, RELEASES, SUFFIX, Configuration
from mtadiff.sendmail.generator import Generator
from mtadiff.sendmail.host import host_of
from mtalab.paths import lab_name

pytestmark = pytest.mark.lab

SAMPLE = 20
SEED = 2
SOUND = (
    f"O ServerCertFile={DIRECTORY}/rsa.pem",
    f"O ServerKeyFile={DIRECTORY}/rsa.key",
    f"O CACertFile={DIRECTORY}/rsa.pem",
    "O CACertPath=/etc/ssl/certs",
)
NAMED = {
    "sound": Configuration("sound", SOUND),
    "implicit": Configuration("implicit", SOUND, implicit=True),
    "list-of-unknown-names": Configuration("", (*SOUND, "O CipherList=NOSUCH")),
    "list-that-cannot-be-read": Configuration("", (*SOUND, "O CipherList=@SECLEVEL=9")),
    "small-dh-before-level-0": Configuration(
        "", (*SOUND, "O DHParameters=1024", "O CipherList=DHE:@SECLEVEL=0")
    ),
    "key-that-others-may-read": Configuration(
        "", (*SOUND, f"O ServerKeyFile={DIRECTORY}/readable.key")
    ),
    "no-ca-path": Configuration("", SOUND[:3]),
    "own-group": Configuration("", (*SOUND, f"EOPENSSL_CONF={DIRECTORY}/suites.cnf")),
    "plain": Configuration("", (*SOUND, f"EOPENSSL_CONF={DIRECTORY}/suites.cnf"), program="plain"),
    "a-key-below-the-level-and-groups-that-only-clients-have": Configuration(
        "",
        (*SOUND, "O CipherList=!ALL:@SECLEVEL=3", f"EOPENSSL_CONF={DIRECTORY}/groups.cnf"),
        program="plain",
    ),
    "list-of-aes128-alone": Configuration("", (*SOUND, "O CipherList=ECDHE+AES128")),
    "unknown-option": Configuration("", (*SOUND, "O ServerSSLOptions=SSL_OP_NOSUCH")),
    "a-list-that-goes-on-in-the-next-line": Configuration(
        "", (*SOUND, "O CipherList=ECDHE+AESGCM:\n\t!AES256 # text")
    ),
    "options-that-go-on-in-the-next-line": Configuration(
        "", (*SOUND, "O ServerSSLOptions=SSL_OP_NO_TLSv1_2,\n SSL_OP_NO_TLSv1_1")
    ),
    "comments-and-other-ends-of-lines": Configuration(
        "", (*SOUND, "O CipherList=ECDHE+AESGCM # text", "O TLSSrvOptions=C, V"), spelling="0"
    ),
    "a-digest-that-openssl-does-not-have": Configuration(
        "", (*SOUND, "O CertFingerprintAlgorithm=nosuch")
    ),
    "a-digest-by-another-name": Configuration(
        "", (*SOUND, "O CertFingerprintAlgorithm=RSA-SHA256")
    ),
    "a-list-of-revoked-certificates-that-is-not-there": Configuration(
        "", (*SOUND, f"O CRLFile={DIRECTORY}/absent.pem")
    ),
    "letters-behind-a-comma": Configuration("", SOUND, features="V,v"),
    "letters-in-one-word": Configuration("", SOUND, features="VS"),
    "letters-that-take-tls-away": Configuration("", SOUND, features="A,S"),
    "bits-taken-away-that-were-never-set": Configuration(
        "", (*SOUND, "O ServerSSLOptions=-SSL_OP_NO_TLSv1_2 +SSL_OP_NO_TLSv1_1")
    ),
    "no-tickets-from-level-3-on": Configuration(
        "",
        (
            f"O ServerCertFile={DIRECTORY}/ec.pem,{DIRECTORY}/rsa.pem",
            f"O ServerKeyFile={DIRECTORY}/ec.key,{DIRECTORY}/rsa.key",
            *SOUND[2:],
            "O CipherList=DHE-RSA-AES256-SHA:ECDHE-ECDSA-AES256-GCM-SHA384:@SECLEVEL=3",
        ),
    ),
    "a-key-below-the-level-beside-one-that-is-not": Configuration(
        "",
        (
            f"O ServerCertFile={DIRECTORY}/rsa.pem,{DIRECTORY}/ec.pem",
            f"O ServerKeyFile={DIRECTORY}/rsa.key,{DIRECTORY}/ec.key",
            *SOUND[2:],
            "O CipherList=HIGH:@SECLEVEL=3",
        ),
    ),
    "anonymous-suites-alone-ask-for-no-certificate": Configuration(
        "",
        (
            f"O ServerCertFile={DIRECTORY}/ed.pem",
            f"O ServerKeyFile={DIRECTORY}/ed.key",
            *SOUND[2:],
            "O CipherList=ALL:@SECLEVEL=0",
            "O ServerSSLOptions=SSL_OP_NO_TLSv1_3 SSL_OP_NO_TLSv1_2",
        ),
    ),
}


class Proved(t.NamedTuple):
    """What was found out on one release."""

    named: dict[str, Told]
    sample: list[Judged]
    scanned: list[Judged]


@pytest.fixture(scope="module", params=RELEASES)
def proved(request: pytest.FixtureRequest) -> Proved:
    release = request.param
    sample = Generator(release.removesuffix(SUFFIX), SEED).configurations(SAMPLE)
    podman = podman_for([release])
    with host_of(podman, release, prefix=f"{lab_name()}-sample") as host:
        told = host.judge([*NAMED.values(), *sample])
        judged = [
            Judged(one, entry, disagreements(entry))
            for one, entry in zip(sample, told[len(NAMED) :], strict=True)
        ]
        named = dict(zip(NAMED, told, strict=False))
        return Proved(named, judged, list(scanned(host, judged, count=3)))


def suites(told: Told) -> dict[str, list[str]]:
    return predicted_suites(told["predicted"])


def codes(told: Told) -> set[str]:
    return {one["code"] for one in told["predicted"]["findings"]}


@pytest.mark.parametrize("name", NAMED)
def test_what_is_easily_predicted_wrongly(proved: Proved, name: str) -> None:
    assert disagreements(proved.named[name]) == []


def test_generated_configurations(proved: Proved) -> None:
    assert [one.complaints for one in proved.sample if one.complaints] == []
    assert len(proved.sample) == SAMPLE


def test_sslscan_sees_the_same(proved: Proved) -> None:
    assert [one.complaints for one in proved.scanned if one.complaints] == []


def test_a_sound_sendmail_serves_what_senders_of_today_offer(proved: Proved) -> None:
    assert "ECDHE-RSA-AES128-GCM-SHA256" in suites(proved.named["sound"])["TLSv1.2"]
    assert proved.named["sound"]["predicted"]["groups"] == ["secp256r1"]
    assert suites(proved.named["sound"]) == suites(proved.named["implicit"])


def test_a_rejected_list_is_a_finding_and_says_what_is_left(proved: Proved) -> None:
    unknown = proved.named["list-of-unknown-names"]
    assert "cipher-list-ignored" in codes(unknown)
    assert set(suites(unknown)) == {"TLSv1.3"}
    unread = proved.named["list-that-cannot-be-read"]
    assert "cipher-list-ignored" in codes(unread)
    assert suites(unread) == suites(proved.named["sound"])


def test_a_list_that_is_stricter_than_policies_advise_is_found_by_its_suites(
    proved: Proved,
) -> None:
    findings = proved.named["list-of-aes128-alone"]["predicted"]["findings"]
    (found,) = [one for one in findings if one["code"] == "opportunistic-strict"]
    assert found["evidence"].startswith("no ECDHE-RSA-AES256-GCM-SHA384: not in CipherList")
    assert "opportunistic-strict" not in codes(proved.named["sound"])


def test_a_key_below_the_level_is_named(proved: Proved) -> None:
    findings = proved.named["a-key-below-the-level-beside-one-that-is-not"]["predicted"]["findings"]
    (found,) = [one for one in findings if one["code"] == "key-below-level"]
    assert found["evidence"].startswith(f"the RSA key of {DIRECTORY}/rsa.pem: ")
    assert "key-below-level" not in codes(proved.named["sound"])


def test_parameters_are_refused_at_the_level_before_the_list(proved: Proved) -> None:
    small = proved.named["small-dh-before-level-0"]
    assert "dh-ignored" in codes(small)
    assert "TLSv1.2" not in suites(small)


def test_a_program_with_its_own_group_does_not_heed_openssl_conf(proved: Proved) -> None:
    assert suites(proved.named["own-group"]) == suites(proved.named["sound"])
    assert suites(proved.named["plain"])["TLSv1.3"] == [
        "TLS_CHACHA20_POLY1305_SHA256",
        "TLS_AES_128_CCM_SHA256",
    ]


def test_without_usable_files_there_is_no_tls(proved: Proved) -> None:
    assert codes(proved.named["key-that-others-may-read"]) >= {"certificate-unsafe"}
    assert codes(proved.named["no-ca-path"]) >= {"certificate-missing"}
    for name in ("key-that-others-may-read", "no-ca-path"):
        assert suites(proved.named[name]) == {}
        assert proved.named[name]["seen"]["starttls"] is False
