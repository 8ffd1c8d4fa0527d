# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a list means was found out by handshakes with Postfix 3.7.11 where a test says so, else from the sources."""

from __future__ import annotations

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._protocol_list import (
    spell,
    understand,
)
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._version import PostfixVersion
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol
from ansible_collections.postmaster.tls.tests.support.postfix_host import HISTORY
from hypothesis import given
from hypothesis import strategies as st

VERSIONS = [PostfixVersion.parse(text) for text in HISTORY["versions"]]
OPENSSL_3 = frozenset(Protocol.from_label(f"TLSv1{minor}") for minor in ("", ".1", ".2", ".3"))
OPENSSL_101 = frozenset(Protocol) - {Protocol.TLSv1_3}
OPENSSL_098 = frozenset((Protocol.SSLv2, Protocol.SSLv3, Protocol.TLSv1))


def labels(protocols: frozenset[Protocol]) -> list[str]:
    return [protocol.label for protocol in sorted(protocols)]


def understood(value: str, version: str, library: frozenset[Protocol]) -> list[str]:
    return labels(understand(value, PostfixVersion.parse(version), library=library).protocols)


@pytest.mark.parametrize(
    ("value", "highest"),
    [
        ("!SSLv2,!SSLv3,!TLSv1,TLSv1.1,TLSv1.2", "TLSv1.2"),
        ("!SSLv2,!SSLv3,!TLSv1,!TLSv1.1", "TLSv1.3"),
        (">=TLSv1.2", "TLSv1.3"),
        (">= TLSv1.2", "TLSv1.2"),
        ("TLSv1.2, !SSLv3", "TLSv1.2"),
        ("SSLv2, !SSLv3, !TLSv1, !TLSv1.1", "TLSv1.3"),
    ],
)
def test_highest_protocol_that_postfix_3_7_really_negotiated(value: str, highest: str) -> None:
    assert understood(value, "3.7.11", OPENSSL_3)[-1] == highest


@pytest.mark.parametrize(
    "value", ["!TLSv1.0", "TLSv1.4", ">=TLSv1.2x", "<=SSLv2", ">=-1", "!>=TLSv1.2"]
)
def test_words_that_postfix_3_7_calls_invalid(value: str) -> None:
    meaning = understand(value, PostfixVersion.parse("3.7.11"), library=OPENSSL_3)
    assert meaning.invalid == value
    assert not meaning.protocols


@pytest.mark.parametrize(
    ("value", "version", "library", "expected"),
    [
        ("", "2.6.6", OPENSSL_098, ["SSLv2", "SSLv3", "TLSv1"]),
        ("TLSv1", "2.6.6", OPENSSL_101, ["TLSv1", "TLSv1.1", "TLSv1.2"]),
        ("!SSLv2, !SSLv3", "2.6.6", OPENSSL_101, ["TLSv1", "TLSv1.1", "TLSv1.2"]),
        ("TLSv1.2, TLSv1.1, !TLSv1, !SSLv2, !SSLv3", "2.6.6", OPENSSL_101, []),
        ("TLSv1.2, TLSv1.1, !TLSv1, !SSLv2, !SSLv3", "2.6.15", OPENSSL_101, ["TLSv1.1", "TLSv1.2"]),
        ("TLSv1.2", "2.10.0", OPENSSL_101, ["TLSv1.2"]),
        ("!TLSv1.2", "2.10.0", OPENSSL_098, []),
        ("!TLSv1.2", "3.0.0", OPENSSL_098, ["SSLv2", "SSLv3", "TLSv1"]),
        ("SSLv3, TLSv1", "2.3.0", OPENSSL_098, ["SSLv3", "TLSv1"]),
        ("!SSLv2", "2.4.16", OPENSSL_098, []),
        ("!SSLv2", "2.5.0", OPENSSL_098, ["SSLv3", "TLSv1"]),
        ("TLSv1.2", "3.3.1", OPENSSL_3, ["TLSv1.2", "TLSv1.3"]),
        ("TLSv1.2", "3.3.2", OPENSSL_3, ["TLSv1.2"]),
        ("!TLSv1.3", "3.3.1", OPENSSL_3, ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"]),
        ("!TLSv1.3", "3.4.0", OPENSSL_3, ["TLSv1", "TLSv1.1", "TLSv1.2"]),
        (">=TLSv1.2", "3.5.27", OPENSSL_3, []),
        (">=TLSv1.2", "3.6.0", OPENSSL_3, ["TLSv1.2", "TLSv1.3"]),
        (">=tlsv1.2:<=TLSv1.2", "3.6.0", OPENSSL_3, ["TLSv1.2"]),
        (">=0303", "3.11.6", OPENSSL_3, ["TLSv1.2", "TLSv1.3"]),
        (">=0x0304", "3.11.6", OPENSSL_3, ["TLSv1.3"]),
        (">=0305", "3.11.6", OPENSSL_3, ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"]),
        (">=None", "3.11.6", OPENSSL_3, ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"]),
        (">=TLSv1.1, !TLSv1.2", "3.11.6", OPENSSL_3, ["TLSv1.1", "TLSv1.3"]),
    ],
)
def test_the_meaning_by_version(
    value: str, version: str, library: frozenset[Protocol], expected: list[str]
) -> None:
    assert understood(value, version, library) == expected


def test_a_mixed_list_and_a_blank_after_a_bound_are_told() -> None:
    version = PostfixVersion.parse("3.10.13")
    assert understand("TLSv1.2, !SSLv3", version).mixed
    assert not understand("TLSv1.2, TLSv1.3", version).mixed
    assert understand(">= TLSv1.2", version).blank_bound
    assert understand("TLSv1.2, !SSLv3", version).included == ("TLSv1.2",)


@pytest.mark.parametrize("line", sorted({(v.major, v.minor) for v in VERSIONS}))
@pytest.mark.parametrize("library", [None, OPENSSL_3, OPENSSL_101, OPENSSL_098])
def test_every_version_understands_what_is_spelled_for_it(
    line: tuple[int, int], library: frozenset[Protocol] | None
) -> None:
    for version in (v for v in VERSIONS if (v.major, v.minor) == line):
        for minimum in Protocol:
            for maximum in (None, *(p for p in Protocol if p >= minimum)):
                value = spell(minimum, maximum, version, library=library)
                assert " " not in value
                meaning = understand(value, version, library=library)
                assert meaning.invalid is None
                assert not meaning.mixed


@pytest.mark.parametrize("minimum", sorted(OPENSSL_3))
@pytest.mark.parametrize("maximum", sorted(OPENSSL_3))
def test_from_3_4_on_every_floor_and_ceiling_can_be_said(
    minimum: Protocol, maximum: Protocol
) -> None:
    expected = {p for p in OPENSSL_3 if minimum <= p <= maximum}
    for version in (v for v in VERSIONS if v >= PostfixVersion(3, 4)):
        value = spell(minimum, maximum, version, library=OPENSSL_3)
        assert understand(value, version, library=OPENSSL_3).protocols == expected


def test_the_nearest_that_2_6_6_can_say() -> None:
    version = PostfixVersion.parse("2.6.6")
    value = spell(Protocol.TLSv1_2, None, version, library=OPENSSL_101)
    assert value == "!SSLv2,!SSLv3,!TLSv1"
    assert understood(value, "2.6.6", OPENSSL_101) == ["TLSv1.1", "TLSv1.2"]


@given(st.text(max_size=40), st.sampled_from(VERSIONS))
def test_any_text_has_a_meaning(value: str, version: PostfixVersion) -> None:
    meaning = understand(value, version)
    assert meaning.invalid is None or not meaning.protocols
