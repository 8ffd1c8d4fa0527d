# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._collect import (
    parse_parameters,
)
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._destinations import (
    policies,
    server_names,
)
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._master import parse_master
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._services import (
    TlsService,
    tls_services,
)
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._tables import (
    read_table,
    tables_of,
)
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._version import PostfixVersion
from ansible_collections.postmaster.tls.tests.support.scripted_commands import text_of

VERSION = PostfixVersion(3, 11, 7)


def service(line: str, **values: str) -> TlsService:
    parameters = {**parse_parameters(text_of("3.11.7", "all.txt")), **values}
    (found,) = tls_services(parse_master(line), parameters)
    return found


def client(**values: str) -> TlsService:
    return service("smtp unix - - n - - smtp", **values)


def policy(text: str) -> tuple[dict[str, t.Any], list[str]]:
    found, findings = policies(
        client(smtp_tls_policy_maps=f"inline:{{{{example.com = {text}}}}}"), VERSION, "here"
    )
    return found[0], [one.code for one in findings]


def test_a_table_is_read_from_its_source(tmp_path: Path) -> None:
    source = tmp_path / "policy"
    source.write_text(
        "# comment\nexample.com\tencrypt ciphers=high\n  protocols=>=TLSv1.2\n[mx]:25 none\n"
    )
    assert read_table(f"hash:{source}").entries == (
        ("example.com", "encrypt ciphers=high protocols=>=TLSv1.2"),
        ("[mx]:25", "none"),
    )


def test_several_tables_with_one_inline() -> None:
    kinds = [one.name for one in tables_of("inline:{ {a = b, c}, d=e }, static:{may x},ldap:/x")]
    assert kinds == ["inline:{ {a = b, c}, d=e }", "static:{may x}", "ldap:/x"]


def test_what_cannot_be_listed_says_why() -> None:
    assert "cannot be listed" in read_table("mysql:/etc/postfix/x.cf").reason
    assert "/nonexistent: No such file" in read_table("texthash:/nonexistent").reason
    _found, findings = policies(client(smtp_tls_policy_maps="ldap:/x"), VERSION, "here")
    assert [one.code for one in findings] == ["not-determined"]


@pytest.mark.parametrize(
    ("text", "level", "protocols", "string"),
    [
        ("encrypt protocols=>=TLSv1.3", "encrypt", ["TLSv1.3"], ":!eNULL"),
        ("secure match=x exclude=RC4", "secure", None, ":!RC4:!aNULL"),
        ("may ciphers=high", "may", None, None),
        ("none", "none", [], None),
    ],
)
def test_a_policy_gives_level_and_lists(
    text: str, level: str, protocols: list[str] | None, string: str | None
) -> None:
    found, codes = policy(text)
    assert (found["destination"], found["security_level"], codes) == ("example.com", level, [])
    assert protocols is None or found["protocols"] == protocols
    assert string is None or found["cipher_string"].endswith(string)


#: May and encrypt differ in what they speak and in their suites.
OF_BOTH = {
    "smtp_tls_protocols": "TLSv1.2",
    "smtp_tls_mandatory_protocols": "TLSv1.3",
    "smtp_tls_ciphers": "medium",
    "smtp_tls_mandatory_ciphers": "high",
    "tls_medium_cipherlist": "AES",
    "tls_high_cipherlist": "ECDHE",
}


@pytest.mark.parametrize(
    ("text", "level", "protocols", "string"),
    [
        ("may", "may", ["TLSv1.2"], "AES"),
        ("may protocols=TLSv1.1", "may", ["TLSv1.1"], "AES"),
        ("may ciphers=high", "may", ["TLSv1.2"], "ECDHE"),
        ("encrypt", "encrypt", ["TLSv1.3"], "ECDHE:!eNULL"),
        ("encrypt protocols=TLSv1.1", "encrypt", ["TLSv1.1"], "ECDHE:!eNULL"),
        ("encrypt ciphers=medium", "encrypt", ["TLSv1.3"], "AES:!eNULL"),
        ("ENCRYPT Protocols=TLSv1.1", "encrypt", ["TLSv1.1"], "ECDHE:!eNULL"),
        ("{may} ciphers=high", None, [], None),
        ("may, { ciphers = high }", "may", ["TLSv1.2"], "ECDHE"),
        ("may { protocols = TLSv1.1, TLSv1.2 }", "may", ["TLSv1.1", "TLSv1.2"], "AES"),
    ],
)
@pytest.mark.parametrize("table", ["inline:{{* = %s}}", "static:{%s}", "static:{ %s }"])
def test_a_policy_changes_the_lists_of_its_own_level(
    table: str, text: str, level: str | None, protocols: list[str], string: str | None
) -> None:
    [found], findings = policies(
        client(**OF_BOTH, smtp_tls_policy_maps=table % text), VERSION, "here"
    )
    assert (found["security_level"], found["protocols"]) == (level, protocols)
    assert found["cipher_string"] == string
    assert [one.code for one in findings] == ([] if level else ["security-level-invalid"])


