# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The edits of sendmail.mc; m4 itself says what an edited file defines."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._errors import InvalidInput
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._m4 import (
    active,
    calls,
    includes,
)
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._mc_edit import (
    edit_defines,
    edit_features,
    edit_raw_options,
    raw_options,
)
from hypothesis import given
from hypothesis import strategies as st

DEBIAN = """\
divert(-1)dnl
# If you modify this file, run `make' or it isn't seen: define(`confCIPHER_LIST', `OLD')
divert(0)dnl
include(`/usr/share/sendmail/cf/m4/cf.m4')dnl
OSTYPE(`debian')dnl
dnl define(`confCIPHER_LIST', `COMMENTED')dnl
define(`confPRIVACY_FLAGS',dnl
`needmailhelo,(odd)')dnl
FEATURE(`access_db', , `skip')dnl
#  it's text now, and `confCIPHER_LIST' is quoted
define(`confCIPHER_LIST', `HIGH')dnl
include(`/etc/mail/m4/provider.m4')dnl
dnl #
MAILER_DEFINITIONS
MAILER(`local')dnl
MAILER(`smtp')dnl
"""
NAMES = ("confA", "confB", "confC")
VALUES = st.text(
    st.characters(codec="ascii", categories=["L", "N"], include_characters=" !:+@_-.,()="),
    max_size=12,
).filter(lambda text: active(text) is None)
M4_WORDS = """\
builtin changecom changequote debugmode define divert divnum dnl dumpdef errprint esyscmd eval format ifdef ifelse
include incr index indir len m4exit m4wrap maketemp shift sinclude substr syscmd sysval traceon translit undefine
undivert __file__ __line__ __gnu__ __unix__ __program__ HIGH ECDHE confB"""


def by_m4(text: str) -> dict[str, str | None]:
    """What m4 makes of the three names behind a file; None where a name is not defined."""
    asked = "".join(
        f"\nifdef(`{name}', `[[{mark}:'defn(`{name}')`]]')" for mark, name in enumerate(NAMES)
    )
    done = subprocess.run(["m4"], input=text + asked, capture_output=True, text=True, check=True)
    found: dict[str, str | None] = dict.fromkeys(NAMES)
    for mark, name in enumerate(NAMES):
        if f"[[{mark}:" in done.stdout:
            found[name] = done.stdout.partition(f"[[{mark}:")[2].partition("]]")[0]
    return found


def test_a_definition_is_replaced_in_its_place() -> None:
    edited = edit_defines(DEBIAN, {"confCIPHER_LIST": "ECDHE"})
    assert edited.text == DEBIAN.replace("`HIGH'", "`ECDHE'")
    assert [(one.name, one.before, one.after) for one in edited.changes] == [
        ("confCIPHER_LIST", "HIGH", "ECDHE")
    ]


def test_a_new_definition_stands_before_the_mailers_and_behind_every_include() -> None:
    edited = edit_defines(DEBIAN, {"confDH_PARAMETERS": "2048"})
    line = "define(`confDH_PARAMETERS', `2048')dnl\n"
    assert edited.text == DEBIAN.replace("MAILER_DEFINITIONS\n", line + "MAILER_DEFINITIONS\n")


def test_null_takes_the_line_away_and_leaves_comments() -> None:
    edited = edit_defines(DEBIAN, {"confCIPHER_LIST": None, "confPRIVACY_FLAGS": None})
    assert "`HIGH'" not in edited.text
    assert "needmailhelo" not in edited.text
    assert "`COMMENTED'" in edited.text
    assert "`OLD'" in edited.text
    assert len(edited.text.splitlines()) == len(DEBIAN.splitlines()) - 3


def test_what_is_in_force_is_not_touched() -> None:
    wanted = {"confCIPHER_LIST": "HIGH", "confPRIVACY_FLAGS": "needmailhelo,(odd)", "confX": None}
    edited = edit_defines(DEBIAN, wanted)
    assert edited.text == DEBIAN
    assert edited.changes == ()


def test_an_undefined_macro_is_defined_behind_its_undefine() -> None:
    text = "undefine(`confA')dnl  keep\nMAILER(smtp)\n"
    edited = edit_defines(text, {"confA": "1"})
    assert edited.text == "undefine(`confA')dnl  keep\ndefine(`confA', `1')dnl\nMAILER(smtp)\n"


@pytest.mark.parametrize("value", ["a'b", "a`b", "a\nb"])
def test_a_value_that_m4_would_read_otherwise_is_refused(value: str) -> None:
    with pytest.raises(InvalidInput, match="confA has a quote or a line break"):
        edit_defines(DEBIAN, {"confA": value})


