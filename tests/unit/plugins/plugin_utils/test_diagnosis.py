# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of one server, against a text that somebody read and found right."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._errors import InvalidInput
from ansible_collections.postmaster.tls.plugins.module_utils._findings import finding
from ansible_collections.postmaster.tls.plugins.plugin_utils._diagnosis import diagnosis

PAGES = Path(__file__).resolve().parents[3] / "fixtures" / "diagnosis"
Data = dict[str, t.Any]


def suite(name: str) -> Data:
    return {"name": name, "iana": "", "code": "0x0000"}


def found(code: str, evidence: str) -> Data:
    return finding(code, where="mx.example.test:25", evidence=evidence).as_dict()


def server() -> Data:
    """A server that is reached, and has something of everything."""
    suites = [f"SUITE-{number}" for number in range(1, 19)]
    excess = [
        {"protocol": "TLSv1", "kind": "protocol", "name": "TLSv1", "message": ""},
        *(
            {"protocol": "TLSv1.2", "kind": "cipher", "name": name, "message": ""}
            for name in suites[:8]
        ),
        {"protocol": None, "kind": "group", "name": "secp521r1", "message": ""},
    ]
    return {
        "host": "mx.example.test",
        "port": 25,
        "address": "2001:db8::25",
        "smtp": {"banner": "220 mx.example.test ESMTP Postfix"},
        "reached": True,
        "reason": None,
        "message": None,
        "handshake": {
            "accepted": True,
            "protocol": "TLSv1.3",
            "cipher": suite("TLS_AES_256_GCM_SHA384"),
            "group": "X25519MLKEM768",
            "reason": None,
        },
        "protocols": [
            {"name": "SSLv3", "accepted": False, "reason": "alert handshake_failure"},
            {"name": "TLSv1", "accepted": True, "reason": None},
            {"name": "TLSv1.1", "accepted": None, "reason": "timeout"},
            {"name": "TLSv1.2", "accepted": True, "reason": None},
        ],
        "ciphers": {"TLSv1": [suite("AES128-SHA")], "TLSv1.2": [suite(name) for name in suites]},
        "preference": {"TLSv1": None, "TLSv1.2": "server"},
        "undetermined": {"TLSv1.2": [suite("SUITE-19"), suite("SUITE-20")]},
        "groups": [
            {"name": "x25519", "accepted": True},
            {"name": "secp521r1", "accepted": True},
            {"name": "x448", "accepted": False},
        ],
        "certificates": [
            {
                "subject": "CN=mx.example.test",
                "issuer": "CN=Example CA",
                "not_after": "2027-01-31T12:00:00Z",
                "days_left": 70,
                "key_type": "rsa",
                "key_bits": 2048,
                "chain": [{}, {}],
                "name_matches": True,
                "verified": False,
                "verify_reason": "the issuer CN=Example Root is not known",
            }
        ],
        "senders": [
            {
                "name": "schannel-2016",
                "title": "Exchange on Windows Server 2016",
                "connects": True,
                "protocol": "TLSv1.2",
                "cipher": suite("ECDHE-RSA-AES256-GCM-SHA384"),
                "reason": None,
            },
            {
                "name": "bulk-sslv3",
                "title": "A bulk mailer that knows SSL 3.0 only",
                "connects": False,
                "protocol": None,
                "cipher": None,
                "reason": "alert protocol_version",
                "client_log": "the first line\nerror:1409442E:SSL routines:SSL3_READ_BYTES:tlsv1 alert protocol version",
                "server_log": ["OpenSSL 1.0", "OpenSSL 1.1", "no shared protocol", "sendmail"],
                "without_tls": "plaintext",
            },
            {
                "name": "slow",
                "connects": None,
                "protocol": None,
                "cipher": None,
                "reason": "timeout",
            },
        ],
        "violations": excess,
        "findings": [
            found("not-determined", "2 suites of TLSv1.2 (timeout)"),
            found("chain-incomplete", "the issuer of CN=mx.example.test is not served"),
            found("policy-violation", "a long list"),
        ],
        "connections": 141,
        "throttled": True,
        "seconds": 12.5,
    }


