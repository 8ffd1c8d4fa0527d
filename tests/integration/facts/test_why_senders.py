# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said of every sender profile is what a probe as that sender sees, at a live smtpd of every release."""

from __future__ import annotations

import json
import typing as t

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._tls._senders import NAMES
from ansible_collections.postmaster.tls.plugins.plugin_utils._sender_calls import with_hellos
from ansible_collections.postmaster.tls.plugins.plugin_utils._sender_why import sender_answers
from mtadiff import materials
from mtadiff.configuration import FIRST_PORT, RELEASES, Configuration
from mtadiff.host import TREE, Host, host_of, podman_for
from mtalab.engine import Podman
from mtalab.paths import lab_name

pytestmark = pytest.mark.lab

RSA, BOTH = materials.CERTIFICATES["rsa"], materials.CERTIFICATES["both"]
CASE_1 = "aNULL,LOW,EXP,MEDIUM,ADH,AECDH,MD5,DSS,ECDSA,CAMELLIA128,3DES,CAMELLIA256,RSA+AES,eNULL"
SERVICES: dict[str, dict[str, str]] = {
    "sound": RSA,
    "two-keys": BOTH,
    "ecdsa-only": materials.CERTIFICATES["ecdsa"],
    "case-1": {
        **RSA,
        "smtpd_tls_exclude_ciphers": f"{CASE_1},EECDH,EDH",
        "smtpd_tls_protocols": "!TLSv1.3",
    },
    "tls13-alone": {**RSA, "smtpd_tls_protocols": "TLSv1.3"},
    "tls1.0-alone": {
        **RSA,
        "smtpd_tls_protocols": "TLSv1",
        "tls_medium_cipherlist": "ALL:@SECLEVEL=0",
    },
    "everything": {**RSA, "smtpd_tls_protocols": "", "tls_medium_cipherlist": "ALL:@SECLEVEL=0"},
    "weak-dhe": {
        **RSA,
        "smtpd_tls_dh1024_param_file": f"{materials.DIRECTORY}/dh1024.pem",
        "smtpd_tls_exclude_ciphers": "kRSA,EECDH",
        "smtpd_tls_protocols": "!TLSv1.3",
    },
    "brainpool": {**BOTH, "tls_eecdh_auto_curves": "brainpoolP256r1"},
    "level-2": {
        **RSA,
        "tls_medium_cipherlist": "HIGH:@SECLEVEL=2",
        "smtpd_tls_exclude_ciphers": "kRSA",
    },
    "small-key": {**materials.CERTIFICATES["rsa-small"], "smtpd_tls_exclude_ciphers": "EECDH,EDH"},
    "no-certificate": materials.CERTIFICATES["anonymous"],
}


class Told(t.NamedTuple):
    answers: dict[tuple[str, str], dict[str, t.Any]]
    seen: dict[tuple[str, str], dict[str, t.Any]]


def asked(podman: Podman, host: Host) -> Told:
    configurations = [Configuration(name, overrides) for name, overrides in SERVICES.items()]
    host.load(configurations)
    why = with_hellos([{"sender": "all"}])
    ports = list(range(FIRST_PORT, FIRST_PORT + len(SERVICES)))
    script = f"{TREE}/tests/integration/facts/inside_senders.py"
    inside = ("exec", "--interactive", "--env=PYTHONPATH=/driver", host.container)
    question = json.dumps({"why": why, "ports": ports}).encode()
    told = json.loads(podman(*inside, "python3", "-B", script, stdin=question, timeout=300))
    names = dict(zip((f"{port}/inet" for port in ports), SERVICES, strict=True))
    answers = sender_answers(NAMES, told["heard"])
    return Told(
        {(names[one["service"]], one["sender"]): one for one in answers},
        {
            (names[place], sender): one
            for place, senders in told["seen"].items()
            for sender, one in senders.items()
        },
    )


@pytest.fixture(scope="module", params=RELEASES)
def told(request: pytest.FixtureRequest) -> Told:
    release = request.param
    podman = podman_for([release])
    with host_of(podman, release, prefix=f"{lab_name()}-senders") as host:
        return asked(podman, host)


def test_what_a_sender_is_said_to_get_is_what_it_gets(told: Told) -> None:
    assert len(told.seen) == len(SERVICES) * len(NAMES)
    keys = ("connects", "protocol", "cipher", "reason")
    wrong = [
        f"{place}: said {[told.answers[place][key] for key in keys]}, seen {list(one.values())}"
        for place, one in told.seen.items()
        if [told.answers[place][key] for key in keys] != list(one.values())
    ]
    assert not wrong, "\n".join(wrong)


def test_whoever_gets_nothing_is_told_why(told: Told) -> None:
    lost = [one for one in told.answers.values() if one["connects"] is False]
    assert len(lost) > len(NAMES)
    silent = [one for one in lost if "reason of its own" in one["text"] or not one["text"]]
    assert not silent, "\n".join(
        f"{one['service']} {one['sender']} {one['reason']}" for one in silent
    )


def test_case_1_names_the_two_settings(told: Told) -> None:
    answer = told.answers[("case-1", "boringssl")]
    settings = {one["setting"].partition(" ")[0] for one in answer["causes"]}
    assert answer["connects"] is False
    assert {"smtpd_tls_exclude_ciphers", "smtpd_tls_protocols"} <= settings