@pytest.mark.parametrize("number", [100, 101])
def test_no_more_than_a_hundred_entries_are_looked_at(number: int) -> None:
    entries = ", ".join(f"d{at}.example=none" for at in range(number))
    found, findings = policies(
        client(smtp_tls_policy_maps=f"inline:{{{entries}}}"), VERSION, "here"
    )
    assert len(found) == 100
    assert found[-1]["destination"] == "d99.example"
    assert [(one.code, one.evidence) for one in findings] == [
        (
            "not-determined",
            "smtp_tls_policy_maps: only the first 100 of 101 entries are looked at",
        )
    ][: number - 100]


def test_what_can_be_read_is_there_beside_what_cannot() -> None:
    found, findings = policies(
        client(smtp_tls_policy_maps="inline:{a=may}, ldap:/x, inline:{b=none}"), VERSION, "here"
    )
    assert [one["destination"] for one in found] == ["a", "b"]
    [unread] = findings
    assert (unread.code, unread.where) == ("not-determined", "here")
    assert unread.evidence.startswith("smtp_tls_policy_maps: entries of a table of the type ldap")


def test_lmtp_has_a_table_of_its_own() -> None:
    values = {
        "smtp_tls_policy_maps": "inline:{a=none}",
        "lmtp_tls_policy_maps": "inline:{{b = may ciphers=high}}",
        "lmtp_tls_protocols": "TLSv1.1",
        "tls_high_cipherlist": "ECDHE",
    }
    [found], findings = policies(service("lmtp unix - - n - - lmtp", **values), VERSION, "here")
    assert found == {
        "destination": "b",
        "security_level": "may",
        "protocols": ["TLSv1.1"],
        "cipher_string": "ECDHE",
    }
    assert findings == []


def test_a_server_has_no_policies() -> None:
    tables = dict.fromkeys(("smtpd_tls_policy_maps", "smtp_tls_policy_maps"), "inline:{a=may}")
    server = service("smtp inet n - n - - smtpd", smtpd_tls_security_level="may", **tables)
    assert policies(server, VERSION, "here") == ([], [])


def test_the_exclusions_of_a_policy_replace_those_of_main_cf() -> None:
    values = {
        "smtp_tls_exclude_ciphers": "SEED",
        "smtp_tls_policy_maps": "inline:{{a = may exclude=RC4}, {b = may}}",
    }
    found, _findings = policies(client(**values), VERSION, "here")
    assert found[0]["cipher_string"].endswith(":!RC4")
    assert found[1]["cipher_string"].endswith(":!SEED")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("enrypt", "security-level-invalid"),
        ("may protocols=TLSv1.4", "protocol-list-invalid"),
        ("encrypt ciphers=best", "cipher-list-rejected"),
    ],
)
def test_a_policy_that_postfix_rejects_is_found(text: str, code: str) -> None:
    assert policy(text)[1] == [code]


def test_server_names_have_files_of_their_own(tmp_path: Path) -> None:
    source = tmp_path / "sni"
    source.write_text("mx.example.test /k.pem, /c.pem\n.example.org /o.pem\n")
    server = service(
        "smtp inet n - n - - smtpd",
        tls_server_sni_maps=f"hash:{source}",
        smtpd_tls_security_level="may",
    )
    names, findings = server_names(server, "here")
    assert [(one.name, one.files) for one in names] == [
        ("mx.example.test", ("/k.pem", "/c.pem")),
        (".example.org", ("/o.pem",)),
    ]
    assert findings == []


@pytest.mark.parametrize(
    ("line", "level", "names"),
    [
        ("smtp inet n - n - - smtpd", "may", ["mx.example.test"]),
        ("smtp inet n - n - - smtpd", "encrypt", ["mx.example.test"]),
        ("smtp inet n - n - - smtpd", "none", []),
        ("smtp inet n - n - - smtpd", "encrypted", []),
        ("smtp unix - - n - - smtp", "may", []),
    ],
)
def test_only_a_server_that_does_tls_has_names(line: str, level: str, names: list[str]) -> None:
    found = service(
        line,
        tls_server_sni_maps="inline:{mx.example.test=/k.pem}, ldap:/x",
        smtpd_tls_security_level=level,
        smtp_tls_security_level=level,
    )
    assert (found.level is None) is (level == "encrypted")
    served, findings = server_names(found, "here")
    assert [one.name for one in served] == names
    assert [one.code for one in findings] == ["not-determined"] * len(names)


def test_lmtp_is_a_client_with_parameters_of_its_own() -> None:
    found = service(
        "lmtp unix - - n - - lmtp", lmtp_tls_security_level="encrypt", smtp_tls_security_level="may"
    )
    assert (found.daemons, found.direction, found.prefix, found.level) == (
        ("lmtp",),
        "outbound",
        "lmtp_tls",
        "encrypt",
    )
