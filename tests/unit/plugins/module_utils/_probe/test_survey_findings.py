# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a survey means for a postmaster: the codes of its findings, and the shapes of a result."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._probe import (
    _survey_findings,
    _survey_parts,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls import _policy_check
from ansible_collections.postmaster.tls.plugins.module_utils._tls._answers import (
    Alert,
    DhParameters,
    NotDetermined,
    ServerHello,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._group_scan import GroupScan
from ansible_collections.postmaster.tls.plugins.module_utils._tls._handshake_result import (
    HandshakeResult,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol
from ansible_collections.postmaster.tls.plugins.module_utils._tls._scan import SuiteScan
from ansible_collections.postmaster.tls.plugins.module_utils._tls._senders import by_name, judge
from ansible_collections.postmaster.tls.plugins.module_utils._tls._signature_scan import (
    SignatureScan,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._survey import (
    Features,
    ProtocolScan,
    Survey,
)

V12, V13 = Protocol.TLSv1_2, Protocol.TLSv1_3
HELLO = ServerHello(V12, 0xC02F, 29)
NAME = b"0\x0d1\x0b0\x09\x06\x03U\x04\x03\x0c\x02ca"


def accepting(version: Protocol, *codes: int) -> ProtocolScan:
    return ProtocolScan(version, True, "", SuiteScan(version, codes), complete=True)


def refusing(version: Protocol) -> ProtocolScan:
    return ProtocolScan(version, False, "alert", SuiteScan(version), complete=True)


def found(survey: Survey) -> dict[str, str]:
    listed = _survey_findings.found_in(survey, "mx.example.test:25")
    assert all(finding.where == "mx.example.test:25" for finding in listed)
    return {finding.code: finding.evidence for finding in listed}


def test_a_sound_server_gives_no_finding() -> None:
    verdicts = {"secure_renegotiation": True, "compression": False, "client_certificate": None}
    survey = Survey(HELLO, (accepting(V12, 0xC02F),), features=Features(verdicts, {}))
    assert found(survey) == {}


def test_a_server_that_refuses_every_hello_is_explained() -> None:
    """What senders saw of the server of the first case: handshake failure, whatever they offered."""
    protocols = tuple(refusing(version) for version in Protocol)
    evidence = found(Survey(Alert(2, 40), protocols))
    assert evidence == {
        "no-shared-cipher": "a hello of today gets alert handshake_failure; no other is accepted either"
    }


def test_what_was_not_asked_or_not_determined_is_not_called_refused() -> None:
    unknown = ProtocolScan(V13, None, "timeout", SuiteScan(V13), complete=False)
    for protocols, words in (
        ((), "no other was asked"),
        ((refusing(V12), unknown), "whether any other is accepted was not determined"),
    ):
        evidence = found(Survey(Alert(2, 40), protocols))["no-shared-cipher"]
        assert evidence == f"a hello of today gets alert handshake_failure; {words}"


def test_what_is_left_for_old_senders_is_named() -> None:
    survey = Survey(Alert(2, 40), (accepting(Protocol.TLSv1, 0x0005, 0x000A), refusing(V12)))
    assert found(survey)["no-shared-cipher"].endswith("only TLSv1: RC4-SHA, DES-CBC3-SHA")


def test_a_server_of_old_versions_alone_has_another_code() -> None:
    survey = Survey(Alert(2, 70), (accepting(Protocol.SSLv3, 0x0005),))
    assert set(found(survey)) == {"no-shared-protocol", "sslv3-accepted"}


def test_an_alert_that_is_no_refusal_determines_nothing() -> None:
    assert set(found(Survey(Alert(2, 80)))) == {"not-determined"}


@pytest.mark.parametrize("answer", [NotDetermined("timeout", "Nothing came."), HELLO])
def test_only_an_alert_is_a_refusal(answer: t.Any) -> None:
    assert found(Survey(answer)) == {}


def test_suites_of_note_are_named_once_and_not_all() -> None:
    survey = Survey(
        HELLO,
        (
            accepting(Protocol.SSLv2, 0x010080),
            accepting(Protocol.TLSv1, 0x0003, 0x0034, 0x0001, 0x001B, 0x003A, 0x0018, 0x0046),
            accepting(V12, 0x0034, 0x00A7, 0xC019),
        ),
    )
    evidence = found(survey)
    assert evidence["sslv2-accepted"] == "RC4-MD5"
    assert evidence["export-ciphers"] == "EXP-RC4-MD5"
    assert evidence["null-ciphers"] == "NULL-MD5"
    assert evidence["anonymous-ciphers"].endswith(" and 2 more")


@pytest.mark.parametrize(
    ("prime", "code", "evidence"),
    [
        (2**512 + 1, "weak-dh", "513 bits"),
        (2**1023 + 1, "short-dh", "1024 bits"),
        (
            int(
                "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22"
                "514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6"
                "F44C42E9A637ED6B0BFF5CB6F406B7EDEE386BFB5A899FA5AE9F24117C4B1FE649286651ECE65381"
                "FFFFFFFFFFFFFFFF",
                16,
            ),
            "common-dh-prime",
            "1024 bits, RFC 2409 group 2",
        ),
    ],
)
def test_a_small_group_is_named_by_its_size_and_its_source(
    prime: int, code: str, evidence: str
) -> None:
    assert found(Survey(HELLO, dh=(DhParameters(prime, 2),))) == {code: evidence}


def test_a_group_of_2048_bits_is_no_finding() -> None:
    assert found(Survey(HELLO, dh=(DhParameters(2**2047 + 1, 2),))) == {}


def test_a_group_of_anonymous_suites_alone_is_told_as_that() -> None:
    group = DhParameters(2**1023 + 1, 2)
    (finding,) = _survey_findings.found_in(
        Survey(HELLO, dh=(group,), anonymous_dh=frozenset((group,))), "mx:25"
    )
    assert (finding.code, finding.severity) == ("short-dh", "info")
    assert "aNULL" in finding.evidence
    assert "Exclude aNULL" in finding.remedy


@pytest.mark.parametrize(
    ("name", "verdict", "code"),
    [
        ("compression", True, "compression-on"),
        ("secure_renegotiation", False, "insecure-renegotiation"),
        ("client_renegotiation", True, "client-renegotiation"),
        ("heartbeat", True, "heartbeat-on"),
        ("client_certificate", True, "client-certificate-requested"),
    ],
)
def test_a_feature_is_a_finding_only_with_the_wrong_verdict(
    name: str, verdict: bool, code: str
) -> None:
    def codes(value: bool | None) -> set[str]:
        return set(found(Survey(HELLO, features=Features({name: value}, {}, (NAME,)))))

    assert codes(verdict) == {code}
    assert codes(not verdict) == codes(None) == set()


def test_the_authorities_are_named() -> None:
    survey = Survey(HELLO, features=Features({"client_certificate": True}, {}, (NAME,) * 7))
    evidence = found(survey)["client-certificate-requested"]
    assert evidence == f"authorities asked for: {'CN=ca; ' * 4}CN=ca and 2 more"


def test_an_answered_command_is_an_injection() -> None:
    answered = Survey(HELLO, injection=HandshakeResult(HELLO, reply=b"250 2.0.0 Ok\r\n"))
    assert "250 2.0.0 Ok" in found(answered)["command-injection"]
    assert _survey_parts.parts(answered)["injection"] == {
        "vulnerable": True,
        "reply": "250 2.0.0 Ok\\r\\n",
        "reason": None,
    }
    silent = Survey(HELLO, injection=HandshakeResult(HELLO))
    assert found(silent) == {}
    assert _survey_parts.parts(silent)["injection"]["vulnerable"] is False
    cut = Survey(HELLO, injection=NotDetermined("closed", "The server closed it."))
    assert _survey_parts.parts(cut)["injection"] == {
        "vulnerable": None,
        "reply": None,
        "reason": "closed",
    }


def test_shapes_of_groups_primes_and_signatures() -> None:
    survey = Survey(
        HELLO,
        groups=(
            GroupScan(V13, (29, 0x11EC), frozenset((24,))),
            GroupScan(V12, (29,), undetermined=frozenset((24,))),
        ),
        dh=(DhParameters(23, 5),),
        signatures=(SignatureScan(V13, (0x0804,), frozenset((0x0403,))),),
    )
    parts = _survey_parts.parts(survey)
    groups = {group["name"]: (group["accepted"], group["protocols"]) for group in parts["groups"]}
    assert groups == {
        "x25519": (True, ["TLSv1.2", "TLSv1.3"]),
        "X25519MLKEM768": (True, ["TLSv1.3"]),
        "secp384r1": (None, []),
    }
    assert parts["dh"] == [{"bits": 5, "prime": "17", "generator": 5, "known": None}]
    assert parts["signatures"][0] == {
        "name": "rsa_pss_rsae_sha256",
        "code": "0x0804",
        "accepted": True,
        "protocols": ["TLSv1.3"],
        "key_type": "rsa",
    }


def test_shape_of_the_features() -> None:
    verdicts = {"resumption_id": True, "alpn": False, "client_certificate": True}
    features = Features(verdicts, {"compression": "timeout"}, (NAME,))
    shape = _survey_parts.parts(Survey(HELLO, features=features))["features"]
    assert shape["resumption"] == {"id": True, "ticket": None, "tls13": None}
    assert shape["alpn"] is False
    assert shape["client_certificate"] == {"requested": True, "authorities": ["CN=ca"]}
    assert shape["reasons"] == {"compression": "timeout"}


@pytest.mark.parametrize(
    ("breaches", "unanswered", "compliant"),
    [
        ((), (), True),
        ((), ("TLSv1 (timeout)",), None),
        (((V12, "cipher", "RC4-SHA"),), ("TLSv1 (timeout)",), False),
    ],
)
def test_a_policy_is_kept_only_where_nothing_stayed_open(
    breaches: t.Any, unanswered: t.Any, compliant: bool | None
) -> None:
    rule = _policy_check.Rule("strict", frozenset((V12,)))
    listed = tuple(_policy_check.Breach(*breach) for breach in breaches)
    verdict = _policy_check.PolicyVerdict(rule, listed, unanswered)
    parts = _survey_parts.parts(Survey(HELLO, policy=verdict))
    assert parts["policy"]["compliant"] is compliant
    assert [violation["message"] for violation in parts["violations"]] == [
        "RC4-SHA is accepted in TLSv1.2, strict does not allow it" for _breach in breaches
    ]


def test_without_a_survey_every_part_is_there_and_empty() -> None:
    parts = _survey_parts.parts(None)
    assert parts == {"groups": [], "dh": [], "signatures": [], "features": None, "senders": []}


@pytest.mark.parametrize(
    ("names", "severity"),
    [(("sslv3-only",), "low"), (("sslv3-only", "postfix-3.10"), "high")],
)
def test_a_refused_sender_of_today_is_urgent(names: tuple[str, ...], severity: str) -> None:
    refused = tuple(judge(by_name(name), Alert(2, 40)) for name in names)
    survey = Survey(HELLO, (accepting(V12, 0xC02F),), senders=refused)
    [told] = _survey_findings.found_in(survey, "mx.example.test:25")
    assert (told.code, told.severity) == ("sender-refused", severity)
