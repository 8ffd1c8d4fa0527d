# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import typing as t

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._records import replace
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._cf import Map, parse_cf
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._daemons import (
    daemons_of,
    parse_daemon,
)
from hypothesis import given
from hypothesis import strategies as st

Recorded = t.Callable[[str], str]


def test_freebsd(recorded: Recorded) -> None:
    cf = parse_cf(recorded("freebsd.cf"))
    assert cf.value("ServerCertFile") == "/etc/mail/certs/host.cert"
    assert cf.value("ServerKeyFile") == "/etc/mail/certs/host.key"
    assert cf.value("DHParameters") == "/etc/mail/certs/dh.param"
    assert cf.environment == {"OPENSSL_CONF": "/etc/mail/sendmail.ossl"}
    assert cf.maps[0] == Map("access", "hash", ("-o", "-T<TMPF>"), "/etc/mail/access")
    assert cf.level == "10/Berkeley"
    found = daemons_of(cf.values("DaemonPortOptions"))
    assert [(one.name, one.address, one.port, one.lane) for one in found] == [
        ("IPv4", "0.0.0.0", 25, "mx"),
        ("IPv6", "::", 25, "mx"),
        ("MSA", "0.0.0.0", 587, "submission"),
    ]


def test_redhat(recorded: Recorded) -> None:
    cf = parse_cf(recorded("redhat.cf"))
    assert cf.value("CipherList") == "PROFILE=SYSTEM"
    mx, submission, implicit = daemons_of(cf.values("DaemonPortOptions"))
    assert (mx.on_loopback, mx.implicit) == (True, False)
    assert (submission.port, submission.modifiers, submission.on_loopback) == (587, "Ea", False)
    assert (implicit.port, implicit.implicit, implicit.lane) == (465, True, "submission")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("O CipherList=HIGH\n", "HIGH"),
        ("O CipherList = HIGH \n", "HIGH"),
        ("O CipherList=HIGH\t\n", "HIGH"),
        ("O CipherList=\tHIGH\n", "\tHIGH"),
        ("O\tCipherList=HIGH\n", None),
        ("O  CipherList=HIGH\n", None),
        ("O CipherList\t=HIGH\n", None),
        ("O CipherList=HIGH # LOW\n", "HIGH"),
        ("O CipherList=HIGH#LOW\n", "HIGH"),
        ("O CipherList=HIGH\\#LOW\n", "HIGH#LOW"),
        ("O CipherList # = LOW\n", ""),
        ("DXHIGH # LOW\nO CipherList=$X\n", "HIGH"),
        ("O cipherlist=HIGH\n", "HIGH"),
        ("O CipherList=LOW\nO CipherList=HIGH\n", "HIGH"),
        ("#O CipherList=LOW\n", None),
        ("# text\n O CipherList=LOW\n", None),
        ("OCipherList=LOW\n", None),
        ("O CipherList=HIGH:\n\t!aNULL\n", "HIGH:\n\t!aNULL"),
        ("O CipherList=HIGH: # text\n\t!aNULL\n", "HIGH:\n\t!aNULL"),
        ("O CipherList=HIGH:\r\n !aNULL # text\r\n", "HIGH:\n !aNULL"),
        ("O CipherList=HI\x0cGH\n", "HI\x0cGH"),
        ("DXHIGH\nO CipherList=$X:!aNULL\n", "HIGH:!aNULL"),
        ("D{list}HIGH\nO CipherList=${list}\n", "HIGH"),
        ("DX$X\nO CipherList=$X\n", "$X"),
        ("O CipherList\n", ""),
    ],
)
def test_options(text: str, expected: str | None) -> None:
    assert parse_cf(text).value("CipherList") == expected


class Counted(dict[str, str]):
    """Macros that count how often one of them is looked up."""

    asked = 0

    def get(self, key: str, default: t.Any = None) -> t.Any:
        self.asked += 1
        return super().get(key, default)


def test_macros_that_name_each_other_cost_a_bounded_number_of_looks() -> None:
    bomb = "".join(f"D{{m{one}}}" + f"${{m{one + 1}}}" * 4 + "\n" for one in range(8))
    cf = parse_cf(bomb + "D{m8}x\n" + "O CipherList=${m0}\n" * 100)
    macros = Counted(cf.macros)
    bounded = replace(cf, macros=macros)
    assert set(bounded.value("CipherList") or "") == {"x"}
    assert macros.asked < 3000
    assert len(bounded.values("CipherList")) == 100
    assert macros.asked < 6000


def test_macros_that_grow_are_cut_off() -> None:
    cf = parse_cf(f"DX{'x' * (1 << 20)}\nO CipherList={'$X' * 50}\n")
    assert len(cf.value("CipherList") or "") <= 4 << 20


def test_blanks_in_a_name_and_brackets_without_an_end_are_read_once() -> None:
    blanks, open_brackets = " " * 300_000, "${" * 300_000
    cf = parse_cf(f"O a{blanks}b\nO CipherList={open_brackets}\n")
    assert cf.options[0].name == f"a{blanks}b"
    assert cf.value("CipherList") == open_brackets


def test_an_option_given_several_times() -> None:
    cf = parse_cf("O DaemonPortOptions=Name=A\nO DaemonPortOptions=Name=B\nOOName=C\n")
    assert cf.values("DaemonPortOptions") == ("Name=A", "Name=B", "Name=C")


def test_a_daemon_is_told_by_the_first_letters_of_its_settings() -> None:
    daemon = parse_daemon("p=26, a=192.0.2.1, d=3, D=b, r=7, Modifiers=S f, N=out")
    assert (daemon.port, daemon.address, daemon.name) == (26, "192.0.2.1", "out")
    assert (daemon.modifiers, daemon.offers_tls) == ("Sf", False)


@pytest.mark.parametrize(
    ("line", "lane", "implicit", "offers"),
    [
        ("Port=smtp, M=a", "mx", False, True),
        ("Port=2525, M=Ea", "submission", False, True),
        ("Port=2525, M=A", "mx", False, True),
        ("Port=submission, M=E", "submission", False, True),
        ("Port=2465, M=s", "submission", True, True),
        ("Port=2465, M=sS", "submission", True, True),
        ("Port=26, M=S", "mx", False, False),
        ("Port=587z, M=E", "submission", False, True),
    ],
)
def test_modifiers(line: str, lane: str, implicit: bool, offers: bool) -> None:
    daemon = parse_daemon(line)
    assert (daemon.lane, daemon.implicit, daemon.offers_tls) == (lane, implicit, offers)


def test_without_a_line_there_is_one_daemon() -> None:
    (daemon,) = daemons_of(())
    assert (daemon.name, daemon.port, daemon.address) == ("Daemon0", 25, "0.0.0.0")
    assert daemons_of(("Family=local, Addr=/run/smtp",)) == ()


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    parse_cf(text)
    daemons_of(parse_cf(text).values("DaemonPortOptions"))
    parse_daemon(text)


@pytest.mark.parametrize(
    ("line", "address", "local"),
    [
        ("Family=inet6, Addr=IPv6:::1", "::1", True),
        ("Family=inet6, Addr=ipv6:2001:db8::25", "2001:db8::25", False),
        ("Family=inet6", "::", False),
    ],
)
def test_the_mark_in_front_of_an_address_of_ipv6_is_no_part_of_it(
    line: str, address: str, local: bool
) -> None:
    daemon = parse_daemon(line)
    assert (daemon.address, daemon.on_loopback) == (address, local)