@pytest.mark.parametrize(
    "value",
    [
        "esyscmd(id)HIGH",
        "HIGH:1syscmd(id)",
        "include(/etc/shadow)",
        "FEATURE(/tmp/x)",
        "HIGH dnl",
        "divert",
        "confB confA",
        "$0",
    ],
)
def test_a_value_that_m4_would_carry_out_is_refused(value: str) -> None:
    with pytest.raises(InvalidInput, match="value of confA has"):
        edit_defines(DEBIAN, {"confA": value})


@pytest.mark.parametrize(
    "value", ["$j Sendmail $v (no UCE); $b", "/usr/include/x.pem", "procmail -Y -a $h -d $u"]
)
def test_words_that_m4_passes_on_are_a_value(value: str) -> None:
    assert f"`{value}'" in edit_defines(DEBIAN, {"confA": value}).text


def test_what_m4_would_carry_out_is_refused_in_features_and_options_too() -> None:
    with pytest.raises(InvalidInput, match=r"value of access_db has 'syscmd\('"):
        edit_features(DEBIAN, {"access_db": ("hash", "-o syscmd(id)")})
    with pytest.raises(InvalidInput, match=r"value of CipherSuites has 'esyscmd\('"):
        edit_raw_options("LOCAL_CONFIG\nO CipherSuites=A\n", {"CipherSuites": "esyscmd(id)"})


@pytest.mark.skipif(not shutil.which("m4"), reason="m4 is not installed")
@given(
    st.lists(
        st.sampled_from([*M4_WORDS.split(), "(", ")", ",", " ", ":", "$", "1", "/"]), max_size=6
    )
)
def test_what_is_not_refused_is_for_m4_text_as_it_stands(pieces: list[str]) -> None:
    value = "".join(pieces)
    if active(value) is None:
        text = f"define(`confA', `{value}')dnl\nconfA\n[confA]\n"
        done = subprocess.run(["m4"], input=text, capture_output=True, text=True, check=True)
        assert (done.stdout, done.stderr) == (f"{value}\n[{value}]\n", "")


@pytest.mark.parametrize("value", [" ", " a", "a ", ""])
def test_quoted_blanks_around_a_value_belong_to_it(value: str) -> None:
    edited = edit_defines(DEBIAN, {"confA": value})
    assert f"define(`confA', `{value}')dnl\n" in edited.text
    assert edit_defines(edited.text, {"confA": value}).changes == ()


def test_a_name_that_is_none_is_refused() -> None:
    with pytest.raises(InvalidInput, match="'con fA' cannot be a name"):
        edit_defines(DEBIAN, {"con fA": "1"})


def test_features_are_added_changed_and_removed() -> None:
    added = edit_features(DEBIAN, {"tls_session_features": ()})
    assert "FEATURE(`tls_session_features')dnl\nMAILER_DEFINITIONS" in added.text
    assert edit_features(added.text, {"tls_session_features": ()}).changes == ()
    assert edit_features(added.text, {"tls_session_features": None}).text == DEBIAN
    changed = edit_features(DEBIAN, {"access_db": ("hash -o /etc/mail/access",)})
    assert "FEATURE(`access_db', `hash -o /etc/mail/access')dnl\n" in changed.text
    assert [(one.before, one.after) for one in changed.changes] == [
        (", skip", "hash -o /etc/mail/access")
    ]


def test_an_option_without_a_macro_stands_in_local_config() -> None:
    first = edit_raw_options(DEBIAN, {"CipherSuites": "TLS_AES_128_GCM_SHA256"})
    assert first.text.endswith("LOCAL_CONFIG\n`O CipherSuites=TLS_AES_128_GCM_SHA256'\n")
    again = edit_raw_options(first.text, {"CipherSuites": "TLS_AES_256_GCM_SHA384"})
    assert again.text == first.text.replace("128_GCM_SHA256", "256_GCM_SHA384")
    assert edit_raw_options(first.text, {"CipherSuites": "TLS_AES_128_GCM_SHA256"}).changes == ()
    assert edit_raw_options(first.text, {"CipherSuites": None}).text == DEBIAN + "LOCAL_CONFIG\n"


