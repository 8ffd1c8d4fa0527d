# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._errors import (
    InvalidInput,
    NotSupported,
)
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._edit import (
    Change,
    edit_main,
    edit_master,
    service_names,
)
from hypothesis import given
from hypothesis import strategies as st

MASTER = """\
# service type  private unpriv  chroot  wakeup  maxproc command + args
smtp      inet  n       -       y       -       -       smtpd
#smtp      inet  n       -       y       -       1       postscreen
submission inet n       -       y       -       -       smtpd
  -o syslog_name=postfix/submission
#  a note between the options
  -o smtpd_tls_security_level=encrypt
  -o { smtpd_tls_exclude_ciphers = aNULL,
       MD5 }
198.51.100.11:smtp inet n - n - - smtpd -o smtpd_banner=x -v -osmtpd_tls_loglevel=1
maildrop  unix  -       n       n       -       -       pipe
  flags=DRXhu user=vmail argv=/usr/bin/maildrop -o a=b -d ${recipient}
uucp unix - n n - - pipe flags=Fqhu user=uucp argv=uux
"""


def value_in(text: str, name: str) -> str | None:
    """The value that postconf(5) describes: joined lines, comments left out, the last definition wins."""
    logical: list[str] = []
    for line in text.split("\n"):
        if not line.strip() or line.strip().startswith("#"):
            continue
        if line[0].isspace() and logical:
            logical[-1] += " " + line.strip()
        else:
            logical.append(line.strip())
    found = [
        line.partition("=")[2].strip() for line in logical if line.split("=")[0].strip() == name
    ]
    return found[-1] if found else None


def test_a_definition_keeps_its_place_its_spacing_and_the_comments_in_it() -> None:
    text = "# TLS\nsmtpd_tls_protocols=!SSLv2,\n  # why not SSLv3?\n\n  !SSLv3\nmyhostname = a\n"
    edited = edit_main(text, {"smtpd_tls_protocols": ">=TLSv1.2"})
    assert (
        edited.text
        == "# TLS\nsmtpd_tls_protocols=>=TLSv1.2\n  # why not SSLv3?\n\nmyhostname = a\n"
    )
    assert edited.changes == (Change(None, "smtpd_tls_protocols", "!SSLv2, !SSLv3", ">=TLSv1.2"),)


def test_a_new_definition_is_appended_also_to_a_file_without_a_last_newline() -> None:
    assert edit_main("a = b", {"c": "d"}).text == "a = b\nc = d\n"


def test_the_last_of_two_definitions_is_edited_and_both_are_named() -> None:
    edited = edit_main("a = 1\nb = 2\na = 3\n", {"a": "4"})
    assert edited.text == "a = 1\nb = 2\na = 4\n"
    assert edited.changes[0].before == "3"
    assert edited.notes == (
        "main.cf defines a in lines 1, 3: the last one counts, and it was edited.",
    )


def test_removing_takes_every_definition_so_that_no_earlier_one_comes_into_force() -> None:
    edited = edit_main("a = 1\n  2\nb = 2\na = 3\n", {"a": None, "absent": None})
    assert edited.text == "b = 2\n"
    assert [change.parameter for change in edited.changes] == ["a"]


def test_a_value_that_only_differs_in_how_its_lines_are_joined_is_no_change() -> None:
    text = "a = 1,\n\t2\n"
    assert edit_main(text, {"a": "1, 2"}).text == text


def test_an_empty_value_is_not_the_same_as_no_value() -> None:
    assert edit_main("a = 1\n", {"a": ""}).text == "a =\n"
    assert edit_main("a =\n", {"a": "1"}).text == "a = 1\n"
    assert edit_main("a =\n", {"a": ""}).changes == ()


def test_carriage_returns_stay_as_found() -> None:
    assert (
        edit_main("a = 1\r\nb = 2\r\n", {"a": "3", "c": "4"}).text == "a = 3\r\nb = 2\r\nc = 4\r\n"
    )


