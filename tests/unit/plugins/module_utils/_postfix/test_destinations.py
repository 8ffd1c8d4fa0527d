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
