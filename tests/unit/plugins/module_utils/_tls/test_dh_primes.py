# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Published primes: the openssl command has those of the RFCs and writes them down."""

from __future__ import annotations

import re
import subprocess

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._tls import _dh_primes

GROUPS = {
    **{f"ffdhe{bits}": f"RFC 7919 ffdhe{bits}" for bits in (2048, 3072, 4096, 6144, 8192)},
    "modp_1536": "RFC 3526 group 5",
    "modp_2048": "RFC 3526 group 14",
    "modp_3072": "RFC 3526 group 15",
    "modp_4096": "RFC 3526 group 16",
    "modp_6144": "RFC 3526 group 17",
    "modp_8192": "RFC 3526 group 18",
}


@pytest.mark.parametrize(("group", "name"), GROUPS.items())
def test_prime_of_openssl_has_its_name(group: str, name: str) -> None:
    options = ["-genparam", "-algorithm", "DH", "-pkeyopt", f"group:{group}"]
    made = subprocess.run(["openssl", "genpkey", *options], check=True, capture_output=True)
    shown = subprocess.run(
        ["openssl", "asn1parse"], input=made.stdout, check=True, capture_output=True
    ).stdout
    digits = re.search(rb"INTEGER +:([0-9A-F]+)", shown)
    assert digits is not None
    prime = int(digits[1], 16)
    assert _dh_primes.name_of(prime) == name
    assert _dh_primes.name_of(prime + 2) == ""


def test_group_2_of_rfc_2409() -> None:
    """Its digits are those of pi: 2^1024 - 2^960 - 1 + 2^64 * (floor(2^894 pi) + 129093)."""
    prime = 2**1024 - 2**960 - 1 + 2**64 * (pi_times_two_to(894) + 129093)
    assert _dh_primes.name_of(prime) == "RFC 2409 group 2"


def pi_times_two_to(power: int) -> int:
    """Machin's formula, with 64 bits to spare."""
    unit = 1 << power + 64

    def arctangent_of_reciprocal(number: int) -> int:
        total, term, odd = 0, unit // number, 1
        while term:
            total += term // odd if odd % 4 == 1 else -(term // odd)
            term //= number * number
            odd += 2
        return total

    return 4 * (4 * arctangent_of_reciprocal(5) - arctangent_of_reciprocal(239)) >> 64