@pytest.mark.parametrize("name", ["", "a b", "a=b", "#a", "a\nb"])
def test_an_impossible_name_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput, match="cannot be the name"):
        edit_main("", {name: "x"})


@pytest.mark.parametrize("value", ["a\nb = c", "a\rb", "a\0b"])
def test_a_value_that_would_smuggle_in_a_second_line_is_refused(value: str) -> None:
    with pytest.raises(InvalidInput, match="a line break or a null byte"):
        edit_main("", {"a": value})


names = st.from_regex(r"[a-z][a-z0-9_]{0,6}", fullmatch=True)
values = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20).map(str.strip)
lines = st.one_of(
    st.builds(lambda name, value: f"{name} = {value}\n", names, values),
    st.builds(lambda name, value: f"{name}={value}\n", names, values),
    st.builds(lambda value: f"  x{value}\n", values),
    st.builds(lambda value: f"# {value}\n", values),
    st.sampled_from(["\n", "  # c\n", " \t\n"]),
)
files = st.lists(lines, max_size=12).map("".join)


@given(files, st.dictionaries(names, st.none() | values, max_size=4))
def test_afterwards_every_wanted_value_is_in_force_and_every_other_one_as_before(
    text: str, wanted: dict[str, str | None]
) -> None:
    edited = edit_main(text, wanted)
    for name, value in wanted.items():
        assert value_in(edited.text, name) == value
    for line in text.split("\n"):
        name = line.split("=")[0].strip()
        if "=" in line and name and not line[0].isspace() and name not in wanted:
            assert value_in(edited.text, name) == value_in(text, name)
    assert [line for line in text.split("\n") if line.strip().startswith("#")] == [
        line for line in edited.text.split("\n") if line.strip().startswith("#")
    ]


@given(files, st.dictionaries(names, st.none() | values, max_size=4))
def test_a_second_edit_finds_nothing_to_do(text: str, wanted: dict[str, str | None]) -> None:
    once = edit_main(text, wanted)
    twice = edit_main(once.text, wanted)
    assert (twice.text, twice.changes) == (once.text, ())


def test_services_are_named_as_postconf_names_them() -> None:
    assert service_names(MASTER) == [
        "smtp/inet",
        "submission/inet",
        "198.51.100.11:smtp/inet",
        "maildrop/unix",
        "uucp/unix",
    ]


@pytest.mark.parametrize(
    ("service", "name", "value", "old", "new"),
    [
        (
            "smtp/inet",
            "smtpd_tls_loglevel",
            "1",
            "-       smtpd\n#smtp",
            "-       smtpd\n  -o smtpd_tls_loglevel=1\n#smtp",
        ),
        (
            "submission/inet",
            "smtpd_tls_security_level",
            "may",
            "  -o smtpd_tls_security_level=encrypt\n",
            "  -o smtpd_tls_security_level=may\n",
        ),
        (
            "submission/inet",
            "smtpd_tls_exclude_ciphers",
            "aNULL",
            "  -o { smtpd_tls_exclude_ciphers = aNULL,\n       MD5 }\n",
            "  -o smtpd_tls_exclude_ciphers=aNULL\n",
        ),
        (
            "submission/inet",
            "smtpd_tls_exclude_ciphers",
            None,
            "  -o { smtpd_tls_exclude_ciphers = aNULL,\n       MD5 }\n",
            "",
        ),
        (
            "submission/inet",
            "syslog_name",
            None,
            "  -o syslog_name=postfix/submission\n",
            "",
        ),
        (
            "submission/inet",
            "smtpd_tls_protocols",
            "!SSLv2, !SSLv3",
            "       MD5 }\n",
            "       MD5 }\n  -o { smtpd_tls_protocols = !SSLv2, !SSLv3 }\n",
        ),
        ("198.51.100.11:smtp/inet", "smtpd_banner", None, " -o smtpd_banner=x -v", " -v"),
        (
            "198.51.100.11:smtp/inet",
            "smtpd_banner",
            "y z",
            "-o smtpd_banner=x",
            "-o { smtpd_banner = y z }",
        ),
        (
            "198.51.100.11:smtp/inet",
            "smtpd_tls_loglevel",
            "0",
            "-osmtpd_tls_loglevel=1",
            "-o smtpd_tls_loglevel=0",
        ),
        ("198.51.100.11:smtp/inet", "smtpd_tls_loglevel", None, " -osmtpd_tls_loglevel=1\n", "\n"),
        (
            "maildrop/unix",
            "syslog_name",
            "m",
            "  flags=DRXhu",
            "  -o syslog_name=m\n  flags=DRXhu",
        ),
        ("uucp/unix", "syslog_name", "u", "pipe flags=Fqhu", "pipe -o syslog_name=u flags=Fqhu"),
    ],
)
def test_an_override_is_edited_where_it_is(
    service: str, name: str, value: str | None, old: str, new: str
) -> None:
    assert MASTER.count(old) == 1
    edited = edit_master(MASTER, {service: {name: value}}, braces=True)
    assert edited.text == MASTER.replace(old, new)
    again = edit_master(edited.text, {service: {name: value}}, braces=True)
    assert (again.text, again.changes) == (edited.text, ())


