# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Questions and answers: what a resolver is believed, failures told apart, and answers that are meant to do harm."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
import typing as t
from pathlib import Path

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._errors import InvalidInput
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._answers import (
    Answer,
    ByResolver,
)
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._exchange import (
    NoAnswer,
    Server,
    exchange,
)
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._messages import (
    UnreadableAnswer,
    question,
    read,
)
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._resolver import (
    Failure,
    Resolver,
    own_servers,
    servers_of,
)
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._signatures import load_anchors
from ansible_collections.postmaster.tls.tests.support.signed_zones import Resolving, Spoil, family
from hypothesis import given
from hypothesis import strategies as st

TLSA = dns.rdatatype.TLSA
OWNER = dns.name.from_text("_25._tcp.mx1.example.test.")
Transport = t.Callable[[Server, bytes, bool, float], bytes]


def resolver(transport: Transport, *addresses: str) -> Resolver:
    return Resolver(servers_of(addresses or ("127.0.0.1",)), transport=transport)


def look(*, trusted: bool = True, secure: bool = True, spoil: Spoil | None = None) -> Answer:
    asked = resolver(Resolving(*family(), secure=secure, spoil=spoil))
    return ByResolver(asked, trusted=trusted).look(OWNER, TLSA)


@pytest.mark.parametrize(
    ("secure", "trusted", "told"), [(True, True, True), (False, True, False), (True, False, None)]
)
def test_the_ad_bit_counts_from_a_resolver_that_is_trusted(
    secure: bool, trusted: bool, told: bool | None
) -> None:
    found = look(secure=secure, trusted=trusted)
    assert (found.status, found.secure) == ("found", told)


@pytest.mark.parametrize(
    ("addresses", "local"),
    [
        (["127.0.0.1"], True),
        (["::1", "127.0.0.53"], True),
        (["127.0.0.1", "192.0.2.1"], False),
        (["203.0.113.3:5353"], False),
    ],
)
def test_only_loopback_is_local(addresses: list[str], local: bool) -> None:
    assert resolver(Resolving(*family()), *addresses).local is local


@pytest.mark.parametrize(("signed", "told"), [(True, None), (False, False)])
def test_a_resolver_that_validates_nothing_does_not_make_a_signed_answer_insecure(
    signed: bool, told: bool | None
) -> None:
    parent, child, plain = family()
    resolving = Resolving(parent, child, plain, validates=False)
    host = child if signed else plain
    name = dns.name.from_text("mx1", host.origin)
    found = ByResolver(resolver(resolving), trusted=True).look(name, dns.rdatatype.A)
    assert (found.status, found.secure) == ("found", told)


def test_rfc4035_section_5_3_3_no_cache_keeps_what_is_signed_for_longer_than_a_signature_says() -> (
    None
):
    """What is left of the time in a cache says less, and a set may have a signature of every algorithm."""

    def aged(message: dns.message.Message) -> None:
        for rrset in message.answer:
            rrset.ttl = 7
            if rrset.rdtype == dns.rdatatype.RRSIG:
                rrset.add(rrset[0].replace(original_ttl=900, algorithm=15))

    assert (look(secure=True).ttl, look(secure=True, spoil=aged).ttl) == (300, 900)


def failing(message: dns.message.Message) -> None:
    """A validating resolver that finds the answer bogus: SERVFAIL, unless it is told not to check."""
    if not message.flags & dns.flags.CD:
        message.answer = []
        message.set_rcode(dns.rcode.SERVFAIL)


def broken(message: dns.message.Message) -> None:
    message.answer = []
    message.set_rcode(dns.rcode.SERVFAIL)


def test_servfail_that_cd_heals_is_bogus() -> None:
    found = look(spoil=failing)
    assert (found.status, found.secure) == ("bogus", None)
    assert "SERVFAIL" in (found.reason or "")


def test_servfail_that_nothing_heals_is_servfail() -> None:
    assert look(spoil=broken).status == "servfail"


@pytest.mark.parametrize(("trouble", "status"), [("timeout", "timeout"), ("unreachable", "unreachable")])  # fmt: skip
def test_every_server_is_asked_twice_and_silence_is_no_verdict(trouble: str, status: str) -> None:
    asked: list[str] = []

    def silent(server: Server, _query: bytes, _tcp: bool, _seconds: float) -> bytes:
        asked.append(str(server))
        raise NoAnswer(trouble, "nobody there")

    found = resolver(silent, "127.0.0.1", "::1").ask(OWNER, TLSA, unchecked=False)
    assert isinstance(found, Failure)
    assert (found.status, asked) == (status, ["127.0.0.1", "[::1]"] * 2)


