# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every hostile server of the catalogue, asked by an engine in a process of its own: it ends in time and in little memory.

What such a server does is never a verdict; the result says why nothing was determined.
"""

from __future__ import annotations

import random

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._tls import _survey
from ansible_collections.postmaster.tls.tests.support import server_bytes as tls
from ansible_collections.postmaster.tls.tests.support.harmless import obedient
from ansible_collections.postmaster.tls.tests.support.hostile_cases import (
    CASES,
    IN_TLS,
    SOUND,
    TO_TLS,
    Case,
)
from ansible_collections.postmaster.tls.tests.support.hostile_run import (
    SHORT,
    WAITING,
    Data,
    Heard,
    ask,
    no_verdict,
)
from ansible_collections.postmaster.tls.tests.support.hostile_server import (
    HearHello,
    Hold,
    Pour,
    Reply,
    Say,
)

MOST_KIB = 64 * 1024


def judge(case: Case, result: Data) -> None:
    assert "crash" not in result, result["crash"]
    shown = {key: value for key, value in result.items() if key != "_chains"}
    assert result["reached"] is case.reached
    if case.early:
        assert (result["handshake"], result["reason"]) == (None, case.reason), shown
        assert result["message"].endswith(".")
    else:
        assert result["handshake"]["reason"] == case.reason, shown
    no_verdict(result)
    assert obedient(shown) == []


#: Those that keep a probe waiting come first, so that they keep it waiting together.
SCRIPTS = {
    name: CASES[name].script
    for name in sorted(CASES, key=lambda name: CASES[name].reason not in WAITING)
}
IN_WAITING = {name for name, case in CASES.items() if case.reason in WAITING}
SOUND_ONES = {f"sound-{number}": SOUND for number in range(20)}


def all_together() -> dict[str, Heard]:
    """All hostile servers in one call, with sound ones before, between and after them."""
    names = [*SOUND_ONES, *SCRIPTS]
    random.Random(3).shuffle(names)
    everything = {**SCRIPTS, **SOUND_ONES}
    return ask({name: everything[name] for name in names}, together=True, waiting=IN_WAITING)


def complaints(asked: dict[str, Heard], *, single: bool) -> dict[str, str]:
    """What is wrong with the results of hostile servers, by name; of all of them at once, since asking takes long."""
    found = {}
    for name, case in CASES.items():
        heard = asked[name]
        try:
            judge(case, heard.result)
            assert heard.faults == []
            if single:
                assert name not in IN_WAITING or heard.result["elapsed"] < SHORT + 2.0
                assert heard.result["peak_kib"] < MOST_KIB
        except AssertionError as error:
            found[name] = str(error)
    return found


@pytest.mark.slow
def test_every_hostile_server_alone() -> None:
    alone = ask(SCRIPTS, together=False, waiting=IN_WAITING)
    assert complaints(alone, single=True) == {}


def test_every_hostile_server_beside_all_others() -> None:
    """In one call, each is told for what it is, the sound ones among them too, in time and in little memory."""
    together = all_together()
    assert complaints(together, single=False) == {}
    for name in SOUND_ONES:
        result = together[name].result
        assert (result["reached"], result["reason"]) == (True, None)
        assert result["handshake"]["accepted"] is True
        assert together[name].faults == []
    for heard in together.values():
        assert len(heard.result["message"] or "") < 2048
        assert len(heard.result["smtp"]["banner"] or "") < 2048
        assert all(len(finding["evidence"]) < 4096 for finding in heard.result["findings"])
    assert max(together[name].result["elapsed"] for name in IN_WAITING) < SHORT + 5.0
    assert next(iter(together.values())).result["peak_kib"] < MOST_KIB


ALL_CHECKS = [check for check in _survey.ALL_CHECKS if check not in ("senders", "policy")]
NEVER_SOUND = ("malformed", "oversized", "not-tls", "closed", "reset", "timeout")


@pytest.mark.slow
def test_every_check_on_those_that_are_sound_to_no_hello() -> None:
    scripts = {name: case.script for name, case in IN_TLS.items() if case.reason in NEVER_SOUND}
    some = dict(list(scripts.items())[::4])
    for name, heard in ask(some, together=True, checks=ALL_CHECKS, timeout=3 * SHORT).items():
        assert "crash" not in heard.result, heard.result["crash"]
        no_verdict(heard.result)
        assert not any(item["accepted"] for item in heard.result["groups"]), name
        assert heard.result["reached"] is True
        assert heard.result["connections"] < 250, name
        assert heard.result["elapsed"] < 3 * SHORT + 5.0, name
        assert heard.result["peak_kib"] < MOST_KIB


@pytest.mark.slow
def test_with_tls_from_the_first_byte() -> None:
    """Everything that begins behind the ClientHello, and servers that speak SMTP where TLS is due."""
    tail = len(TO_TLS) - 1
    known = {name: case for name, case in CASES.items() if case.script[: tail + 1] == TO_TLS}
    scripts = {name: case.script[tail:] for name, case in known.items()}
    for name, heard in ask(scripts, together=True, implicit=True, waiting=IN_WAITING).items():
        judge(known[name], heard.result)
        assert heard.faults == [], name


def test_smtp_where_tls_is_due() -> None:
    heard = ask({"smtp": (Say(b"220 mx\r\n"), HearHello(), Hold())}, together=False, implicit=True)
    assert heard["smtp"].result["handshake"]["reason"] == "not-tls"
    no_verdict(heard["smtp"].result)


def test_a_request_of_10000_names_is_a_flight_like_another() -> None:
    """Long, but nothing that a sender could not go on with."""
    names = [b"\x30\x00"] * 10000
    flight = tls.flight(tls.certificate(b"leaf"), tls.ecdhe(), tls.request(*names))
    heard = ask({"names": (*TO_TLS, Pour(flight))}, together=False)["names"]
    assert heard.result["handshake"]["accepted"] is True
    assert heard.result["features"]["client_certificate"]["requested"] is True
    assert heard.result["peak_kib"] < MOST_KIB


def test_a_version_above_the_offered_one_is_no_verdict() -> None:
    """TLS 1.3 to everybody."""
    retry = (*TO_TLS, Reply(lambda hello: tls.record(tls.hello13(hello))), Hold())
    heard = ask({"13": retry}, together=False, checks=["handshake", "protocols"])["13"]
    verdicts = {item["name"]: item["accepted"] for item in heard.result["protocols"]}
    assert verdicts.pop("TLSv1.3") is True
    assert set(verdicts.values()) == {None}
    assert heard.faults == []


def test_a_version_below_those_of_a_sender_is_no_handshake() -> None:
    """SSL 3.0 to everybody."""
    hello = tls.server_hello(tls.RSA_AES_CBC, version=tls.SSL3)
    old = tls.flight(tls.certificate(b"leaf"), hello=hello)
    heard = ask(
        {"old": (*TO_TLS, Say(old), Hold())}, together=False, checks=["handshake", "protocols"]
    )["old"]
    handshake = heard.result["handshake"]
    assert (handshake["accepted"], handshake["reason"]) == (None, "SSLv3 chosen")
    verdicts = {item["name"]: item["accepted"] for item in heard.result["protocols"]}
    assert verdicts["SSLv3"] is True
    assert {verdicts[name] for name in ("TLSv1", "TLSv1.1", "TLSv1.2")} == {False}
    assert verdicts["TLSv1.3"] is None
