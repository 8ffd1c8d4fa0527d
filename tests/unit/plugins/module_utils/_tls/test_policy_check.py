# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A verdict against a policy: servers that keep it, that break it in each way, and that do not answer."""

from __future__ import annotations

import socket
import typing as t

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._errors import InvalidInput
from ansible_collections.postmaster.tls.plugins.module_utils._probe._engine import probe
from ansible_collections.postmaster.tls.plugins.module_utils._probe._target import Target
from ansible_collections.postmaster.tls.plugins.module_utils._tls import (
    _chain_scan,
    _policy_check,
    _scan,
    _suites,
    _survey,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._answers import (
    Alert,
    NotDetermined,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol
from ansible_collections.postmaster.tls.plugins.module_utils._tls._strategy import drive
from ansible_collections.postmaster.tls.tests.support.asking import asker
from ansible_collections.postmaster.tls.tests.support.mail_servers import (
    Keys,
    Peer,
    make_keys,
    openssl_server,
    scripted,
)
from ansible_collections.postmaster.tls.tests.support.paper_server import (
    HANDSHAKE_FAILURE,
    PaperServer,
)

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
        groups = getattr(question, "groups", ())
        assert len(set(groups)) == len(groups), "a group is offered twice"
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


def test_a_forbidden_group_is_a_breach_where_no_chain_was_seen() -> None:
    server = PaperServer(GOOD, groups=(29, 24))

    def hiding(question: t.Any) -> t.Any:
        schemes = getattr(question, "signature_algorithms", None)
        return HANDSHAKE_FAILURE if schemes in _chain_scan.USUAL.values() else server(question)

    verdict, _count = judged(hiding)
    assert verdict.chains == ()
    assert ("TLSv1.2", "secp384r1") in {(one.protocol.label, one.name) for one in verdict.breaches}


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
        if max(getattr(question, "versions", (V13,))) == Protocol.TLSv1_1:
            return NotDetermined("timeout", "Nothing came.")
        return server(question)

    verdict, _count = judged(tired)
    assert verdict.breaches == ()
    assert verdict.open == ("SSLv3 to TLSv1.1 (timeout)",)


@pytest.mark.parametrize("alert", [80, 50, 112, 40])
def test_a_server_that_refuses_everything_alike_has_not_kept_the_policy(alert: int) -> None:
    verdict, _count = judged(lambda _question: Alert(2, alert))
    assert verdict.breaches == ()
    assert verdict.open[0].startswith("handshake (alert ")
    assert (len(verdict.open) > 1) is (alert != 40)


def test_an_alert_that_is_no_refusal_leaves_its_question_open() -> None:
    spoils = {version: frozenset(range(0x10000)) - set(codes) for version, codes in GOOD.items()}
    verdict, _count = judged(PaperServer(GOOD, spoils=spoils))
    assert "TLSv1.2 (alert internal_error)" in verdict.open
    assert "TLSv1.3 (alert internal_error)" in verdict.open


def test_suites_without_credentials_stand_in_nobodys_way() -> None:
    """GnuTLS in the client's order: a suite that it names and has no credentials for ends the handshake."""
    nameless = {suite.code for suite in _suites.in_version(V12) if suite.authentication == "anon"}
    good = PaperServer({**GOOD, V12: [0xC0A0]})

    def gnutls(question: t.Any) -> t.Any:
        if getattr(question, "versions", ()) == (V12,):
            picked = next((code for code in question.suites if code in nameless | {0xC0A0}), 0)
            return good(question) if picked == 0xC0A0 else HANDSHAKE_FAILURE
        return good(question)

    assert ("TLSv1.2", "cipher", _suites.shape_of(0xC0A0)["name"]) in breaches(gnutls)


def test_suites_that_need_no_signature_show_behind_a_key_that_cannot_sign() -> None:
    upset = PaperServer(
        {**GOOD, Protocol.TLSv1: [0x002F]}, spoils={Protocol.TLSv1: frozenset((0xC013, 0x0018))}
    )
    verdict, _count = judged(upset)
    assert [breach.name for breach in verdict.breaches] == ["TLSv1"]


def test_a_key_that_serves_no_old_version_keeps_the_policy(keys: Keys) -> None:
    """Whatever needs the key may upset OpenSSL in TLS 1.0, which accepts nothing then."""
    codes = {suite.code for suite in _suites.in_version(Protocol.TLSv1)}
    needy = frozenset(code for code in codes if _scan.needs_key(code))
    upset = PaperServer({**GOOD, Protocol.TLSv1: []}, spoils={Protocol.TLSv1: needy})
    verdict, _count = judged(upset)
    assert (verdict.breaches, verdict.open) == ((), ())
    rsa = ["-cert", str(keys.rsa), "-key", str(keys.rsa_key), "-min_protocol", "TLSv1"]
    with openssl_server(*rsa, "-cipher", "ALL:@SECLEVEL=1") as port:
        verdict, _count = judged(asker(port), ciphers=None, ciphersuites=None, groups=None)
    assert (verdict.breaches, verdict.open) == ((), ())


def test_of_old_versions_each_that_is_accepted_is_named() -> None:
    old = {Protocol.SSLv3: [0x0005], Protocol.TLSv1: [0x002F], Protocol.TLSv1_1: [0x002F]}
    assert {name for name, _kind, _name in breaches(PaperServer({**GOOD, **old}))} == {
        "SSLv3",
        "TLSv1",
        "TLSv1.1",
    }
    allowed = ["TLSv1", "TLSv1.2", "TLSv1.3"]
    found = breaches(PaperServer({**GOOD, **old}), protocols=allowed)
    assert {name for name, kind, _name in found if kind == "protocol"} == {"SSLv3", "TLSv1.1"}
    assert ("TLSv1", "cipher", "AES128-SHA") in found


CLOSED = NotDetermined("closed", "It closed.", after_hello=True)


def test_a_server_that_refuses_by_closing_keeps_the_policy_in_twelve_connections() -> None:
    """The engine asks twice where the connection ends over a hello."""
    server = PaperServer(GOOD)
    connections = 0

    def closing(question: t.Any) -> t.Any:
        nonlocal connections
        old = max(getattr(question, "versions", (Protocol.SSLv2,))) < V12
        connections += 2 if old else 1
        return CLOSED if old else server(question)

    verdict, _count = judged(closing)
    assert (verdict.breaches, verdict.open) == ((), ())
    assert verdict.chains == ((b"leaf",),)
    assert connections <= 12


def test_what_would_go_beyond_twelve_connections_is_open() -> None:
    server = PaperServer(GOOD)
    connections = 1

    def closing(question: t.Any) -> t.Any:
        nonlocal connections
        if getattr(question, "versions", ())[1:2] == (V12,):
            return server(question)
        connections += 2
        return CLOSED

    verdict, _count = judged(closing)
    assert connections <= 12
    assert "groups of TLSv1.2 (not asked)" in verdict.open


def test_a_server_that_cuts_every_long_offer_has_refused_none() -> None:
    server = PaperServer(GOOD)

    def cutting(question: t.Any) -> t.Any:
        return CLOSED if len(getattr(question, "suites", ())) > 64 else server(question)

    verdict, _count = judged(cutting)
    assert "TLSv1.2 (closed after the hello)" in verdict.open


@pytest.mark.parametrize(
    ("served", "allowed", "found"),
    [
        ("P-256:P-384", ["x25519"], {"secp256r1"}),
        ("P-384:P-256", ["secp256r1"], {"secp384r1"}),
        ("X25519:P-256", ["x25519", "secp256r1"], set()),
    ],
)
def test_the_groups_of_a_server_with_an_ecdsa_key_alone(
    keys: Keys, served: str, allowed: list[str], found: set[str]
) -> None:
    """Its curve, P-256, has to be on offer for the key to be used."""
    own = ["-cert", str(keys.ecdsa), "-key", str(keys.ecdsa_key), "-groups", served]
    policy = {"ciphers": None, "ciphersuites": None, "groups": allowed, "protocols": ["TLSv1.2"]}
    for order in ([], ["-serverpref"]):
        with openssl_server(*own, *order, "-no_tls1_3") as port:
            verdict, _count = judged(asker(port), **policy)
        assert {breach.name for breach in verdict.breaches} == found
        assert verdict.open == ()


def test_the_engine_makes_twelve_connections_where_old_hellos_are_closed(keys: Keys) -> None:
    strict = ["-min_protocol", "TLSv1.2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256"]
    rsa = ["-cert", str(keys.rsa), "-key", str(keys.rsa_key), "-groups", "X25519:P-256"]
    more = ["-ciphersuites", "TLS_AES_128_GCM_SHA256"]

    with openssl_server(*rsa, *strict, *more) as behind:

        def closing(peer: Peer) -> None:
            hello = peer.hello()
            if hello[:1] != b"\x16" or hello[9:11] != b"\x03\x03":
                return
            with socket.create_connection(("127.0.0.1", behind)) as server:
                server.sendall(hello)
                peer.say(server.recv(65536))
                peer.wait()

        with scripted(closing) as front:
            options: dict[str, t.Any] = {"implicit": True, "checks": ("policy",), "policy": POLICY}
            result = probe(Target("127.0.0.1", front.port, timeout=20.0, **options))
    assert result.survey is not None
    assert result.survey.policy is not None
    assert (result.survey.policy.breaches, result.survey.policy.open) == ((), ())
    assert result.connections <= 12


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