def test_the_second_server_answers_for_the_first() -> None:
    sound = Resolving(*family())

    def one(server: Server, query: bytes, tcp: bool, seconds: float) -> bytes:
        if server.address == "127.0.0.1":
            raise NoAnswer("timeout", "nobody there")
        return sound(server, query, tcp, seconds)

    found = resolver(one, "127.0.0.1", "::1").ask(OWNER, TLSA, unchecked=False)
    assert not isinstance(found, Failure)


def test_questions_have_a_bound() -> None:
    sound = Resolving(*family())
    asking = resolver(sound)
    for number in range(500):
        asking.ask(dns.name.from_text(f"{number}.example.test"), TLSA, unchecked=False)
    assert len(sound.asked) <= 120


def test_what_is_cut_off_is_asked_for_over_tcp() -> None:
    sound = Resolving(*family())

    def cut(server: Server, query: bytes, tcp: bool, seconds: float) -> bytes:
        whole = sound(server, query, tcp, seconds)
        if tcp:
            return whole
        flags = struct.unpack_from("!H", whole, 2)[0] | dns.flags.TC
        return whole[:2] + struct.pack("!HHHHH", flags, 1, 0, 0, 0) + query[12:]

    found = resolver(cut).ask(OWNER, TLSA, unchecked=False)
    assert not isinstance(found, Failure)
    assert [one.rdtype for one in found.answer] == [TLSA]


def answered(*rdatas: bytes, names: bytes = b"\xc0\x0c") -> bytes:
    """An answer of TLSA records, written by hand."""
    asked = OWNER.to_wire() + struct.pack("!HH", TLSA, 1)
    records = b"".join(
        names + struct.pack("!HHIH", TLSA, 1, 300, len(data)) + data for data in rdatas
    )
    return struct.pack("!HHHHHH", 7, 0x81A0, 1, len(rdatas), 0, 0) + asked + records


def test_a_malformed_record_does_not_hide_the_others() -> None:
    good = b"\x03\x01\x01" + bytes(32)
    found = read(answered(b"", b"\x03", good), number=7, name=OWNER, rdtype=TLSA)
    assert sorted(one.data for one in found.answer[0].rdatas) == [b"", b"\x03", good]


@pytest.mark.parametrize(
    ("wire", "said"),
    [
        (b"", "shorter than its header"),
        (b"\0\7" + answered()[2:12], "cannot be read"),
        (b"\0\x08" + answered()[2:], "not one to this question"),
        (answered()[:2] + b"\1" + answered()[3:], "not one to this question"),
        (answered()[:12] + dns.name.from_text("other.test.").to_wire() + b"\0\x34\0\1", "not one to this question"),
        (answered(bytes(40))[:-1], "ends within a record"),
        (answered(bytes(40), names=b"\xc0\x36"), "cannot be read"),
        (answered(bytes(40), names=b"\xff\xff"), "cannot be read"),
        (answered(bytes(40), names=b"\x80\x01"), "cannot be read"),
        (answered(*[b"\0"] * 4001), "more than 4000 records"),
    ],
    ids=["nothing", "header", "number", "query", "question", "cut", "loop", "pointer-forward", "label", "thousands"],
)  # fmt: skip
def test_hostile_answers_are_one_sentence(wire: bytes, said: str) -> None:
    began = time.process_time()
    with pytest.raises(UnreadableAnswer, match=said):
        read(wire, number=7, name=OWNER, rdtype=TLSA)
    assert time.process_time() - began < 1


def numbered(count: int) -> list[bytes]:
    return [b"\x03\x01\x01" + number.to_bytes(4, "big") for number in range(count)]


def test_rfc2181_section_5_thousands_of_copies_of_a_record_are_one() -> None:
    """What is done with records costs by their number, times that of the chains."""
    found = read(answered(*numbered(3) * 1000), number=7, name=OWNER, rdtype=TLSA)
    assert [one.data for one in found.answer[0].rdatas] == numbered(3)


