# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import typing as t

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._cf import parse_cf
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._options import bits_by_name
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._request import (
    Sendmail,
    dh_source,
    read_ssl_options,
    request_of,
    ssl_option_bits,
)
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._version import parse_build

Make = t.Callable[..., Sendmail]
Recorded = t.Callable[[str], str]


@pytest.fixture
def make(recorded: Recorded, monkeypatch: pytest.MonkeyPatch) -> Make:
    """A sendmail of a release, of Debian or with its own number, with these lines; every file is sound unless its name says
    otherwise.
    """
    module = "ansible_collections.postmaster.tls.plugins.module_utils._sendmail._request.unsafe"

    def judge(path: str, *_standards: object, **_secret: bool) -> str | None:
        return "it is bad" if "bad" in path else None

    monkeypatch.setattr(module, judge)

    def made(*lines: str, release: str = "trixie") -> Sendmail:
        debian = "bullseye" if release.startswith("8.") else release
        said = recorded(f"debug-{debian}.txt")
        build = parse_build(said if debian == release else said.replace("8.15.2", release))
        text = "".join(f"O {line}\n" for line in lines)
        return Sendmail(build, parse_cf(text), "/etc/mail/sendmail.cf", single_curve=True)

    return made


SOUND = ("ServerCertFile=/c.pem", "ServerKeyFile=/k.pem", "CACertFile=/a.pem", "CACertPath=/a")


@pytest.mark.parametrize(
    ("text", "bits", "unknown"),
    [
        ("SSL_OP_NO_SSLv3", 1 << 25, None),
        ("+SSL_OP_NO_SSLv3 +ssl_op_no_tlsv1", 3 << 25, None),
        ("SSL_OP_NO_SSLv3,SSL_OP_NO_TLSv1", 3 << 25, None),
        ("SSL_OP_NO_SSLv3, SSL_OP_NO_TLSv1", 3 << 25, None),
        ("+SSL_OP_NO_SSLv3 -SSL_OP_NO_SSLv3", 0, None),
        ("0x02000000", 1 << 25, None),
        ("0200000000", 1 << 25, None),
        ("33554432", 1 << 25, None),
        ("0x02000000zzz", 1 << 25, None),
        ("SSL_OP_NO_SSLv2", 0, None),
        ("SSL_OP_NOSUCH SSL_OP_NO_SSLv3", 1 << 25, "SSL_OP_NOSUCH"),
        ("NO_SSLv3", 0, "NO_SSLv3"),
        ("SSL_OP_NO_SSLv3 ,SSL_OP_NO_TLSv1", 3 << 25, ""),
        ("", 0, None),
        ("1" * 5000, (1 << 64) - 1, None),
        ("0x" + "f" * 5000, (1 << 64) - 1, None),
        ("0" + "7" * 5000, (1 << 64) - 1, None),
        ("٣", 0, "٣"),
    ],
)
def test_ssl_options(make: Make, text: str, bits: int, unknown: str | None) -> None:
    assert read_ssl_options(text, 0, bits_by_name(make().build)) == (bits, unknown)


def test_no_more_of_a_line_counts_than_sendmail_keeps(make: Make) -> None:
    far = f"ServerSSLOptions={'SSL_OP_NO_SSLv3 ' * 128}SSL_OP_NO_TLSv1"
    assert len(far) > 2047
    assert ssl_option_bits(make("ServerSSLOptions=-SSL_OP_ALL", far), client=False) == 1 << 25


def test_lines_add_up_and_defaults_can_be_taken_away(make: Make) -> None:
    lines = ("ServerSSLOptions=+SSL_OP_NO_SSLv3 -SSL_OP_ALL", "ServerSSLOptions=SSL_OP_NO_TLSv1")
    assert ssl_option_bits(make(*lines), client=False) == 3 << 25
    assert ssl_option_bits(make(*lines), client=True) == 0x80004840


@pytest.mark.parametrize(
    ("release", "value", "expected"),
    [
        ("bullseye", "", "2048"),
        ("bookworm", "", "2048"),
        ("trixie", "", "auto"),
        ("bookworm", "auto", "2048"),
        ("trixie", "auto", "auto"),
        ("trixie", "A", "auto"),
        ("trixie", "i", "2048"),
        ("trixie", "1024", "1024"),
        ("trixie", "none", "none"),
        ("trixie", "5", "512"),
        ("trixie", "/dh.pem", "auto:/dh.pem"),
        ("bullseye", "/dh.pem", "2048:/dh.pem"),
        ("bullseye", "/bad.pem", "2048"),
        ("trixie", "dh.pem", "auto"),
        ("bullseye", "2048", "2048"),
        ("8.15.1", "", "1024"),
        ("8.15.1", "/dh.pem", "none:/dh.pem"),
        ("8.14.8", "2048", "2048"),
        ("8.14.7", "2048", "1024"),
        ("8.14.4", "", "1024"),
        ("8.14.4", "i", "1024"),
        ("8.14.4", "2048", "1024"),
        ("8.14.4", "1024", "1024"),
        ("8.14.4", "512", "512"),
        ("8.14.4", "N", "none"),
        ("8.14.4", "/dh.pem", "none:/dh.pem"),
        ("8.14.4", "/bad.pem", "none"),
    ],
)
def test_where_the_parameters_come_from(
    make: Make, release: str, value: str, expected: str
) -> None:
    assert dh_source(make(f"DHParameters={value}", release=release)) == expected


