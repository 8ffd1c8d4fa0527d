# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said of every sender profile is what a probe as that sender sees, at live smtpds and sendmails of every release."""

from __future__ import annotations

import json
import typing as t

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._tls._senders import NAMES
from ansible_collections.postmaster.tls.plugins.plugin_utils._sender_calls import with_hellos
from ansible_collections.postmaster.tls.plugins.plugin_utils._sender_why import sender_answers
from mtadiff import materials
from mtadiff.configuration import FIRST_PORT, RELEASES, Configuration
from mtadiff.host import TREE, Container, host_of, podman_for
from mtadiff.sendmail import configuration as sendmail
from mtadiff.sendmail.host import host_of as sendmail_host_of
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
    "key-below-the-level": {
        **BOTH,
        "tls_medium_cipherlist": "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-GCM-SHA256:@SECLEVEL=3",
        "smtpd_tls_protocols": "!TLSv1.3",
    },
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


SOUND = (
    f"O ServerCertFile={sendmail.DIRECTORY}/rsa.pem",
    f"O ServerKeyFile={sendmail.DIRECTORY}/rsa.key",
    f"O CACertFile={sendmail.DIRECTORY}/rsa.pem",
    "O CACertPath=/etc/ssl/certs",
)
ECDSA = (
    f"O ServerCertFile={sendmail.DIRECTORY}/ec.pem",
    f"O ServerKeyFile={sendmail.DIRECTORY}/ec.key",
)
NO_TLS13 = "O ServerSSLOptions=0x20000000"  # sendmail 8.15 has no name for it
DAEMONS: dict[str, tuple[str, ...]] = {
    "sound": SOUND,
    "no-certificate": (),
    "tls13-alone": (
        *SOUND,
        "O ServerSSLOptions=SSL_OP_NO_TLSv1 SSL_OP_NO_TLSv1_1 SSL_OP_NO_TLSv1_2",
    ),
    "everything": (*SOUND, "O CipherList=ALL:@SECLEVEL=0", "O ServerSSLOptions="),
    "case-1": (*SOUND, f"O CipherList=ALL:!{CASE_1.replace(',', ':!')}:!EECDH:!EDH", NO_TLS13),
    "list-of-no-suite": (*SOUND, "O CipherList=NOSUCH", NO_TLS13),
    "level-3": (*SOUND, *ECDSA, "O CipherList=HIGH:@SECLEVEL=3"),
    "bounds-of-openssl-cnf": (*SOUND, f"EOPENSSL_CONF={sendmail.DIRECTORY}/minimum.cnf"),
}
TWO_SETTINGS = (
    {"smtpd_tls_exclude_ciphers", "smtpd_tls_protocols"},
    {"CipherList", "ServerSSLOptions"},
)


class Told(t.NamedTuple):
    services: int
    answers: dict[tuple[str, str], dict[str, t.Any]]
    seen: dict[tuple[str, str], dict[str, t.Any]]


def asked(
    podman: Podman, host: Container, question: dict[str, t.Any], names: t.Mapping[str, str]
) -> Told:
    """`names` has the name of each service that is asked; they are on one port after the other."""
    why = with_hellos([{"sender": "all"}])
    ports = {service: port for port, service in enumerate(names, FIRST_PORT)}
    script = f"{TREE}/tests/integration/facts/inside_senders.py"
    inside = ("exec", "--interactive", "--env=PYTHONPATH=/driver", host.container)
    text = json.dumps({"why": why, "ports": ports, **question}).encode()
    told = json.loads(podman(*inside, "python3", "-B", script, stdin=text, timeout=300))
    answers = sender_answers(NAMES, told["heard"])
    return Told(
        len(names),
        {(names[one["service"]], one["sender"]): one for one in answers},
        {
            (names[place], sender): one
            for place, senders in told["seen"].items()
            for sender, one in senders.items()
        },
    )


def of_postfix(podman: Podman, release: str) -> Told:
    configurations = [Configuration(name, overrides) for name, overrides in SERVICES.items()]
    names = {f"{port}/inet": name for port, name in enumerate(SERVICES, FIRST_PORT)}
    with host_of(podman, release, prefix=f"{lab_name()}-senders") as host:
        host.load(configurations)
        return asked(podman, host, {}, names)


def of_sendmail(podman: Podman, release: str) -> Told:
    """The program without a group of its own, which heeds openssl.cnf."""
    configurations = [
        sendmail.Configuration(name, lines, program="plain") for name, lines in DAEMONS.items()
    ]
    names = {f"D{port}": name for port, name in enumerate(DAEMONS, FIRST_PORT)}
    files = [f"{sendmail.DIRECTORY}/{service[1:]}.cf" for service in names]
    question = {"program": sendmail.PROGRAMS["plain"], "files": files}
    with sendmail_host_of(podman, release, prefix=f"{lab_name()}-senders") as host:
        host.load(configurations)
        return asked(podman, host, question, names)


@pytest.fixture(scope="module", params=(*RELEASES, *sendmail.RELEASES))
def told(request: pytest.FixtureRequest) -> Told:
    release = request.param
    podman = podman_for([release])
    look = of_sendmail if release.endswith(sendmail.SUFFIX) else of_postfix
    return look(podman, release)


KEYS = ("connects", "protocol", "cipher", "reason")


def agree(said: dict[str, t.Any], seen: dict[str, t.Any]) -> bool:
    """A server that refuses and closes at once may take its alert back: then all that is seen is the end."""
    if seen["connects"] is None and seen["reason"] in ("closed", "reset"):
        return said["connects"] is False
    return {key: said[key] for key in KEYS} == seen


def test_what_a_sender_is_said_to_get_is_what_it_gets(told: Told) -> None:
    assert len(told.seen) == told.services * len(NAMES)
    wrong = [
        f"{place}: said {[told.answers[place][key] for key in KEYS]}, seen {list(one.values())}"
        for place, one in told.seen.items()
        if not agree(told.answers[place], one)
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
    of_postfix, of_sendmail = TWO_SETTINGS
    assert of_postfix <= settings or of_sendmail <= settings