def unreached() -> Data:
    return {
        "host": "2001:db8::1",
        "port": 465,
        "address": "2001:db8::1",
        "smtp": {"banner": None},
        "reached": False,
        "reason": "refused",
        "message": "No connection: Connection refused.",
        "handshake": None,
        "findings": [],
        "connections": 1,
        "throttled": False,
        "seconds": 0.001,
    }


@pytest.mark.parametrize(("name", "result"), [("server", server()), ("unreached", unreached())])
def test_the_page_is_as_it_was_found_right(name: str, result: Data) -> None:
    page = diagnosis(result)
    assert "\n".join(page) + "\n" == (PAGES / f"{name}.txt").read_text()


def test_no_line_is_wider_than_a_terminal() -> None:
    assert max(len(line) for line in diagnosis(server())) <= 96


@pytest.mark.parametrize(
    ("handshake", "said"),
    [
        ({"accepted": False, "reason": "alert handshake_failure"}, "gets no TLS (alert"),
        ({"accepted": None, "reason": "timeout"}, "was not determined (timeout)"),
    ],
)
def test_the_verdict_keeps_no_and_not_determined_apart(handshake: Data, said: str) -> None:
    page = diagnosis({**server(), "handshake": handshake})
    assert any(said in line for line in page)


@pytest.mark.parametrize(
    ("verdicts", "said"),
    [
        ((None, None), "? (2 not determined)"),
        ((True, None), "g0 (1 not determined)"),
        ((False, False), "none"),
    ],
)
def test_groups_that_were_not_determined_are_not_none(
    verdicts: tuple[bool | None, ...], said: str
) -> None:
    groups = [{"name": f"g{place}", "accepted": one} for place, one in enumerate(verdicts)]
    page = diagnosis({**server(), "groups": groups})
    assert [line.split(maxsplit=1)[1] for line in page if line.startswith("  groups")] == [said]


def text_of(page: list[str]) -> str:
    return " ".join(" ".join(page).split())


HANDSHAKE_ONLY: Data = {"protocols": [], "ciphers": {}, "groups": [], "certificates": []}


def test_what_was_not_asked_is_said() -> None:
    page = diagnosis({**server(), **HANDSHAKE_ONLY, "senders": []}, checks="handshake,features")
    assert "not asked protocols, ciphers, groups, certificates, signatures, senders, injection" in (
        text_of(page)
    )
    for checks in (None, ""):
        assert "not asked" not in text_of(diagnosis(server(), checks=checks))


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ({"violations": None}, "modern: not determined, since nothing could be asked"),
        ({"violations": [], **HANDSHAKE_ONLY}, "modern: not determined, since not all"),
        ({"violations": []}, "modern: not determined; nothing beyond it was seen so far"),
        (
            {
                "violations": [],
                "undetermined": {},
                "protocols": [{"name": "TLSv1", "accepted": False, "reason": ""}],
            },
            "modern: the server keeps to it",
        ),
        (
            {"violations": [], "policy": {"name": "m-6.0", "compliant": True, "undetermined": []}},
            "m-6.0: the server keeps to it",
        ),
        (
            {"violations": [], "policy": {"name": "m", "compliant": None, "undetermined": ["a"]}},
            "m: not determined (a)",
        ),
        (
            {
                "violations": [],
                "handshake": {"accepted": False, "reason": "alert handshake_failure"},
                "protocols": [{"name": "TLSv1.2", "accepted": False, "reason": ""}],
                "policy": {"name": "m", "compliant": True, "undetermined": []},
            },
            "m: nothing beyond it is offered, but nobody gets TLS",
        ),
    ],
)
def test_the_page_names_the_policy_and_what_came_of_it(part: Data, said: str) -> None:
    assert f"policy {said}" in text_of(diagnosis({**server(), **part}, policy="modern"))


