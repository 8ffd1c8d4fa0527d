# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import typing as t
from pathlib import Path

import dns.exception
import dns.message
import dns.rcode
import dns.tsig
import dns.update
import pytest
from ansible_collections.postmaster.tls.plugins.action import tlsa_update
from ansible_collections.postmaster.tls.plugins.action.tlsa_update import published
from ansible_collections.postmaster.tls.plugins.module_utils._errors import (
    CommandFailed,
    InvalidInput,
)
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._authority import Served
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._exchange import Server
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._records import Record, parsed
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._update import (
    Change,
    apply,
    key_in,
    key_of,
    message_of,
)
from ansible_collections.postmaster.tls.tests.support.waiting import at_most

OWNER = "_25._tcp.mx1.example.com."
OLD = parsed("3 1 1 " + "aa" * 32, ttl=300)
NEW = parsed("3 1 1 " + "bb" * 32)
TRUNCATED = Record(bytes((3, 1)), 300)
SERVER = Server("192.0.2.53")
OPTIONS: dict[str, t.Any] = {
    "name": "mx1.example.com", "port": 25, "owner": None, "resolver": ["192.0.2.53"], "records": [NEW.text], "state": "present",
    "ttl": None, "server": "192.0.2.53", "zone": "example.com", "key_file": None, "key_name": None,
}  # fmt: skip
SECRET = "c2VjcmV0IHRoYXQgbm9ib2R5IG1heSBzZWU="
COMMENTED = '# key "older" { algorithm hmac-sha256; secret "b2xkZXI="; };'
KEY = key_of("update-key", "hmac-sha256", SECRET)


def change(before: t.Sequence[Record], after: t.Sequence[Record], ttl: int = 300) -> Change:
    return Change("example.com.", OWNER, tuple(before), tuple(after), ttl)


def sections(of: Change) -> tuple[list[str], list[str]]:
    """Prerequisites and updates of the message, as dnspython reads its octets again."""
    message = dns.message.from_wire(message_of(of, None).to_wire())
    assert isinstance(message, dns.update.UpdateMessage)
    return tuple(  # type: ignore[return-value]
        [line for rrset in section for line in rrset.to_text().splitlines()]
        for section in (message.prerequisite, message.update)
    )


def test_a_set_that_was_read_must_be_there_whole() -> None:
    required, done = sections(change([OLD], [OLD, NEW]))
    assert required == [f"{OWNER} 0 IN TLSA {OLD.text}"]
    assert done == [f"{OWNER} 300 IN TLSA {NEW.text}"]


def test_a_name_without_records_must_have_none_still() -> None:
    required, done = sections(change([], [NEW], 3600))
    assert required == [f"{OWNER} NONE TLSA"]
    assert done == [f"{OWNER} 3600 IN TLSA {NEW.text}"]


def test_what_goes_is_named_one_by_one() -> None:
    _required, done = sections(change([OLD, parsed(NEW.text, ttl=300)], [NEW]))
    assert done == [f"{OWNER} 0 NONE TLSA {OLD.text}"]


def test_an_empty_set_removes_all() -> None:
    _required, done = sections(change([OLD], []))
    assert done == [f"{OWNER} ANY TLSA"]


def test_another_time_to_live_writes_every_record_again() -> None:
    _required, done = sections(change([OLD], [OLD], 60))
    assert done == [f"{OWNER} 0 NONE TLSA {OLD.text}", f"{OWNER} 60 IN TLSA {OLD.text}"]


def test_a_record_that_is_malformed_can_be_removed() -> None:
    message = message_of(change([TRUNCATED], [NEW]), None).to_wire()
    assert b"\x00\x02\x03\x01" in message


def test_the_same_set_needs_no_change() -> None:
    assert not change([OLD], [parsed(OLD.text)]).needed
    assert change([OLD], [parsed(OLD.text)], 60).needed
    assert change([OLD], [OLD, NEW]).needed


@pytest.mark.parametrize(
    ("rcode", "says"),
    [
        ("NXRRSET", "somebody else changed these records"),
        ("YXRRSET", "somebody else changed these records"),
        ("NOTAUTH", "says NOTAUTH, and the update was sent without a TSIG key: set 'key_file'"),
        ("REFUSED", "says REFUSED, and the update was sent without a TSIG key: set 'key_file'"),
        ("SERVFAIL", "its log says why"),
        ("FORMERR", "it answers FORMERR"),
    ],
)
def test_what_the_server_says_is_one_sentence(rcode: str, says: str) -> None:
    def answer(message: t.Any, _server: Server) -> t.Any:
        reply = dns.message.make_response(message)
        reply.set_rcode(dns.rcode.from_text(rcode))
        return reply

    with pytest.raises(CommandFailed, match=says):
        apply(change([], [NEW]), SERVER, None, sending=answer)


