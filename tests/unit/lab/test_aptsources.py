# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from mtalab.aptsources import Mirrors, choose, parse_deb822, parse_one_line

DEB822 = """\
# a comment
Types: deb deb-src
URIs: http://mirror.example.test/debian/
Suites: bookworm bookworm-updates
Components: main

Types: deb
URIs: http://mirror.example.test/debian-security
Suites: bookworm-security
Components:
 main
 contrib
"""
ONE_LINE = """\
# deb http://old.example.test/debian bookworm main
deb [arch=amd64 signed-by=/usr/share/keyrings/a.gpg] http://mirror.example.test/debian bookworm main non-free # here
deb-src http://mirror.example.test/debian bookworm main
deb http://mirror.example.test/debian-security bookworm-security main
deb http://other.example.test/apt stable main
"""
EXPECTED = Mirrors(
    "http://mirror.example.test/debian", "http://mirror.example.test/debian-security"
)


def test_both_forms_name_the_same_mirrors() -> None:
    assert choose(parse_deb822(DEB822), codename="bookworm") == EXPECTED
    assert choose(parse_one_line(ONE_LINE), codename="bookworm") == EXPECTED


def test_a_comment_after_the_components_is_not_one() -> None:
    assert parse_one_line(ONE_LINE)[0].components == ("main", "non-free")


def test_an_older_release_names_its_security_suite_differently() -> None:
    text = (
        "deb http://a.example.test/d buster main\ndeb http://s.example.test/d buster/updates main\n"
    )
    found = choose(parse_one_line(text), codename="buster")
    assert found == Mirrors("http://a.example.test/d", "http://s.example.test/d")


@pytest.mark.parametrize(
    "text",
    [
        DEB822.replace("Components: main\n", "Components: main\nEnabled: no\n"),
        DEB822.replace("Types: deb deb-src", "Types: deb-src"),
        DEB822.replace("bookworm bookworm-updates", "trixie"),
        "",
    ],
    ids=["disabled", "sources-only", "another-release", "empty"],
)
def test_a_machine_without_a_mirror_is_told_so(text: str) -> None:
    assert choose(parse_deb822(text), codename="bookworm") is None
