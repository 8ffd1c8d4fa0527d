# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._errors import InvalidInput
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._records import (
    Record,
    parsed,
    strongest,
    unusable,
)
from ansible_collections.postmaster.tls.tests.support.authority import sign
from ansible_collections.postmaster.tls.tests.support.dane_cases import record
from hypothesis import given
from hypothesis import strategies as st

# RFC 6698 section 2.3.
CA_BY_SHA256 = "0 0 1 d2abde240d7cd3ee6b4b28c54df034b9 7983a1d16e8a410e4561cb106618e971"
END_BY_SHA512 = (
    "1 1 2 92003ba34942dc74152e2f2c408d29ec a5a520e7f2e06bb944f4dca346baf63c"
    " 1b177615d466f6c4b71c216a50292bd5 8c9ebdd2f74e38fe51ffd48c43326cbc"
)
OWN = sign("mx.example.test")


def test_rfc6698_section_2_3_the_hash_of_a_certificate_authority() -> None:
    found = parsed(CA_BY_SHA256)
    assert (found.usage, found.selector, found.matching_type, len(found.data)) == (0, 0, 1, 32)
    assert "not for mail servers" in (unusable(found) or "")


def test_rfc6698_section_2_3_the_hash_of_a_public_key() -> None:
    found = parsed(END_BY_SHA512)
    assert (found.usage, found.selector, found.matching_type, len(found.data)) == (1, 1, 2, 64)
    assert "RFC 7672 section 3.1.3" in (unusable(found) or "")


def test_rfc7218_words_are_numbers() -> None:
    digest = "ab" * 32
    assert parsed(f"DANE-EE SPKI SHA2-256 {digest}") == parsed(f"3 1 1 {digest}")
    assert parsed(f"dane-ta cert sha2-256 {digest}") == parsed(f"2 0 1 {digest}")


def test_rfc3597_writes_any_record() -> None:
    assert parsed("\\# 4 030101ab") == parsed("3 1 1 ab")
    assert parsed("\\# 0").text == "\\# 0"


@pytest.mark.parametrize(
    "text",
    ["", "3", "3 1", "3 1 1 abc", "3 1 1 zz", "256 1 1 ab", "-1 1 1 ab", "\\# 5 00", "\\#", "a b c d", "٣ 1 1 ab"],
)  # fmt: skip
def test_what_is_no_record_is_one_sentence(text: str) -> None:
    with pytest.raises(InvalidInput, match=r"cannot be read .* write it as 3 1 1"):
        parsed(text)


@pytest.mark.parametrize(
    ("wire", "reason"),
    [
        (b"", "it has 0 octets"),
        (b"\x03\x01", "it has 2 octets"),
        (b"\x03\x01\x01", "sha256 has 32 octets, and 0 are given"),
        (b"\x03\x01\x01" + bytes(31), "sha256 has 32 octets, and 31 are given"),
        (b"\x03\x01\x02" + bytes(32), "sha512 has 64 octets, and 32 are given"),
        (b"\x09\x01\x01" + bytes(32), "usage 9 is not known"),
        (b"\xff\x01\x01" + bytes(32), "usage 255 is not known"),
        (b"\x03\x02\x01" + bytes(32), "selector 2 is not known"),
        (b"\x03\x01\x03" + bytes(48), "matching type 3 is not known"),
        (b"\x03\x01\xff" + bytes(32), "matching type 255 is not known"),
        (b"\x03\x00\x00", "it has no certificate"),
        (b"\x02\x01\x00" + bytes(20), "its data is no public key in DER form"),
        (b"\x03\x00\x00" + OWN.der[:-1], "its data is no certificate in DER form"),
        (b"\x03\x00\x00" + OWN.der + b"\0", "its data is no certificate in DER form"),
    ],
)
def test_unusable(wire: bytes, reason: str) -> None:
    assert (unusable(Record(wire)) or "").startswith(reason)


@pytest.mark.parametrize("usage", [2, 3])
@pytest.mark.parametrize("selector", [0, 1])
@pytest.mark.parametrize("matching", [0, 1, 2])
def test_usable(usage: int, selector: int, matching: int) -> None:
    assert unusable(parsed(record(usage, selector, matching, OWN))) is None


def test_rfc7671_section_9_digest_agility() -> None:
    """Within a usage and a selector full data and the strongest digest count; other pairs have a strongest of their own."""
    texts = [f"3 1 1 {'00' * 32}", f"3 1 2 {'00' * 64}", "3 1 0 00", f"3 0 1 {'00' * 32}", f"2 1 1 {'00' * 32}"]  # fmt: skip
    kept = [one.text for one in strongest([parsed(text) for text in texts])]
    assert kept == texts[1:]


@given(st.binary(max_size=300))
def test_any_record_survives_its_text(wire: bytes) -> None:
    assert parsed(Record(wire).text).wire == wire


@given(st.binary(max_size=300))
def test_any_record_is_usable_or_says_why_not(wire: bytes) -> None:
    reason = unusable(Record(wire))
    assert reason is None or reason


@given(st.text(max_size=100) | st.from_regex(r"[0-9 ]{1,9}[0-9a-f ]{0,80}", fullmatch=True))
def test_any_text_is_a_record_or_a_sentence(text: str) -> None:
    try:
        found = parsed(text)
    except InvalidInput:
        return
    assert parsed(found.text) == found