@pytest.mark.parametrize(
    ("rcode", "says"),
    [("NOTAUTH", "it does not know the key, or is no"), ("REFUSED", "it refuses: allow the key")],
)
def test_a_key_that_is_not_wanted_is_not_taken_for_none(rcode: str, says: str) -> None:
    def answer(_message: t.Any, _server: Server) -> t.Any:
        reply = dns.message.Message()
        reply.set_rcode(dns.rcode.from_text(rcode))
        return reply

    with pytest.raises(CommandFailed, match=says):
        apply(change([], [NEW]), SERVER, KEY, sending=answer)


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (dns.tsig.PeerBadKey(), "does not accept the signature of the key update-key"),
        (dns.tsig.BadSignature(), "does not accept the signature of the key update-key"),
        (dns.tsig.PeerBadTime(), "its clock and that of the controller differ"),
        (dns.exception.Timeout(), "no usable answer"),
        (
            ConnectionRefusedError(111, "Connection refused"),
            r"no usable answer \(Connection refused\)",
        ),
        (EOFError(), r"no usable answer \(EOFError\)"),
    ],
)
def test_a_server_that_does_not_answer_is_one_sentence(error: Exception, says: str) -> None:
    def fail(_message: t.Any, _server: Server) -> t.Any:
        raise error

    with pytest.raises(CommandFailed, match=says) as caught:
        apply(change([], [NEW]), SERVER, KEY, sending=fail)
    assert SECRET not in str(caught.value)


def test_the_message_is_signed() -> None:
    message = message_of(change([], [NEW]), KEY)
    message.to_wire()
    assert message.had_tsig or message.tsig is not None
    assert SECRET not in repr(KEY)


@pytest.mark.parametrize(
    "text",
    [
        f'key "update-key" {{\n\talgorithm hmac-sha256;\n\tsecret "{SECRET}";\n}};\n',
        f"# hmac-sha256:update-key\nkey update-key {{ secret {SECRET}; algorithm hmac-sha256.; }};",
        f'{COMMENTED}\nkey "update-key" {{ algorithm hmac-sha256; // {COMMENTED[2:]}\n secret "{SECRET}"; }};',
        f'/* {COMMENTED}\n{COMMENTED} */ key "update-key" {{ algorithm hmac-sha256; secret "{SECRET}"; }};',
    ],
)
def test_a_key_file_as_the_tools_write_it(text: str, tmp_path: Path) -> None:
    file = tmp_path / "tsig.key"
    file.write_text(text)
    assert key_in(str(file)) == KEY


def test_slashes_of_a_secret_are_no_comment(tmp_path: Path) -> None:
    file = tmp_path / "tsig.key"
    for quote in ('"', ""):
        file.write_text(f"key a {{ algorithm hmac-sha256; secret {quote}ab//cdef{quote}; }};")
        assert key_in(str(file)).secret == "ab//cdef"


def test_a_pipe_is_no_key_file_and_not_waited_at(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with at_most(60), pytest.raises(InvalidInput, match="not a regular file"):
        key_in(str(pipe))


@pytest.mark.parametrize("name", ["a..b", "a" * 70, "\\", "k\\300.x", "\u0378" * 70, ".a"])
def test_a_name_that_is_none_is_one_sentence(name: str) -> None:
    with pytest.raises(InvalidInput, match=r"The name of the key is .* which is no name"):
        key_of(name, "hmac-sha256", SECRET)
    with pytest.raises(InvalidInput, match="The name of the zone is"):
        published({**OPTIONS, "zone": name}, dry=True)


@pytest.mark.parametrize("ttl", [-1, 2**31, 2**40])
def test_a_time_to_live_that_is_none_is_one_sentence(ttl: int) -> None:
    with pytest.raises(InvalidInput, match=f"ttl is {ttl}: give seconds, from 0 to 2147483647"):
        published({**OPTIONS, "ttl": ttl}, dry=True)


@pytest.mark.parametrize(
    ("ttl", "there", "shall"),
    [(0, 300, 0), (None, 300, 300), (None, 2**31 - 1, 604800), (2**31 - 1, 300, 2**31 - 1)],
)
def test_the_time_to_live_of_the_set(
    ttl: int | None, there: int, shall: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That of the set that is there may be a forgery, and is not written into the zone for ever."""
    here = Served("", "", (Record(OLD.wire, there),), there, None)
    monkeypatch.setattr(tlsa_update, "served", lambda *_given: iter([here]))
    found = published({**OPTIONS, "ttl": ttl}, dry=True)
    assert found["lines"] == [f"{OWNER} {shall} IN TLSA {one.text}" for one in (OLD, NEW)]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "has no key"),
        ('key "a" { algorithm hmac-md5; secret "c2VjcmV0"; };', "'hmac-md5' of the key a is not"),
        ('key "a" { algorithm hmac-sha256; secret "c2V"; };', "not in base 64"),
    ],
)
def test_a_key_file_that_is_not_one(text: str, says: str, tmp_path: Path) -> None:
    file = tmp_path / "tsig.key"
    file.write_text(text)
    with pytest.raises(InvalidInput, match=says):
        key_in(str(file))


def test_a_key_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="cannot be read"):
        key_in(str(tmp_path / "nothing"))