def test_a_hundred_different_records_are_read_and_no_more() -> None:
    found = read(answered(*numbered(100)), number=7, name=OWNER, rdtype=TLSA)
    assert len(found.answer[0].rdatas) == 100
    with pytest.raises(UnreadableAnswer, match="more than 100 TLSA records"):
        read(answered(*numbered(101)), number=7, name=OWNER, rdtype=TLSA)


@given(st.binary(max_size=200))
def test_any_answer_is_read_or_refused(rest: bytes) -> None:
    with contextlib.suppress(UnreadableAnswer):
        read(answered()[: 12 + len(OWNER.to_wire()) + 4] + rest, number=7, name=OWNER, rdtype=TLSA)
    counts = struct.pack("!HHHHHH", 7, 0x8180, 1, 3, 3, 3)
    with contextlib.suppress(UnreadableAnswer):
        read(counts + answered()[12:] + rest, number=7, name=OWNER, rdtype=TLSA)


def test_a_question_asks_for_signatures_and_says_whether_to_check() -> None:
    for unchecked in (True, False):
        wire = question(OWNER, TLSA, number=9, unchecked=unchecked)
        asked = dns.message.from_wire(wire)
        assert bool(asked.flags & dns.flags.CD) is unchecked
        assert asked.ednsflags & dns.flags.DO
        assert asked.id == 9


@contextlib.contextmanager
def udp_server(*answers: bytes) -> t.Iterator[Server]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))

        def answer() -> None:
            _query, peer = listening.recvfrom(65535)
            for one in answers:
                listening.sendto(one, peer)

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        yield Server("127.0.0.1", listening.getsockname()[1])
        thread.join(5)


def test_an_answer_with_another_number_is_not_the_answer() -> None:
    with udp_server(b"\0\x01forged", b"\0\x02sound") as server:
        assert exchange(server, b"\0\x02question", False, 5) == b"\0\x02sound"


def test_nobody_listens() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        server = Server("127.0.0.1", closed.getsockname()[1])
        for tcp in (False, True):
            with pytest.raises(NoAnswer) as raised:
                exchange(server, b"\0\x02question", tcp, 5)
            assert raised.value.status == "unreachable"


def test_silence_ends_in_time() -> None:
    with udp_server() as server:
        began = time.monotonic()
        with pytest.raises(NoAnswer) as raised:
            exchange(server, b"\0\x02question", False, 0.2)
        assert raised.value.status == "timeout"
        assert time.monotonic() - began < 15


@pytest.mark.parametrize("text", ["dns.example.test", "192.0.2.1:0", "192.0.2.1:x", "", "[::1"])
def test_a_resolver_is_an_address(text: str) -> None:
    if text == "[::1":
        assert servers_of([text]) == [Server("::1")]
        return
    with pytest.raises(InvalidInput, match="is not an IP address"):
        servers_of([text])


def test_ports_of_resolvers() -> None:
    found = servers_of(["192.0.2.1:5353", "[2001:db8::1]:54", "2001:db8::1"])
    assert [str(one) for one in found] == ["192.0.2.1:5353", "[2001:db8::1]:54", "[2001:db8::1]"]


def test_the_resolvers_of_the_controller(tmp_path: Path) -> None:
    path = tmp_path / "resolv.conf"
    path.write_text("# none\nsearch example.test\nnameserver 127.0.0.53\nnameserver fe80::1%eth0\n")
    assert own_servers(str(path)) == [Server("127.0.0.53"), Server("fe80::1")]
    with pytest.raises(InvalidInput, match="names no server: set 'resolver'"):
        own_servers(str(tmp_path / "none"))


def test_trust_anchors_are_zone_file_lines(tmp_path: Path) -> None:
    parent = family()[0]
    path = tmp_path / "anchor"
    path.write_text(
        f"; the key of test\ntest. 3600 IN DNSKEY {parent.dnskey.to_text()}\n"
        f"test. IN DS ( {parent.ds.to_text()} ) ; and its digest\nother.test. IN A 192.0.2.1\n"
    )
    assert load_anchors(str(path)) == {parent.origin: [parent.dnskey, parent.ds]}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "has no DS or DNSKEY record"),
        (". IN DS 1 2\n", "line that cannot be read"),
        (None, "cannot be read"),
    ],
)
def test_a_trust_anchor_that_is_none(tmp_path: Path, content: str | None, said: str) -> None:
    path = tmp_path / "anchor"
    if content is not None:
        path.write_text(content)
    with pytest.raises(InvalidInput, match=said):
        load_anchors(str(path))