def test_a_line_that_somebody_wrote_into_local_config_is_edited_in_its_place() -> None:
    text = "LOCAL_CONFIG\n# ours\nO CipherList=HIGH\nO LogLevel=9\n"
    edited = edit_raw_options(text, {"CipherList": "ECDHE"})
    assert edited.text == text.replace("HIGH", "ECDHE")


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("O CipherList=HIGH dnl LOW", "HIGH"),
        ("O CipherList=HIGHdnl", "HIGHdnl"),
        ("O CipherList=HIGH:dnl", "HIGH:"),
        ("O CipherList=HIGH # dnl LOW", "HIGH"),
        (r"O CipherList=HIGH\#1", r"HIGH\#1"),
        ("O CipherList=HIGH \t", "HIGH"),
        ("O CipherList=\tHIGH", "\tHIGH"),
        ("O CipherList", ""),
        ("O CipherList dnl LOW", ""),
        ("`O CipherList'dnl", ""),
        ("O CipherList= dnl", ""),
        ("`O CipherList=HIGH'  dnl", "HIGH"),
        ("O CipherList=a" + " " * 100_000 + "b", "a" + " " * 100_000 + "b"),
    ],
    ids=[
        *("a comment", "no word of its own", "at once", "a comment of sendmail", "no comment"),
        *("blanks behind", "a tab before", "no sign", "no sign, a comment", "no sign, quoted"),
        *("nothing", "quoted", "blanks that are read once"),
    ],
)
def test_what_a_line_of_local_config_sets(line: str, value: str) -> None:
    assert [one["value"] for one in raw_options(f"LOCAL_CONFIG\n{line}\n", "CipherList")] == [value]


@pytest.mark.parametrize("line", ["O\tDANE=true", "O  DANE=true", "O DANE\t=true", "O DANEs=true"])
def test_a_line_with_a_blank_that_sendmail_refuses_sets_nothing(line: str) -> None:
    assert raw_options(f"LOCAL_CONFIG\n{line}\n", "DANE") == []


@pytest.mark.parametrize(
    ("line", "edited"),
    [
        ("O DANE", "O DANE=false"),
        ("O dane dnl ours", "O dane=false dnl ours"),
        ("`O DANE'dnl", "`O DANE=false'dnl"),
        ("O DANE = dnl ours", "O DANE = false dnl ours"),
        ("O DANE=true # ours", "O DANE=false # ours"),
    ],
)
def test_an_option_without_a_value_is_edited_in_its_place(line: str, edited: str) -> None:
    text = f"LOCAL_CONFIG\n{line}\nO LogLevel=9\n"
    assert edit_raw_options(text, {"DANE": "false"}).text == text.replace(line, edited)
    assert edit_raw_options(text, {"DANE": None}).text == "LOCAL_CONFIG\nO LogLevel=9\n"


def test_a_line_that_has_the_name_in_another_case_is_the_one_that_is_edited() -> None:
    text = "LOCAL_CONFIG\nO ciphersuites = A\nO CipherSuitesToo=B\n"
    edited = edit_raw_options(text, {"CipherSuites": "C"})
    assert edited.text == text.replace("= A", "= C")
    assert edit_raw_options(text, {"CIPHERSUITES": None}).text == text.replace(
        "O ciphersuites = A\n", ""
    )


def test_includes_are_read_and_comments_end_with_cf_m4() -> None:
    assert includes(DEBIAN) == (
        "/usr/share/sendmail/cf/m4/cf.m4",
        "/etc/mail/m4/provider.m4",
    )
    assert [one.name for one in calls("# define(`a')\n", comments=False)] == ["define"]
    assert list(calls("# define(`a')\n")) == []


@pytest.mark.skipif(not shutil.which("m4"), reason="m4 is not installed")
@given(
    st.lists(
        st.one_of(
            st.tuples(st.sampled_from(NAMES), VALUES).map(
                lambda pair: f"define(`{pair[0]}', `{pair[1]}')dnl"
            ),
            st.sampled_from(
                (
                    "dnl define(`confA', `no')",
                    "# define(`confB', `no')",
                    "`quoted define(confC)'dnl",
                    "undefine(`confA')dnl",
                    "define(`confB',dnl said\n  `split')dnl said",
                    "text with ) and , and (",
                )
            ),
        ),
        max_size=8,
    ),
    st.dictionaries(st.sampled_from(NAMES), st.none() | VALUES),
)
def test_m4_finds_what_was_asked_for_and_everything_else_as_before(
    lines: list[str], wanted: dict[str, str | None]
) -> None:
    text = "".join(line + "\n" for line in lines)
    edited = edit_defines(text, wanted)
    assert by_m4(edited.text) == {**by_m4(text), **wanted}
    assert edit_defines(edited.text, wanted).changes == ()
