# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A sendmail that nobody can reach, of which only files are left."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._errors import InvalidInput
from ansible_collections.postmaster.tls.plugins.module_utils._host_facts import (
    HostOptions,
    host_facts,
)
from ansible_collections.postmaster.tls.plugins.module_utils._run import Completed
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._cf import parse_cf
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._drift import (
    written_differences,
)
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._version import (
    linked_version,
    parse_build,
)
from ansible_collections.postmaster.tls.tests.support.pems import make_pair

Recorded = t.Callable[[str], str]
Facts = t.Callable[..., dict[str, t.Any]]
CF = """\
V10/Berkeley
Kaccess hash -T<TMPF> -o /etc/mail/access.db
O DaemonPortOptions=Name=MTA
O DaemonPortOptions=Name=plain, Port=26, M=S
O ServerCertFile=/etc/mail/certs/host.cert
O ServerKeyFile=/etc/mail/certs/host.key
O CACertFile=/etc/mail/certs/cacert.pem
O CACertPath=/etc/mail/certs
O CipherList=HIGH:!aNULL
"""
MC = """\
dnl define(`confCIPHER_LIST', `LOW')
OSTYPE(freebsd6)
define(`CERT_DIR', `/etc/mail/certs')dnl
define(`confSERVER_CERT', `CERT_DIR/host.cert')dnl
define(`confSERVER_KEY', `CERT_DIR/host.key')dnl
define(`confCACERT', `CERT_DIR/cacert.pem')dnl
define(`confCACERT_PATH', `CERT_DIR')dnl
define(`confCIPHER_LIST', `LOW')dnl
define(`confCIPHER_LIST', `HIGH:!aNULL')dnl
MAILER(smtp)
"""


def nothing_runs(command: t.Sequence[str]) -> Completed:
    raise AssertionError(f"{command} was run")


@pytest.fixture
def facts_of(recorded: Recorded) -> Facts:
    def found(**more: t.Any) -> dict[str, t.Any]:
        saved = {"sendmail_cf": CF, "sendmail_build": recorded("debug-sid.txt"), **more}
        options = HostOptions(frozenset({"sendmail", "certificates"}), saved=saved)
        return host_facts(options, run=nothing_runs).facts

    return found


def codes(facts: dict[str, t.Any]) -> set[str]:
    return {one["code"] for one in facts["findings"]}


def test_what_the_files_say_is_understood(facts_of: Facts) -> None:
    facts = facts_of(access="Srv_Features:192.0.2.1\tV\nTry_TLS:mx.example.net\tNO\n")
    (instance,) = facts["sendmail"]
    assert (facts["detected"], facts["postfix"]) == (["sendmail"], [])
    assert (instance["version"], instance["library"]["version"]) == ("8.18.2", "OpenSSL 3.6.5")
    assert "DANE" in instance["compiled_with"]
    services = {one["name"]: one for one in instance["services"]}
    assert list(services) == ["MTA", "plain", "client"]
    assert services["MTA"]["cipher_string"] == "HIGH:!aNULL"
    assert services["plain"]["security_level"] == "none"
    assert "inbound-plaintext" in codes(facts)
    assert [one["tag"] for one in instance["access_policies"]] == ["Srv_Features", "Try_TLS"]


def test_what_only_the_host_knows_is_not_determined(facts_of: Facts) -> None:
    service = facts_of()["sendmail"][0]["services"][0]
    assert (service["protocols"], service["ciphers"], service["groups"]) == (None, None, None)
    assert "not-determined" in [one["code"] for one in service["findings"]]
    assert "certificate-unsafe" not in [one["code"] for one in service["findings"]]


def test_what_keeps_every_host_from_tls_is_told(facts_of: Facts) -> None:
    without = facts_of(sendmail_cf=CF.replace("O CACertPath", "#"))
    assert "certificate-missing" in codes(without)
    unknown = facts_of(sendmail_cf=CF + "O ServerSSLOptions=SSL_OP_NOSUCH\n")
    assert "sendmail-option-unknown" in codes(unknown)


def test_certificates_are_those_that_were_saved(facts_of: Facts, tmp_path: Path) -> None:
    pair = make_pair(tmp_path, "rsa")
    text = Path(pair.certificate).read_text() + Path(pair.key).read_text()
    facts = facts_of(files={"/etc/mail/certs/host.cert": text})
    (entry,) = facts["certificates"]
    assert (entry["file"], entry["key_matches"], entry["key_mode"]) == (
        "/etc/mail/certs/host.cert",
        None,
        None,
    )
    assert "PRIVATE KEY" not in str(facts)
    assert "not among the saved files" in str(facts_of()["certificates"])


@pytest.mark.parametrize(
    ("mc", "evidence"),
    [
        (MC, None),
        (MC.replace("!aNULL", "!eNULL"), "-O CipherList=HIGH:!eNULL; +O CipherList=HIGH:!aNULL"),
        (MC.replace("define(`confSERVER_KEY", "dnl "), "+O ServerKeyFile="),
        (MC + "LOCAL_CONFIG\n`O CipherSuites=TLS_AES_128_GCM_SHA256'\n", "-O CipherSuites="),
        (MC + "undefine(`confCIPHER_LIST')\n", "+O CipherList=HIGH:!aNULL"),
    ],
    ids=["the same", "another value", "not defined", "in LOCAL_CONFIG", "undefined again"],
)
def test_what_the_mc_file_says_otherwise(facts_of: Facts, mc: str, evidence: str | None) -> None:
    found = [one for one in facts_of(sendmail_mc=mc)["findings"] if one["code"] == "cf-not-of-mc"]
    assert bool(found) is bool(evidence)
    assert not evidence or evidence in found[0]["evidence"]