def test_features_injection_and_signatures_have_their_place() -> None:
    asked = {
        "features": {
            "compression": False,
            "session_tickets": True,
            "heartbeat": None,
            "resumption": {"id": True},
            "reasons": {"early_data": "timeout"},
        },
        "injection": {"vulnerable": False, "reply": None, "reason": None},
        "signatures": [{"name": "rsa_pss", "accepted": True}, {"name": "ed448", "accepted": None}],
    }
    page = text_of(diagnosis({**server(), **asked}))
    assert "yes: session tickets, resumption id; no: compression; ?: early data (timeout)" in page
    assert "injection no a command sent before the handshake is forgotten" in page
    assert "signing rsa_pss (1 not determined)" in page


@pytest.mark.parametrize(("vulnerable", "said"), [(None, "? timeout"), (True, "yes a command")])
def test_the_page_tells_of_injection(vulnerable: bool | None, said: str) -> None:
    injection = {"vulnerable": vulnerable, "reply": None, "reason": "timeout"}
    assert f"injection {said}" in text_of(diagnosis({**server(), "injection": injection}))


@pytest.mark.parametrize(
    ("host", "said"),
    [("192.0.2.1", "an address was given"), ("mx.example.test", "names this host: ?;")],
)
def test_why_a_name_was_not_compared(host: str, said: str) -> None:
    (certificate,) = server()["certificates"]
    unnamed = {"host": host, "certificates": [{**certificate, "name_matches": None}]}
    assert said in text_of(diagnosis({**server(), **unnamed}))


def test_suites_among_which_the_client_decides_stand_in_no_order() -> None:
    page = text_of(diagnosis({**server(), "preference": {"TLSv1.2": "client"}}))
    assert "the client decides, so they stand in no order" in page


def test_anything_else_is_one_sentence() -> None:
    with pytest.raises(InvalidInput, match="result of starttls_probe") as caught:
        diagnosis({"results": []})
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize(
    ("dane", "said"),
    [
        ({"status": "match", "records": [{}]}, "DANE match: the TLSA records fit"),
        ({"status": "mismatch", "records": [{}, {}]}, "keep the mail, see below (2 records)"),
        ({"status": None, "reason": "timeout", "records": []}, "DANE not determined (timeout)"),
    ],
)
def test_the_page_tells_of_dane(dane: Data, said: str) -> None:
    page = text_of(diagnosis({**server(), "dane": dane}, checks="dane"))
    assert said in page
    assert "certificates, signatures" not in page


LOOKED = {
    "status": "match",
    "records": [{}],
    "lookup": {"addresses": ["203.0.113.11", "2001:db8::11"]},
}


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ({"resolved_by": ["203.0.113.53", "203.0.113.54:5353"]}, "address by 203.0.113.53, 203"),
        ({"dane": LOOKED, "address": "203.0.113.11"}, None),
        ({"dane": LOOKED, "address": "192.0.2.9"}, "have 203.0.113.11, 2001:db8::11"),
        ({"dane": {**LOOKED, "lookup": {"addresses": []}}}, "have no address"),
        ({"dane": {**LOOKED, "lookup": None}}, None),
    ],
)
def test_the_page_tells_who_gave_the_address(part: Data, said: str | None) -> None:
    text = text_of(diagnosis({**server(), "address": "192.0.2.1", **part}))
    head = text.partition("What is wrong")[0]
    assert (" address " in head) == (said is not None)
    assert (said or "") in head


def test_the_line_to_publish_stands_where_the_remedy_speaks_of_it() -> None:
    line = f"_25._tcp.mx.example.test. 3600 IN TLSA 3 1 1 {'ab' * 32}"
    dane = {"status": "mismatch", "reason": "", "records": [], "publish": [line]}
    stale = {**server(), "dane": dane, "findings": [found("stale-tlsa", "3 1 1 cd")]}
    assert line in text_of(diagnosis(stale))
    assert line not in text_of(diagnosis({**stale, "findings": [found("key-weak", "x")]}))
