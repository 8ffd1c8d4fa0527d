# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._smtp._dialogue import Dialogue
from hypothesis import given
from hypothesis import strategies as st

BANNER = b"220 mx.example.test ESMTP\r\n"
EHLO = b"250-mx.example.test greets you\r\n250-SIZE 10240000\r\n250-StartTLS\r\n250 8BITMIME\r\n"


def talk(*pieces: bytes) -> tuple[Dialogue, list[bytes]]:
    dialogue = Dialogue("probe.example.test")
    return dialogue, [dialogue.receive(piece) for piece in pieces]


def test_a_sound_dialogue() -> None:
    dialogue, said = talk(BANNER, EHLO, b"220 2.0.0 Ready\r\n")
    assert said == [b"EHLO probe.example.test\r\n", b"STARTTLS\r\n", b""]
    assert dialogue.ready
    assert dialogue.stop is None
    assert dialogue.early == b""
    assert dialogue.banner == "220 mx.example.test ESMTP"
    assert dialogue.ehlo[1:] == ("SIZE 10240000", "StartTLS", "8BITMIME")
    assert dialogue.starttls is True
    assert dialogue.farewell() == b""


@given(st.integers(1, 30))
def test_replies_may_come_in_pieces(size: int) -> None:
    dialogue = Dialogue("probe.example.test")
    said = b""
    for reply in (BANNER, EHLO, b"220 2.0.0 Ready\r\n"):
        for start in range(0, len(reply), size):
            assert not dialogue.ready
            said += dialogue.receive(reply[start : start + size])
    assert dialogue.ready
    assert said == b"EHLO probe.example.test\r\nSTARTTLS\r\n"


def test_it_does_not_speak_before_the_banner_ends() -> None:
    dialogue, said = talk(b"220-mx.example.test greets\r\n", b"220-and waits\r\n", b"220 now\r\n")
    assert said == [b"", b"", b"EHLO probe.example.test\r\n"]
    assert dialogue.banner == "220 mx.example.test greets / and waits / now"


@pytest.mark.parametrize(
    ("pieces", "reason", "temporary"),
    [
        pytest.param([b"421 4.7.0 too many\r\n"], "throttled", True, id="421-banner"),
        pytest.param([b"450 4.3.2 wait\r\n"], "throttled", True, id="4xx-banner"),
        pytest.param([b"554 5.7.1 no\r\n"], "rejected", False, id="5xx-banner"),
        pytest.param([b"354 odd\r\n"], "rejected", False, id="odd-banner"),
        pytest.param([BANNER, b"421 bye\r\n"], "throttled", True, id="421-to-ehlo"),
        pytest.param([BANNER, b"451 later\r\n"], "ehlo-refused", True, id="4xx-to-ehlo"),
        pytest.param(
            [BANNER, b"502 what\r\n", b"550 no\r\n"], "ehlo-refused", False, id="helo-refused"
        ),
        pytest.param(
            [BANNER, b"502 what\r\n", b"250 hi\r\n"], "no-starttls", False, id="helo-only"
        ),
        pytest.param([BANNER, b"250 mx STARTTLS\r\n"], "no-starttls", False, id="in-greeting-only"),
        pytest.param(
            [BANNER, b"250-mx\r\n250 XSTARTTLS\r\n"], "no-starttls", False, id="part-of-a-word"
        ),
        pytest.param([BANNER, EHLO, b"454 no\r\n"], "starttls-unavailable", True, id="454"),
        pytest.param([BANNER, EHLO, b"421 no\r\n"], "throttled", True, id="421-to-starttls"),
        pytest.param([BANNER, EHLO, b"501 no\r\n"], "starttls-refused", False, id="501"),
        pytest.param(
            [BANNER, EHLO, b"250 12201\r\n"], "starttls-refused", False, id="250-is-no-220"
        ),
        pytest.param([b"+OK POP3 ready\r\n"], "malformed", False, id="pop3"),
        pytest.param([BANNER + b"250 early\r\n"], "malformed", False, id="two-replies-to-nothing"),
    ],
)
def test_every_way_to_stop_has_a_name(pieces: list[bytes], reason: str, temporary: bool) -> None:
    dialogue, said = talk(*pieces)
    assert dialogue.stop is not None
    assert (dialogue.stop.reason, dialogue.stop.temporary) == (reason, temporary)
    assert dialogue.stop.detail.endswith(".")
    assert not dialogue.ready
    assert said[-1] == b""


