# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._edit import edit_master
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._master import parse_master
from ansible_collections.postmaster.tls.tests.support.scripted_commands import text_of
from hypothesis import given
from hypothesis import strategies as st

RAW = """\
# a comment
smtp      inet  n       -       y       -       -       smtpd
  -o smtpd_tls_security_level=may
# a comment between
  -o { smtpd_tls_exclude_ciphers = aNULL, RC4 }
   # an indented comment

  -o smtpd_tls_security_level=encrypt
short inet n
maildrop  unix  -       n       n       -       -       pipe
  flags=DRXhu user=vmail argv=/usr/bin/maildrop -o not=ours
"""


@pytest.mark.parametrize("version", ["3.5.25", "3.11.7"])
def test_the_overrides_are_those_that_postconf_p_prints(version: str) -> None:
    services = parse_master(text_of(version, "M.txt"))
    found = {
        f"{service.name}/{name} = {value}"
        for service in services
        for name, value in service.overrides.items()
    }
    assert found == set(text_of(version, "P.txt").splitlines())


def test_a_raw_file_is_read_with_comments_continuations_and_groups() -> None:
    smtp, maildrop = parse_master(RAW)
    assert (smtp.name, smtp.type, smtp.command, smtp.endpoint) == (
        "smtp/inet",
        "inet",
        "smtpd",
        "smtp",
    )
    assert smtp.overrides == {
        "smtpd_tls_security_level": "encrypt",
        "smtpd_tls_exclude_ciphers": "aNULL, RC4",
    }
    assert maildrop.command == "pipe"


def test_an_override_can_be_set_and_removed() -> None:
    smtp = parse_master(RAW)[0].with_overrides(
        {"smtpd_tls_security_level": None, "smtpd_tls_ciphers": "high"}
    )
    assert smtp.overrides == {
        "smtpd_tls_exclude_ciphers": "aNULL, RC4",
        "smtpd_tls_ciphers": "high",
    }


@given(st.text(alphabet="ab-o {}=\n\t#", max_size=80))
def test_no_text_makes_it_fail(text: str) -> None:
    parse_master("smtp inet n - y - - smtpd " + text)


@given(
    st.lists(
        st.sampled_from(
            ["-o", "a=b", "{ c = d e }", "-oe=f", "-v", "-vo", "x", "--", "# g", "\n  "]
        )
    )
)
def test_whoever_reads_and_whoever_edits_see_the_same(words: list[str]) -> None:
    text = "smtp inet n - y - - smtpd " + " ".join(words) + "\n"
    (service,) = parse_master(text)
    if not all(name.isalpha() for name in service.overrides):
        return
    edited = edit_master(text, {service.name: dict(service.overrides)}, braces=True)
    assert edited.changes == ()
    absent = edit_master(text, {service.name: dict.fromkeys("acex")}, braces=True)
    assert {one.parameter for one in absent.changes} == set(service.overrides)


def test_of_two_entries_with_one_name_the_last_counts() -> None:
    text = "smtp inet n - y - - smtpd -o a=1\nsmtp inet n - y - - smtpd -o a=2\n"
    (service,) = parse_master(text)
    assert service.overrides == {"a": "2"}


def test_what_follows_a_plain_argument_is_no_override() -> None:
    (service,) = parse_master("smtp inet n - y - - smtpd -o a=1 argument -o b=2\n")
    assert service.overrides == {"a": "1"}
