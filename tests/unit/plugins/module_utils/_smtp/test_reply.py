# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._smtp._reply import (
    MOST_BYTES,
    MalformedReply,
    Reply,
    ReplyParser,
    printable,
)
from hypothesis import given
from hypothesis import strategies as st

TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF), max_size=60)


def wire(code: int, lines: list[str], end: str = "\r\n") -> bytes:
    last = len(lines) - 1
    return "".join(
        f"{code}{' ' if number == last else '-'}{line}{end}" for number, line in enumerate(lines)
    ).encode()


@given(
    st.integers(200, 599),
    st.lists(TEXT, min_size=1, max_size=8),
    st.sets(st.integers(1, 400), max_size=12),
    st.sampled_from(["\r\n", "\n"]),
    st.binary(max_size=20),
)
def test_a_reply_in_any_pieces_is_the_reply_and_keeps_what_follows(
    code: int, lines: list[str], cuts: set[int], end: str, more: bytes
) -> None:
    data = wire(code, lines, end)
    bounds = [0, *sorted(cut for cut in cuts if cut < len(data))]
    parser = ReplyParser()
    for number in range(1, len(bounds)):
        assert parser.feed(data[bounds[number - 1] : bounds[number]]) is None
    reply = parser.feed(data[bounds[-1] :] + more)
    assert reply == Reply(code, tuple(printable(line) for line in lines))
    assert reply.text.isprintable()
    assert parser.rest == more


@given(st.binary(max_size=300))
def test_any_bytes_are_a_reply_or_malformed_or_wait(data: bytes) -> None:
    try:
        reply = ReplyParser().feed(data)
    except MalformedReply:
        return
    assert reply is None or 200 <= reply.code < 600


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"SSH-2.0-OpenSSH_9.2\r\n", id="another-protocol"),
        pytest.param(b"22 short\r\n", id="two-digits"),
        pytest.param(b"2200 long\r\n", id="four-digits"),
        pytest.param(b"120 early\r\n", id="code-below-200"),
        pytest.param(b"654 late\r\n", id="code-above-599"),
        pytest.param(b"220_underscore\r\n", id="strange-separator"),
        pytest.param(b"220-first\r\n250 other\r\n", id="codes-differ"),
        pytest.param(b"\r\n", id="empty-line"),
        pytest.param(b"\xb2\xb2\xb0 superscript\r\n", id="digits-of-another-kind"),
        pytest.param(b"220 " + b"x" * 9000, id="line-without-end"),
        pytest.param(b"220-" + b"x" * 9000 + b"\r\n", id="line-too-long"),
    ],
)
def test_malformed(data: bytes) -> None:
    with pytest.raises(MalformedReply):
        ReplyParser().feed(data)


def test_a_reply_without_end_is_not_read_without_end() -> None:
    """A line counts with one byte for its end."""
    parser, line = ReplyParser(), b"220-still here\r\n"
    for _round in range(MOST_BYTES // len(line.replace(b"\r", b""))):
        assert parser.feed(line) is None
    with pytest.raises(MalformedReply, match="over 65536 bytes"):
        parser.feed(line)


def test_a_line_may_have_so_many_bytes_and_none_more() -> None:
    longest = b"220 " + b"x" * (8192 - 4)
    assert ReplyParser().feed(longest + b"\r\n") == Reply(220, (longest[4:].decode(),))
    with pytest.raises(MalformedReply, match="over 8192 bytes"):
        ReplyParser().feed(longest + b"x\r\n")


def test_a_reply_may_have_no_text() -> None:
    assert ReplyParser().feed(b"250\r\n") == Reply(250, ("",))


def test_bytes_that_are_no_text_are_shown_and_not_lost() -> None:
    reply = ReplyParser().feed(b"220 caf\xe9\r\n")
    assert reply is not None
    assert reply.text == r"220 caf\xe9"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (
            b"SSH-2.0-OpenSSH_9.2p1\r\n",
            "This is an SSH server, and no SMTP: 'SSH-2.0-OpenSSH_9.2p1'",
        ),
        (b"+OK ready\r\n", "This is a POP3 server, and no SMTP: '+OK ready'"),
        (b"* OK [CAPABILITY IMAP4rev1] ready\r\n", "This is an IMAP server, and no SMTP: "),
        (b"HTTP/1.1 400 Bad Request\r\n", "This is a web server, and no SMTP: "),
        (
            b"\x15\x03\x01\x00\x02\x02\x28\n",
            "This server speaks TLS from its first byte, and no SMTP: ",
        ),
        (b"hello\x1b[2J\xff\r\n", "A line does not begin with a reply code: 'hello\\x1b[2J\\xff'"),
    ],
)
def test_a_server_of_another_protocol_is_called_that(data: bytes, said: str) -> None:
    with pytest.raises(MalformedReply) as caught:
        ReplyParser().feed(data)
    assert str(caught.value).startswith(said)