def test_what_is_offered_is_not_determined_until_ehlo_was_answered() -> None:
    assert talk(b"421 no\r\n")[0].starttls is None
    assert talk(BANNER, b"421 no\r\n")[0].starttls is None
    assert talk(BANNER, b"250 mx\r\n")[0].starttls is False


@pytest.mark.parametrize(
    "early", [b"250 injected\r\n", b"not smtp at all\r\n", b"\x15\x03\x01\x00\x02\x02\x28\n"]
)
def test_bytes_after_the_reply_to_starttls_are_kept(early: bytes) -> None:
    dialogue, _said = talk(BANNER, EHLO, b"220 Ready\r\n" + early)
    assert dialogue.ready
    assert dialogue.early == early


@pytest.mark.parametrize(
    ("pieces", "farewell"),
    [
        ([b"554 no\r\n"], b"QUIT\r\n"),
        ([BANNER, b"250 mx\r\n"], b"QUIT\r\n"),
        ([BANNER, EHLO, b"454 no\r\n"], b"QUIT\r\n"),
        ([b"421 closing\r\n"], b""),
        ([b"HTTP/1.1 400 Bad Request\r\n"], b""),
    ],
)
def test_it_says_goodbye_where_somebody_listens(pieces: list[bytes], farewell: bytes) -> None:
    assert talk(*pieces)[0].farewell() == farewell


def test_the_transcript_has_both_sides() -> None:
    dialogue, _said = talk(BANNER, b"250-mx\r\n250 SIZE\r\n")
    assert dialogue.transcript == [
        "S: 220 mx.example.test ESMTP",
        "C: EHLO probe.example.test",
        "S: 250-mx",
        "S: 250 SIZE",
    ]


def test_the_transcript_is_bounded() -> None:
    dialogue, _said = talk(b"220-x\r\n" * 500 + b"220 x\r\n", b"250-y\r\n" * 500 + b"250 y\r\n")
    assert len(dialogue.transcript) < 110


@given(st.lists(st.binary(max_size=80), max_size=8))
def test_any_bytes_leave_it_in_a_known_state(pieces: list[bytes]) -> None:
    dialogue, _said = talk(*pieces)
    assert dialogue.stop is None or dialogue.stop.reason


def test_lmtp_greets_with_lhlo_and_knows_no_helo() -> None:
    dialogue = Dialogue("probe.example.test", lmtp=True)
    assert dialogue.receive(b"220 mx.example.test LMTP\r\n") == b"LHLO probe.example.test\r\n"
    assert dialogue.receive(EHLO) == b"STARTTLS\r\n"
    refused = Dialogue("probe.example.test", lmtp=True)
    refused.receive(BANNER)
    assert refused.receive(b"502 5.5.2 no\r\n") == b""
    assert refused.stop is not None
    assert refused.stop.reason == "ehlo-refused"
    assert "LHLO" in refused.stop.detail


def test_an_injection_goes_out_in_one_write() -> None:
    dialogue = Dialogue("probe.example.test", injection=True)
    dialogue.receive(BANNER)
    assert dialogue.receive(EHLO) == b"STARTTLS\r\nNOOP\r\n"
    assert dialogue.receive(b"220 2.0.0 Ready\r\n") == b""
    assert dialogue.ready


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (b"454 4.7.0 mx Error: too many new TLS sessions from x\r\n", "throttled"),
        (b"454 4.7.0 TLS not available due to local problem\r\n", "starttls-unavailable"),
        (b"451 4.7.1 Rate limit exceeded\r\n", "throttled"),
    ],
)
def test_a_limit_is_told_from_tls_that_is_not_available(reply: bytes, reason: str) -> None:
    dialogue, _said = talk(BANNER, EHLO, reply)
    assert dialogue.stop is not None
    assert (dialogue.stop.reason, dialogue.stop.temporary) == (reason, True)
