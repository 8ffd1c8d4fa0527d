# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Key agreement against RFC 7748 and RFC 5903 and against `cryptography`; and peers that send what no sound one does."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._tls._crypto import (
    _finite_field,
    _rsa,
    _weierstrass,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._crypto._errors import CryptoError
from ansible_collections.postmaster.tls.plugins.module_utils._tls._crypto._finite_field import (
    FiniteField,
    ffdhe,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._crypto._key_agreement import (
    GROUPS,
    KeyPair,
    group,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._crypto._montgomery import (
    X448,
    X25519,
    Montgomery,
)
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, x448, x25519
from hypothesis import given, settings
from hypothesis import strategies as st

unhex = bytes.fromhex
FIXTURES = Path(__file__).parents[5] / "fixtures" / "rfc8448"
RAW = (serialization.Encoding.Raw, serialization.PublicFormat.Raw)
POINT = (serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)


@pytest.mark.parametrize(
    ("curve", "scalar", "point", "result"),
    [
        (
            X25519,
            "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
            "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
            "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552",
        ),
        (
            X448,
            (
                "3d262fddf9ec8e88495266fea19a34d28882acef045104d0d1aae121700a779c984c24f8cdd78fbff44943eb"
                "a368f54b29259a4f1c600ad3"
            ),
            (
                "06fce640fa3487bfda5f6cf2d5263f8aad88334cbd07437f020f08f9814dc031ddbdc38c19c6da2583fa5429"
                "db94ada18aa7a7fb4ef8a086"
            ),
            (
                "ce3e4ff95a60dc6697da1db1d85e6afbdf79b50a2412d7546d5f239fe14fbaadeb445fc66a01b0779d982239"
                "61111e21766282f73dd96b6f"
            ),
        ),
    ],
    ids=["X25519", "X448"],
)
def test_vectors_of_rfc_7748(curve: Montgomery, scalar: str, point: str, result: str) -> None:
    assert curve.shared(unhex(scalar), unhex(point)) == unhex(result)


@pytest.mark.slow
def test_repeated_x25519_of_rfc_7748() -> None:
    scalar = point = b"\x09" + bytes(31)
    for _round in range(1000):
        scalar, point = X25519.shared(scalar, point), scalar
    assert scalar == unhex("684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51")


def test_p256_of_rfc_5903() -> None:
    scalar = 0xC88F01F510D9AC3F70A292DAA2316DE544E9AAB8AFE84049C62A9C57862D1433
    secret = (scalar - 1).to_bytes(32, "big")
    theirs = unhex(
        "04D12DFB5289C8D4F81208B70270398C342296970A0BCCB74C736FC7554494BF63"
        "56FBF3CA366CC23E8157854C13C58D6AAC23F046ADA30F8353E74F33039872AB"
    )
    assert _weierstrass.P256.public(secret) == unhex(
        "04DAD0B65394221CF9B051E1FECA5787D098DFE637FC90B9EF945D0C3772581180"
        "5271A0461CDB8252D61F1C456FA3E59AB1F45B33ACCF5F58389E0577B8990BB3"
    )
    assert _weierstrass.P256.shared(secret, theirs) == unhex(
        "D6840F6B42F6EDAFD13116E0E12565202FEF8E9ECE7DCE03812464D04B9442DE"
    )


@settings(max_examples=20)
@given(st.binary(min_size=72, max_size=72), st.integers(0, 2))
def test_curves_of_nist_agree_with_openssl(secret: bytes, which: int) -> None:
    curve = (ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1())[which]
    ours = KeyPair(group(0x0017 + which), lambda _size: secret)
    theirs = ec.generate_private_key(curve)
    shared = theirs.exchange(
        ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(curve, ours.public)
    )
    assert ours.shared(theirs.public_key().public_bytes(*POINT)) == shared


@settings(max_examples=20)
@given(st.binary(min_size=72, max_size=72))
def test_curves_of_rfc_7748_agree_with_openssl(secret: bytes) -> None:
    ours = KeyPair(group(0x001D), lambda _size: secret)
    theirs = x25519.X25519PrivateKey.generate()
    peer = x25519.X25519PublicKey.from_public_bytes(ours.public)
    assert ours.shared(theirs.public_key().public_bytes(*RAW)) == theirs.exchange(peer)
    larger = KeyPair(group(0x001E), lambda _size: secret)
    other = x448.X448PrivateKey.generate()
    peer448 = x448.X448PublicKey.from_public_bytes(larger.public)
    assert larger.shared(other.public_key().public_bytes(*RAW)) == other.exchange(peer448)


@pytest.mark.parametrize("code", GROUPS)
def test_both_sides_of_every_group_agree(code: int) -> None:
    one, other = KeyPair(group(code), os.urandom), KeyPair(group(code), os.urandom)
    assert one.shared(other.public) == other.shared(one.public)


def test_an_unknown_group_cannot_be_computed() -> None:
    with pytest.raises(CryptoError, match="0x11EC"):
        group(0x11EC)


@pytest.mark.parametrize(
    "point",
    [
        "00" * 32,
        "01" + "00" * 31,
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ec" + "ff" * 30 + "7f",
        "ed" + "ff" * 30 + "7f",
        "ee" + "ff" * 30 + "7f",
    ],
)
def test_points_of_small_order_are_refused(point: str) -> None:
    with pytest.raises(CryptoError, match="degenerate"):
        X25519.shared(os.urandom(32), unhex(point))


P256 = _weierstrass.P256
ON_CURVE = b"\x04" + P256.base[0].to_bytes(32, "big") + P256.base[1].to_bytes(32, "big")


@pytest.mark.parametrize(
    "point",
    [
        b"",
        b"\0",
        b"\x04" + bytes(64),
        b"\x02" + ON_CURVE[1:33],
        ON_CURVE[:-1],
        ON_CURVE[:-1] + bytes((ON_CURVE[-1] ^ 1,)),
    ],
    ids=["empty", "infinity", "origin", "compressed", "short", "off the curve"],
)
def test_points_off_the_curve_are_refused(point: bytes) -> None:
    with pytest.raises(CryptoError):
        P256.shared(os.urandom(32), point)


def test_a_coordinate_above_the_prime_is_refused() -> None:
    curve = _weierstrass.P521
    x, y = curve.base
    point = b"\x04" + (x + curve.prime).to_bytes(66, "big") + y.to_bytes(66, "big")
    with pytest.raises(CryptoError):
        curve.shared(os.urandom(66), point)


@pytest.mark.parametrize("key", [0, 1, -1, -2])
def test_degenerate_keys_modulo_a_prime_are_refused(key: int) -> None:
    field = ffdhe(2048)
    number = key if key >= 0 else field.prime + key + 1
    with pytest.raises(CryptoError, match="degenerate"):
        field.shared(os.urandom(32), number.to_bytes(257, "big"))


@pytest.mark.parametrize("generator", [0, 1, -1])
def test_degenerate_generators_are_refused(generator: int) -> None:
    prime = ffdhe(2048).prime
    with pytest.raises(CryptoError, match="generator"):
        FiniteField("DH", prime, generator % prime)


@pytest.mark.parametrize("bits", [0, 64, _finite_field.MOST_BITS + 1, 100_000])
def test_the_size_of_a_prime_costs_no_time(bits: int) -> None:
    started = time.process_time()
    with pytest.raises(CryptoError, match=f"{bits} bits"):
        FiniteField("DH", (1 << bits) - 1, 2)
    assert time.process_time() - started < 0.1


def test_groups_of_rfc_7919_end_as_printed_there() -> None:
    """Appendix A.1; and each is a safe prime as far as Fermat can tell."""
    prime = ffdhe(2048).prime
    assert f"{prime:X}".startswith("FFFFFFFFFFFFFFFFADF85458A2BB4A9AAFDC5620273D3CF1")
    assert f"{prime:X}".endswith("886B423861285C97FFFFFFFFFFFFFFFF")
    for bits in (2048, 3072, 4096):
        half = (ffdhe(bits).prime - 1) // 2
        assert pow(2, half - 1, half) == 1


def test_the_rsa_key_of_a_certificate(rsa_certificate: bytes) -> None:
    numbers = x509.load_der_x509_certificate(rsa_certificate).public_key()
    expected = numbers.public_numbers()  # type: ignore[union-attr]
    key = _rsa.public_key(rsa_certificate)
    assert (key.modulus, key.exponent) == (expected.n, expected.e)  # type: ignore[union-attr]


@given(st.data())
def test_no_certificate_breaks_the_reader(rsa_certificate: bytes, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(rsa_certificate) - 1))
    cut = data.draw(st.integers(0, len(rsa_certificate)))
    changed = bytearray(rsa_certificate)
    changed[place] = data.draw(st.integers(0, 255))
    for content in (bytes(changed), rsa_certificate[:cut], data.draw(st.binary(max_size=64))):
        with contextlib.suppress(CryptoError):
            assert _rsa.public_key(content).modulus.bit_length() <= _rsa.MOST_BITS


@pytest.mark.parametrize(
    ("modulus", "exponent"),
    [
        ((1 << 100_000) - 1, 65537),
        ((1 << 2048) - 1, (1 << 2048) - 1),
        ((1 << 2048) - 2, 65537),
        ((1 << 100) - 1, 3),
        ((1 << 2048) - 1, 1),
    ],
    ids=["huge modulus", "huge exponent", "even", "tiny modulus", "exponent 1"],
)
def test_rsa_keys_that_cost_time_or_make_no_sense_are_refused(modulus: int, exponent: int) -> None:
    with pytest.raises(CryptoError):
        _rsa.RsaKey(modulus, exponent)


@pytest.fixture(scope="module")
def rsa_certificate() -> bytes:
    """The leaf of RFC 8448 section 3, which has an RSA key of 1024 bits."""
    lines = (FIXTURES / "simple_1rtt.txt").read_text().splitlines()
    flight = next(line for line in lines if line.startswith("server_flight ")).split()[1]
    start = flight.index("308201ac")
    return unhex(flight[start : start + 2 * 432])
