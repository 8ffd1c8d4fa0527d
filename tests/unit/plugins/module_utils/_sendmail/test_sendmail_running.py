# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What counts beside the lines of sendmail.cf: abbreviations, the command line of the daemon, what is said of everybody."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._cf import parse_cf
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._everybody import (
    Everybody,
    of_everybody,
)
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._options import meant_by
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._request import (
    Sendmail,
    request_of,
)
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._running import (
    Running,
    as_running,
    running,
    spelled_out,
)
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._services import services_of
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._verdicts import (
    service_findings,
)
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._version import parse_build
from hypothesis import given
from hypothesis import strategies as st

Recorded = t.Callable[[str], str]
DAEMON = "/usr/sbin/sendmail-mta -L sm-mta -bd"


@pytest.mark.parametrize(
    ("release", "name", "meant"),
    [
        ("trixie", "CipherL", ("CipherList",)),
        ("trixie", "cipherlist", ("CipherList",)),
        ("trixie", "Cipher", ("CipherList", "CipherSuites")),
        ("bullseye", "Cipher", ("CipherList",)),
        ("trixie", "ServerS", ("ServerSSLOptions",)),
        ("trixie", "timeout.ident", ("Timeout.ident",)),
        ("trixie", "NoSuch", ()),
    ],
)
def test_abbreviations(recorded: Recorded, release: str, name: str, meant: tuple[str, ...]) -> None:
    assert meant_by(name, parse_build(recorded(f"debug-{release}.txt"))) == meant


def test_an_abbreviated_option_is_in_force(recorded: Recorded) -> None:
    build = parse_build(recorded("debug-trixie.txt"))
    cf = spelled_out(parse_cf("O CipherList=LOW\nO cipherl=HIGH\nO Whatever=1\n"), build)
    assert (cf.value("CipherList"), cf.value("Whatever")) == ("HIGH", "1")
    problem = request_of(Sendmail(build, parse_cf("O Cipher=HIGH\n"), "cf"), client=True).problem
    assert problem is not None
    assert "may mean CipherList or CipherSuites" in problem.evidence


@pytest.mark.parametrize(
    ("arguments", "options", "file"),
    [
        ("-q10m", {}, ""),
        ("-OCipherList=HIGH:!aNULL -q10m", {"CipherList": ("HIGH:!aNULL",)}, ""),
        ("-O CipherList=HIGH -C/etc/x.cf", {"CipherList": ("HIGH",)}, "/etc/x.cf"),
        (
            "-OServerSSLOptions=+SSL_OP_NO_TLSv1 -SSL_OP_ALL -q1h",
            {"ServerSSLOptions": ("+SSL_OP_NO_TLSv1 -SSL_OP_ALL",)},
            "",
        ),
        (
            "-O DaemonPortOptions=Name=A, Port=25 -O DaemonPortOptions=Name=B -C /etc/y.cf",
            {"DaemonPortOptions": ("Name=A, Port=25", "Name=B")},
            "/etc/y.cf",
        ),
    ],
)
def test_the_command_line(arguments: str, options: dict[str, tuple[str, ...]], file: str) -> None:
    text = f"4711\n{DAEMON} {arguments}\n"
    found = running("/run/x.pid", {"/run/x.pid": text}.get, alive=lambda pid: pid == 4711)
    assert (found.options, found.file) == (options, file)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "4711\n",
        "nothing\n-OX=1\n",
        f"4711\n{DAEMON} -OX=1\n",
        f"{'1' * 5000}\n{DAEMON} -OX=1\n",
        f"²\n{DAEMON} -OX=1\n",
    ],
)
def test_without_a_daemon_nothing_is_known(text: str) -> None:
    assert running(None, lambda _path: text, alive=lambda _pid: False) == Running()


@given(st.text())
def test_any_pid_file_is_read(text: str) -> None:
    running(None, lambda _path: f"1\n{text}", alive=lambda _pid: True)


def test_what_stands_behind_a_dot_stays(recorded: Recorded) -> None:
    cf = parse_cf("O timeout.QUIT=1m\nO Timeout.ident=0\n")
    found = spelled_out(cf, parse_build(recorded("debug-trixie.txt")))
    assert [one.name for one in found.options] == ["Timeout.QUIT", "Timeout.ident"]