def steps(sendmail: Sendmail, *, client: bool = False) -> list[tuple[t.Any, ...]]:
    settings = request_of(sendmail, client=client).settings
    assert settings is not None
    return list(settings.steps)


def test_a_long_value_is_cut_off(make: Make) -> None:
    names = ":".join(["ECDHE-RSA-AES128-GCM-SHA256"] * 100)
    settings = request_of(make(*SOUND, f"CipherList={names}"), client=False).settings
    assert settings is not None
    assert settings.ciphers == names[:2047]


def test_the_steps_of_a_server(make: Make) -> None:
    sendmail = make(*SOUND, "CipherList=HIGH", "CipherSuites=TLS_AES_128_GCM_SHA256")
    assert steps(sendmail) == [
        ("key", True, "/k.pem"),
        ("certificate", True, "/c.pem"),
        ("check", True, "/k.pem"),
        ("options", True),
        ("dh", False, "auto"),
        ("curve", False, "415"),
        ("trust", True, "/a.pem", "/a"),
        ("ciphers", False),
        ("suites", False, "TLS_AES_128_GCM_SHA256"),
    ]


def test_a_second_certificate_may_fail(make: Make) -> None:
    found = steps(make(*SOUND[2:], "ServerCertFile=/c.pem,/c2.pem", "ServerKeyFile=/k.pem,/k2.pem"))
    assert found[:6] == [
        ("key", True, "/k.pem"),
        ("certificate", True, "/c.pem"),
        ("check", True, "/k.pem"),
        ("key", False, "/k2.pem"),
        ("certificate", False, "/c2.pem"),
        ("check", False, "/k2.pem"),
    ]


def test_without_dh_the_curve_is_not_set_either(make: Make) -> None:
    names = [name for name, *_rest in steps(make(*SOUND, "DHParameters=none"))]
    assert "dh" not in names
    assert "curve" not in names


def test_the_client_needs_nothing(make: Make) -> None:
    assert [name for name, *_rest in steps(make(), client=True)] == ["options"]
    bad = make("ClientCertFile=/bad.pem", "ClientKeyFile=/k.pem", "CACertPath=/a", "CACertFile=/a")
    assert [name for name, *_rest in steps(bad, client=True)] == [
        "key",
        "check",
        "options",
        "trust",
    ]


@pytest.mark.parametrize(
    ("lines", "code", "evidence"),
    [
        (SOUND[1:], "certificate-missing", "ServerCertFile is not set"),
        (("ServerCertFile=c.pem", *SOUND[1:]), "certificate-missing", "ServerCertFile = c.pem"),
        (SOUND[:3], "certificate-missing", "CACertPath is not set"),
        ((*SOUND, "ServerKeyFile=/bad"), "certificate-unsafe", "ServerKeyFile = /bad: it is bad"),
        ((*SOUND, "CACertFile=/bad"), "certificate-unsafe", "CACertFile = /bad: it is bad"),
        ((*SOUND, "ServerSSLOptions=X"), "sendmail-option-unknown", "unknown 'X'"),
    ],
)
def test_what_switches_tls_off(
    make: Make, lines: tuple[str, ...], code: str, evidence: str
) -> None:
    request = request_of(make(*lines), client=False)
    assert request.settings is None
    assert request.problem is not None
    assert request.problem.code == code
    assert evidence in request.problem.evidence


def test_an_option_of_a_later_release(make: Make) -> None:
    line = "CipherSuites=TLS_AES_128_GCM_SHA256"
    problem = request_of(make(*SOUND, line, release="bullseye"), client=True).problem
    assert problem is not None
    assert problem.evidence == "line 5: CipherSuites, which sendmail 8.15.2 does not have"
    assert request_of(make(*SOUND, line, release="bookworm"), client=True).problem is None


@pytest.mark.parametrize("line", [" CipherList=HIGH", "CipherList\t=HIGH"])
def test_a_name_with_a_blank_too_many_keeps_sendmail_from_starting(make: Make, line: str) -> None:
    problem = request_of(make(*SOUND, line), client=False).problem
    assert problem is not None
    assert problem.code == "sendmail-option-unknown"
    assert "has a blank or a tab too many" in problem.evidence


@pytest.mark.parametrize(
    ("values", "asks"),
    [
        ((), True),
        (("X,V",), False),
        (("XV",), True),
        (("C,V",), False),
        (("C, V",), True),
        (("C,\tV",), True),
        (("C V",), False),
        (("Verify, C",), False),
        ((",V",), True),
        (("C,", "V"), False),
        (("V", "C"), False),
    ],
)
def test_the_letters_of_tlssrvoptions(make: Make, values: tuple[str, ...], asks: bool) -> None:
    lines = [f"TLSSrvOptions={value}" for value in values]
    assert request_of(make(*SOUND, *lines), client=False).asks_certificate is asks


def test_without_a_certificate_the_letter_c_is_needed(make: Make) -> None:
    without = request_of(make("TLSSrvOptions=C"), client=False)
    assert without.problem is None
    assert without.settings is not None
    older = request_of(make("TLSSrvOptions=C", release="8.14.9"), client=False)
    assert older.problem is not None
    assert older.problem.code == "certificate-missing"


def test_a_build_without_tls(recorded: Recorded) -> None:
    text = recorded("debug-trixie.txt").replace("STARTTLS", "STOPTLS")
    sendmail = Sendmail(parse_build(text), parse_cf(""), "sendmail.cf")
    problem = request_of(sendmail, client=False).problem
    assert problem is not None
    assert problem.code == "sendmail-without-tls"