def test_files_that_the_mc_file_includes_are_not_known(facts_of: Facts) -> None:
    facts = facts_of(sendmail_mc=MC + "include(`/etc/mail/tls/starttls.m4')\n")
    assert "cf-not-of-mc" not in codes(facts)
    assert "includes /etc/mail/tls/starttls.m4" in str(facts["findings"])
    saved = {"/etc/mail/tls/starttls.m4": "define(`confCIPHER_LIST', `LOW')dnl\n"}
    facts = facts_of(sendmail_mc=MC + "include(`/etc/mail/tls/starttls.m4')\n", files=saved)
    assert "-O CipherList=LOW" in str(facts["findings"])


def test_the_recorded_files_of_other_systems_have_no_mc_file(recorded: Recorded) -> None:
    for name in ("freebsd.cf", "redhat.cf"):
        assert all(line[0] == "+" for line in written_differences("", parse_cf(recorded(name))))


@pytest.mark.parametrize(
    ("release", "expected"),
    [
        ("bullseye", "OpenSSL 1.1.1w"),
        ("bookworm", "OpenSSL 3.0.22"),
        ("trixie", "OpenSSL 3.5.7"),
        ("sid", "OpenSSL 3.6.5"),
    ],
)
def test_the_library_is_known_by_its_number(
    recorded: Recorded, release: str, expected: str
) -> None:
    assert linked_version(parse_build(recorded(f"debug-{release}.txt"))) == expected


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"sendmail_build": None}, "sendmail_build has no version"),
        ({"sendmail_build": "sendmail: not found"}, "sendmail_build has no version"),
        ({"sendmail_cf": MC}, "it is no sendmail.cf"),
        ({"sendmail_cf": ""}, "it is no sendmail.cf"),
        ({"files": {"/c.pem": None}}, "files has no text for /c.pem"),
        ({"sendmail_cf": None}, "saved needs main and master"),
        ({"main": "a = b"}, "saved needs main and master"),
    ],
)
def test_what_is_missing_is_said(facts_of: Facts, more: dict[str, t.Any], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        facts_of(**more)


def test_a_host_with_both_is_one_answer(facts_of: Facts) -> None:
    facts = facts_of(main="myhostname = mx", master="smtp inet n - n - - smtpd", version="3.7.11")
    assert facts["detected"] == ["postfix", "sendmail"]
    assert facts["sendmail"][0]["services"]


def test_names_are_not_looked_up_for_another_host(facts_of: Facts) -> None:
    here = "O DaemonPortOptions=Name=here, Addr=Localhost, Port=27"
    other = "O DaemonPortOptions=Name=other, Addr=mx.example.com, Port=28"
    found = facts_of(sendmail_cf=f"{CF}{here}\n{other}\n")["sendmail"][0]["services"]
    services = {one["name"]: one for one in found}
    assert (services["here"]["local"], services["other"]["local"]) == (True, False)
    assert services["here"]["listen"] == [{"address": "localhost", "port": 27}]
    evidence = [one["evidence"] for one in services["other"]["findings"]]
    assert "where it listens: mx.example.com was not looked up on that host" in evidence


@pytest.mark.parametrize(
    ("lines", "code", "evidence"),
    [
        (
            "O CipherList=HIGH:!AES256",
            "opportunistic-strict",
            "ECDHE-RSA-AES256-GCM-SHA384: excluded by AES256 (CipherList = HIGH:!AES256)",
        ),
        (
            "O ServerSSLOptions=SSL_OP_NO_TLSv1_2",
            "opportunistic-strict",
            "no TLSv1.2: ServerSSLOptions = SSL_OP_NO_TLSv1_2",
        ),
        ("O CipherList=HIGH:!ECDHE:!kRSA", "only-dhe", "excluded by ECDHE"),
        ("O CipherList=ALL:!ECDHE:!kRSA:!DHE", "no-suite-before-tls13", "excluded by DHE"),
        ("O CipherList=HIGH:!aNULL", "", ""),
        ("O CipherList=HIGH:!ECDSA", "", ""),
        ("O CipherList=HIGH:!AES256:@NOSUCH", "", ""),
        ("O CipherList=HIGH:\n !AES256", "", ""),
        ("O ServerSSLOptions=+SSL_OP_NO_TLSv1_3", "", ""),
    ],
)
def test_what_is_certain_without_the_library(
    facts_of: Facts, lines: str, code: str, evidence: str
) -> None:
    service = facts_of(sendmail_cf=f"{CF}{lines}\n")["sendmail"][0]["services"][0]
    strict = {"opportunistic-strict", "only-dhe", "no-suite-before-tls13", "no-shared-cipher"}
    found = [one for one in service["findings"] if one["code"] in strict]
    assert [one["code"] for one in found] == ([code] if code else [])
    assert all(evidence in one["evidence"] for one in found)
    assert service["ciphers"] is None


def test_a_daemon_for_users_may_be_strict(facts_of: Facts) -> None:
    lines = "O CipherList=HIGH:!AES256\nO DaemonPortOptions=Name=MSA, Port=587\n"
    services = facts_of(sendmail_cf=CF + lines)["sendmail"][0]["services"]
    (users,) = [one for one in services if one["name"] == "MSA"]
    assert "opportunistic-strict" not in [one["code"] for one in users["findings"]]
    assert "excluded by AES256" in [one["reason"] for one in users["dropped"]]
