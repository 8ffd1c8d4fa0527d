# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import typing as t
from pathlib import Path

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._access import (
    AccessMap,
    Entry,
    access_map,
    access_policies,
    parse_access,
)
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._cf import parse_cf
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._drift import (
    differences,
    drift_finding,
    named,
    refusal,
)
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._request import Sendmail
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._version import parse_build
from hypothesis import given
from hypothesis import strategies as st

TEXT = """\
# STARTTLS
Connect:192.0.2.1\tREJECT
TLS_Srv:mx.example.com\tVERIFY:128
tls_clt:\tENCR:112
Try_TLS:old.example.com  NO
Srv_Features:\tV
TLS_Srv_features:192.0.2.9\tCipherList=ALL:@SECLEVEL=0;Options=-SSL_OP_NO_TLSv1
"""
STEERED = [
    Entry("TLS_Srv", "mx.example.com", "VERIFY:128"),
    Entry("TLS_Clt", "", "ENCR:112"),
    Entry("Try_TLS", "old.example.com", "NO"),
    Entry("Srv_Features", "", "V"),
]
FEATURES = Entry(
    "TLS_Srv_features", "192.0.2.9", "CipherList=ALL:@SECLEVEL=0;Options=-SSL_OP_NO_TLSv1"
)


def installed(
    directory: Path, recorded: t.Callable[[str], str], *, cf: str, text: str = TEXT
) -> Sendmail:
    (directory / "access").write_text(text)
    file = directory / "sendmail.cf"
    file.write_text(cf.replace("DIRECTORY", str(directory)))
    build = parse_build(recorded("debug-trixie.txt"))
    return Sendmail(build, parse_cf(file.read_text()), str(file))


def test_entries_about_tls() -> None:
    assert list(parse_access(TEXT)) == [*STEERED, FEATURES]


def test_without_the_feature_session_features_are_not_heeded(
    tmp_path: Path, recorded: t.Callable[[str], str]
) -> None:
    cf = "Kaccess hash -T<TMPF> DIRECTORY/access\n"
    entries, found = access_policies(installed(tmp_path, recorded, cf=cf))
    assert entries == [one.as_dict() for one in STEERED]
    assert [one.code for one in found] == ["access-map-unread"]
    assert "tls_session_features" in found[0].evidence
    assert found[0].where == f"{tmp_path}/access"
    entries, found = access_policies(installed(tmp_path, recorded, cf=f"{cf}Stls_srv_features\n"))
    assert entries[-1] == FEATURES.as_dict()
    assert found == []


def test_without_the_map_nothing_is_heeded(
    tmp_path: Path, recorded: t.Callable[[str], str]
) -> None:
    entries, found = access_policies(installed(tmp_path, recorded, cf="V10\n"))
    assert entries == []
    assert [one.code for one in found] == ["access-map-unread"]
    assert "access_db" in found[0].evidence


def test_a_database_older_than_its_text(tmp_path: Path, recorded: t.Callable[[str], str]) -> None:
    database = tmp_path / "access.db"
    database.write_bytes(b"")
    cf = "Kaccess hash DIRECTORY/access.db\n"
    sendmail = installed(tmp_path, recorded, cf=cf, text="Try_TLS:old.example.com NO\n")
    os.utime(database, (1, 1))
    assert [one.code for one in access_policies(sendmail)[1]] == ["access-map-stale"]
    os.utime(database)
    os.utime(tmp_path / "access", (1, 1))
    assert access_policies(sendmail)[1] == []


@pytest.mark.parametrize(
    ("kind", "text", "ruleset", "codes"),
    [
        ("hash", "Try_TLS:old.example.com NO\n", "", ["access-map-stale"]),
        ("hash", "TLS_Srv_features:192.0.2.9 Options=0\n", "", ["access-map-unread"]),
        (
            "hash",
            "TLS_Srv_features:192.0.2.9 Options=0\n",
            "Stls_srv_features\n",
            ["access-map-stale"],
        ),
        ("hash", "Connect:192.0.2.1 REJECT\n", "", []),
        ("text", "Try_TLS:old.example.com NO\n", "", []),
    ],
)
def test_an_old_database_matters_where_something_of_it_is_heeded(
    tmp_path: Path,
    recorded: t.Callable[[str], str],
    kind: str,
    text: str,
    ruleset: str,
    codes: list[str],
) -> None:
    """Nor has every map a database: one of the kind text is looked up as it is."""
    cf = f"Kaccess {kind} DIRECTORY/access\n{ruleset}"
    sendmail = installed(tmp_path, recorded, cf=cf, text=text)
    ages = {f"{tmp_path}/access": 2.0, f"{tmp_path}/access.db": 1.0, "": 1.0}
    found = access_policies(sendmail, modified=ages.get)[1]
    assert [one.code for one in found] == codes
    assert [one.where for one in found] == [f"{tmp_path}/access"] * len(codes)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("hash -T<TMPF> /etc/mail/access", ("/etc/mail/access", "hash", "/etc/mail/access.db")),
        ("hash -o /etc/mail/access.db", ("/etc/mail/access", "hash", "/etc/mail/access.db")),
        ("btree /etc/mail/access", ("/etc/mail/access", "btree", "/etc/mail/access.db")),
        ("cdb /etc/mail/access.cdb", ("/etc/mail/access", "cdb", "/etc/mail/access.cdb")),
        ("cdb /etc/mail/access", ("/etc/mail/access", "cdb", "/etc/mail/access.cdb")),
        ("dbm /etc/mail/access", ("/etc/mail/access", "dbm", "/etc/mail/access.dir")),
        ("text -z: /etc/mail/access", ("/etc/mail/access", "text", "")),
        ("ldap -1 -k (key=%0)", None),
    ],
)
def test_the_text_and_the_database(line: str, expected: tuple[str, str, str] | None) -> None:
    found = access_map(parse_cf(f"Kaccess {line}\n"))
    assert found == (AccessMap(*expected) if expected else None)


def test_only_lines_that_mean_something_differ() -> None:
    built = "# built by root\nO CipherList=HIGH\nO LogLevel=9\n"
    live = "# built by somebody\n\nO CipherList=LOW\nO LogLevel=9\n#O DANE=true\n"
    assert differences(live, built) == ("-O CipherList=HIGH", "+O CipherList=LOW")
    assert differences(built, built + "# more\n") == ()


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("O CipherList=HIGH", "O CipherList=HIGH"),
        ("O LDAPDefaultSpec=-h ldap -w SECRET", "O LDAPDefaultSpec ..."),
        ("O  LDAPDefaultSpec = SECRET", "O  LDAPDefaultSpec ..."),
        ("OQSECRET", "OQ ..."),
        ("Kldap ldap -w SECRET", "Kldap ..."),
        ("D{word}SECRET", "D{word} ..."),
        ("DXSECRET", "DX ..."),
        ("C{E}SECRET", "C{E} ..."),
        ("ETOKEN=SECRET", "ETOKEN ..."),
        ("Msmtp, P=[IPC], A=SECRET", "Msmtp ..."),
        ("R$* SECRET", "R ..."),
        ("\t-w SECRET", " ..."),
        ("Scheck_rcpt", "Scheck_rcpt"),
        ("", ""),
    ],
)
def test_a_line_that_differs_is_named_and_its_value_kept_back(line: str, shown: str) -> None:
    assert named(line) == shown
    for text in (refusal("cf", [f"+{line}"]), str(drift_finding("cf", [f"+{line}"]))):
        assert "SECRET" not in text
        assert shown in text


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    parse_access(text)