def test_options_after_the_command_of_a_pipe_are_not_overrides() -> None:
    edited = edit_master(MASTER, {"maildrop/unix": {"a": None}}, braces=True)
    assert edited.text == MASTER


def test_of_two_overrides_the_last_one_counts() -> None:
    text = MASTER.replace("-o smtpd_banner=x", "-o smtpd_banner=x -o smtpd_banner=y")
    edited = edit_master(text, {"198.51.100.11:smtp/inet": {"smtpd_banner": "z"}}, braces=True)
    assert "-o smtpd_banner=x -o smtpd_banner=z -v" in edited.text
    assert edited.changes[0].before == "y"
    assert edited.notes == (
        "master.cf overrides smtpd_banner 2 times for 198.51.100.11:smtp/inet: the last one counts, and it was edited.",
    )


def test_of_two_services_of_one_name_the_last_one_counts() -> None:
    text = MASTER + "smtp inet n - n - - smtpd\n"
    edited = edit_master(text, {"smtp/inet": {"smtpd_banner": "z"}}, braces=True)
    assert edited.text == text + "  -o smtpd_banner=z\n"


def test_an_unknown_service_is_refused_with_the_ones_that_there_are() -> None:
    with pytest.raises(
        InvalidInput, match="no service smtps/inet: it has smtp/inet, submission/inet"
    ):
        edit_master(MASTER, {"smtps/inet": {"a": "b"}}, braces=True)


def test_blanks_need_braces() -> None:
    with pytest.raises(NotSupported, match=r"Postfix 3\.0"):
        edit_master(MASTER, {"smtp/inet": {"a": "b c"}}, braces=False)


def test_unbalanced_braces_are_refused() -> None:
    with pytest.raises(InvalidInput, match="unbalanced braces"):
        edit_master(MASTER, {"smtp/inet": {"a": "${b"}}, braces=True)


@given(
    st.sampled_from(service_names(MASTER)),
    names,
    st.none() | values.filter(lambda value: not set("{}") & set(value)),
)
def test_any_override_is_idempotent_and_leaves_other_lines_alone(
    service: str, name: str, value: str | None
) -> None:
    edited = edit_master(MASTER, {service: {name: value}}, braces=True)
    again = edit_master(edited.text, {service: {name: value}}, braces=True)
    assert (again.text, again.changes) == (edited.text, ())
    removed = edit_master(edited.text, {service: {name: None}}, braces=True)
    assert removed.text.split() == MASTER.split()