def test_the_command_line_overrides_the_file(recorded: Recorded) -> None:
    build = parse_build(recorded("debug-trixie.txt"))
    sendmail = Sendmail(build, parse_cf("O CipherList=LOW\n"), "/etc/mail/sendmail.cf")
    found, findings = as_running(sendmail, Running({"CipherL": ("HIGH",), "LogLevel": ("9",)}))
    assert (found.value("CipherList"), found.value("LogLevel")) == ("HIGH", "")
    assert [one.evidence for one in findings] == ["-O CipherList=HIGH"]
    other, findings = as_running(sendmail, Running({"CipherList": ("HIGH",)}, "/etc/x.cf"))
    assert (other, [one.code for one in findings]) == (sendmail, ["command-line-option"])
    elsewhere = Sendmail(build, sendmail.cf, "/etc/x.cf")
    assert as_running(elsewhere, Running({"CipherList": ("HIGH",)})) == (elsewhere, [])


def policies(**values: str) -> list[dict[str, str]]:
    return [{"tag": tag, "peer": "", "value": value} for tag, value in values.items()]


def test_what_is_said_of_everybody() -> None:
    single = {"tag": "Try_TLS", "peer": "mx.example.net", "value": "NO"}
    found = of_everybody([*policies(Srv_Features="S v", TLS_Clt="PERM+ENCR:112"), single])
    assert found == Everybody(("S", "v"), False, "PERM+ENCR:112", "")
    assert of_everybody(policies(Try_TLS="no", TLS_Srv="OK")) == Everybody((), True, "", "")


@pytest.mark.parametrize(
    ("letters", "modifiers", "level"),
    [
        ("S", "", "none"),
        ("V", "", "may"),
        ("s", "S", "may"),
        ("S s", "S", "may"),
        ("S", "s", "encrypt"),
    ],
)
def test_letters_for_everybody_count_more_than_modifiers(
    recorded: Recorded, letters: str, modifiers: str, level: str
) -> None:
    cf = parse_cf(f"O DaemonPortOptions=Name=A, M={modifiers}\n")
    everybody = of_everybody(policies(Srv_Features=letters))
    build = parse_build(recorded("debug-trixie.txt"))
    sendmail = Sendmail(build, cf, "cf", everybody=everybody)
    daemon, client = services_of(sendmail)
    assert (daemon.level, client.level) == (level, "may")
    evidence = [one.evidence for one in service_findings(sendmail, daemon, "cf A")]
    assert evidence == (["Srv_Features: S in the access map"] if level == "none" else [])


def test_certificates_are_asked_for_as_the_letters_say(recorded: Recorded) -> None:
    build = parse_build(recorded("debug-trixie.txt"))
    for option, letters, asked in (
        *(("", "V", False), ("V", "v", True), ("", "R r", True)),
        *(("", "V,v", True), ("", "A;V", False), ("", "AV", True)),
        *(("C, V", "", True), ("C,V", "", False), ("C,\n V", "", False)),
    ):
        cf = parse_cf(f"O TLSSrvOptions={option}\n")
        everybody = of_everybody(policies(Srv_Features=letters))
        request = request_of(Sendmail(build, cf, "cf", everybody=everybody), client=False)
        assert request.asks_certificate is asked


def test_the_client_as_the_access_map_has_it(recorded: Recorded) -> None:
    build = parse_build(recorded("debug-trixie.txt"))
    for values, level in (({"Try_TLS": "NO"}, "none"), ({"TLS_Srv": "VERIFY"}, "encrypt")):
        sendmail = Sendmail(build, parse_cf(""), "cf", everybody=of_everybody(policies(**values)))
        client = services_of(sendmail)[-1]
        assert client.level == level
    demanded = Sendmail(
        build, parse_cf(""), "cf", everybody=of_everybody(policies(TLS_Clt="ENCR:112"))
    )
    found = service_findings(demanded, services_of(demanded)[0], "cf A")
    assert [one.code for one in found] == ["mandatory-on-mx"]
