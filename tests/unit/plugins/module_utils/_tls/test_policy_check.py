# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A verdict against a policy: servers that keep it, that break it in each way, and that do not answer."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._errors import InvalidInput
from ansible_collections.postmaster.tls.plugins.module_utils._tls import _policy_check, _survey
from ansible_collections.postmaster.tls.plugins.module_utils._tls._answers import NotDetermined
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol
from ansible_collections.postmaster.tls.plugins.module_utils._tls._strategy import drive
from ansible_collections.postmaster.tls.tests.support.asking import asker
from ansible_collections.postmaster.tls.tests.support.mail_servers import (
    Keys,
    make_keys,
    openssl_server,
)
from ansible_collections.postmaster.tls.tests.support.paper_server import PaperServer

V12, V13 = Protocol.TLSv1_2, Protocol.TLSv1_3
POLICY: dict[str, t.Any] = {
    "name": "strict",
    "protocols": ["TLSv1.2", "TLSv1.3"],
    "ciphers": ["ECDHE-RSA-AES128-GCM-SHA256", "0xC030"],
    "ciphersuites": [0x1301, "TLS_AES_256_GCM_SHA384"],
    "groups": ["x25519", "secp256r1"],
}
GOOD = {V12: [0xC02F, 0xC030], V13: [0x1301, 0x1302]}


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    return make_keys(tmp_path_factory.mktemp("keys"))


def judged(
    ask: t.Callable[[t.Any], t.Any], **changes: t.Any
) -> tuple[_policy_check.PolicyVerdict, int]:
    asked: list[t.Any] = []

    def counted(question: t.Any) -> t.Any:
        asked.append(question)
        return ask(question)

    survey = drive(_survey.survey(("policy",), policy={**POLICY, **changes}), counted)
    assert survey.policy is not None
    assert len(asked) <= 12
    return survey.policy, len(asked)


def breaches(ask: t.Callable[[t.Any], t.Any], **changes: t.Any) -> set[tuple[str, str, str]]:
    verdict, _count = judged(ask, **changes)
    return {(one.protocol.label, one.kind, one.name) for one in verdict.breaches}


def test_a_server_that_keeps_the_policy_has_no_breach_and_nothing_open() -> None:
    verdict, count = judged(PaperServer(GOOD))
    assert (verdict.breaches, verdict.open) == ((), ())
    assert verdict.chains == ((b"leaf",),)
    assert count <= 12


@pytest.mark.parametrize("version", [Protocol.SSLv2, Protocol.SSLv3, Protocol.TLSv1])
def test_a_forbidden_protocol_is_a_breach(version: Protocol) -> None:
    suite = 0x010080 if version < Protocol.SSLv3 else 0x002F
    found = breaches(PaperServer({**GOOD, version: [suite]}))
    assert found == {(version.label, "protocol", version.label)}


def test_a_forbidden_suite_is_a_breach_in_its_version() -> None:
    server = PaperServer({V12: [*GOOD[V12], 0x009C], V13: [*GOOD[V13], 0x1303]})
    assert breaches(server) == {
        ("TLSv1.2", "cipher", "AES128-GCM-SHA256"),
        ("TLSv1.3", "cipher", "TLS_CHACHA20_POLY1305_SHA256"),
    }


def test_a_forbidden_group_is_a_breach() -> None:
    found = breaches(PaperServer(GOOD, groups=(29, 24)))
    assert found == {("TLSv1.2", "group", "secp384r1"), ("TLSv1.3", "group", "secp384r1")}


def test_what_the_policy_says_nothing_of_is_not_asked() -> None:
    server = PaperServer({**GOOD, V12: [0x009C]}, groups=(24,))
    assert breaches(server, ciphers=None, groups=None) == set()


def test_keyless_suites_show_behind_a_key_that_cannot_sign() -> None:
    signed = frozenset(range(0xC000, 0xC015)) | {0x002F, 0x0035}
    old = {Protocol.TLSv1: [0x0034]}
    server = PaperServer({**GOOD, **old}, spoils={Protocol.TLSv1: signed})
    assert breaches(server) == {("TLSv1", "protocol", "TLSv1")}


def test_silence_leaves_the_question_open() -> None:
    server = PaperServer(GOOD)

    def tired(question: t.Any) -> t.Any:
        if Protocol.TLSv1 in getattr(question, "versions", ()) and len(question.versions) == 1:
            return NotDetermined("timeout", "Nothing came.")
        return server(question)

    verdict, _count = judged(tired)
    assert verdict.breaches == ()
    assert verdict.open == ("TLSv1 (timeout)",)


def test_a_loose_openssl_breaks_it_in_every_way_and_a_strict_one_keeps_it(keys: Keys) -> None:
    rsa = ["-cert", str(keys.rsa), "-key", str(keys.rsa_key)]
    with openssl_server(*rsa, "-cipher", "ALL:@SECLEVEL=0") as port:
        found = breaches(asker(port))
    assert {(protocol, kind) for protocol, kind, _name in found} == {
        ("TLSv1", "protocol"),
        ("TLSv1.1", "protocol"),
        ("TLSv1.2", "cipher"),
        ("TLSv1.2", "group"),
        ("TLSv1.3", "cipher"),
        ("TLSv1.3", "group"),
    }
    strict = ["-cipher", "ECDHE-RSA-AES128-GCM-SHA256", "-min_protocol", "TLSv1.2"]
    more = ["-ciphersuites", "TLS_AES_128_GCM_SHA256", "-groups", "X25519:P-256"]
    with openssl_server(*rsa, *strict, *more) as port:
        verdict, _count = judged(asker(port))
    assert (verdict.breaches, verdict.open) == ((), ())


@pytest.mark.parametrize(
    "changes", [{"protocols": ["TLSv9"]}, {"protocols": None}, {"ciphers": ["nonsense"]}]
)
def test_a_policy_that_cannot_be_read_is_refused_in_one_sentence(changes: t.Any) -> None:
    with pytest.raises(InvalidInput, match=r"^policy: .*\.$"):
        _policy_check.rule_of({**POLICY, **changes})
