# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ciphers against the vectors of their standards, and against what `cryptography` (OpenSSL) computes."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._tls._crypto import _chacha
from ansible_collections.postmaster.tls.plugins.module_utils._tls._crypto._aead import (
    Aead,
    Ccm,
    ChaCha20Poly1305,
    Gcm,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._crypto._aes import Aes
from ansible_collections.postmaster.tls.plugins.module_utils._tls._crypto._ciphers import Cbc, Rc4
from ansible_collections.postmaster.tls.plugins.module_utils._tls._crypto._des import TripleDes
from ansible_collections.postmaster.tls.plugins.module_utils._tls._crypto._errors import CryptoError
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, aead, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st

unhex = bytes.fromhex
TEXT = st.binary(max_size=300)
NONCE = st.binary(min_size=12, max_size=12)
LONG = st.binary(min_size=32, max_size=32)


@pytest.mark.parametrize(
    ("key", "sealed"),
    [
        ("000102030405060708090a0b0c0d0e0f", "69c4e0d86a7b0430d8cdb78070b4c55a"),
        (
            "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
            "8ea2b7ca516745bfeafc49904b496089",
        ),
    ],
)
def test_aes_of_fips_197(key: str, sealed: str) -> None:
    plain = unhex("00112233445566778899aabbccddeeff")
    assert Aes(unhex(key)).encrypt(plain * 3) == unhex(sealed) * 3
    assert Aes(unhex(key)).decrypt(unhex(sealed) * 3) == plain * 3


GCM_KEY = unhex("feffe9928665731c6d6a8f9467308308")
GCM_NONCE = unhex("cafebabefacedbaddecaf888")
GCM_DATA = unhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
GCM_TEXT = unhex(
    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
    "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
)


@pytest.mark.parametrize(
    ("key", "sealed"),
    [
        (
            GCM_KEY,
            (
                "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5a"
                "ac84aa051ba30b396a0aac973d58e0915bc94fbc3221a5db94fae95ae7121a47"
            ),
        ),
        (
            GCM_KEY * 2,
            (
                "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b10"
                "56828838c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b"
            ),
        ),
    ],
    ids=["test case 4", "test case 16"],
)
def test_gcm_of_its_specification(key: bytes, sealed: str) -> None:
    assert Gcm(key).seal(GCM_NONCE, GCM_TEXT, GCM_DATA) == unhex(sealed)
    assert Gcm(key).open(GCM_NONCE, unhex(sealed), GCM_DATA) == GCM_TEXT


def test_ccm_of_sp_800_38c_example_3() -> None:
    key, nonce = bytes(range(0x40, 0x50)), bytes(range(0x10, 0x1C))
    sealed = Ccm(key, 8).seal(nonce, bytes(range(0x20, 0x38)), bytes(range(20)))
    assert sealed == unhex("e3b201a9f5b71a7a9b1ceaeccd97e70b6176aad9a4428aa5484392fbc1b09951")


def test_chacha20_poly1305_of_rfc_8439() -> None:
    text = (
        b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, "
        b"sunscreen would be it."
    )
    nonce, data = unhex("070000004041424344454647"), unhex("50515253c0c1c2c3c4c5c6c7")
    sealed = ChaCha20Poly1305(bytes(range(0x80, 0xA0))).seal(nonce, text, data)
    assert sealed.startswith(unhex("d31a8d34648e60db7b86afbc53ef7ec2"))
    assert sealed.endswith(unhex("1ae10b594f09e26a7e902ecbd0600691"))


def test_poly1305_of_rfc_8439() -> None:
    key = unhex("85d6be7857556d337f4452fe42d506a80103808afb0db2fd4abff6af4149f51b")
    tag = _chacha.poly1305(key, b"Cryptographic Forum Research Group")
    assert tag == unhex("a8061dc1305136c6c22b8baf0c0127a9")


@given(st.sampled_from((16, 32)), LONG, NONCE, TEXT, TEXT)
def test_gcm_is_what_openssl_computes(
    size: int, key: bytes, nonce: bytes, plain: bytes, data: bytes
) -> None:
    key = key[:size]
    assert Gcm(key).seal(nonce, plain, data) == aead.AESGCM(key).encrypt(nonce, plain, data)


@given(st.sampled_from((16, 32)), st.sampled_from((8, 16)), LONG, NONCE, TEXT, TEXT)
def test_ccm_is_what_openssl_computes(
    size: int, tag: int, key: bytes, nonce: bytes, plain: bytes, data: bytes
) -> None:
    key = key[:size]
    expected = aead.AESCCM(key, tag).encrypt(nonce, plain, data or b"\0")
    assert Ccm(key, tag).seal(nonce, plain, data or b"\0") == expected


@given(LONG, NONCE, TEXT, TEXT)
def test_chacha20_poly1305_is_what_openssl_computes(
    key: bytes, nonce: bytes, plain: bytes, data: bytes
) -> None:
    expected = aead.ChaCha20Poly1305(key).encrypt(nonce, plain, data)
    assert ChaCha20Poly1305(key).seal(nonce, plain, data) == expected


AEADS: dict[str, t.Callable[[], Aead]] = {
    "GCM": lambda: Gcm(bytes(16)),
    "CCM": lambda: Ccm(bytes(16), 16),
    "CCM_8": lambda: Ccm(bytes(16), 8),
    "ChaCha20": lambda: ChaCha20Poly1305(bytes(32)),
}


@pytest.mark.parametrize("name", AEADS)
@pytest.mark.parametrize("place", [0, 40, -1])
def test_a_changed_byte_does_not_open(name: str, place: int) -> None:
    cipher = AEADS[name]()
    sealed = bytearray(cipher.seal(bytes(12), b"attack at dawn" * 5, b"header"))
    assert cipher.open(bytes(12), bytes(sealed), b"header") == b"attack at dawn" * 5
    with pytest.raises(CryptoError):
        cipher.open(bytes(12), bytes(sealed), b"other header")
    sealed[place] ^= 1
    with pytest.raises(CryptoError):
        cipher.open(bytes(12), bytes(sealed), b"header")


@given(LONG, st.lists(st.integers(1, 5), min_size=1, max_size=4))
def test_chained_aes_goes_on_from_record_to_record(key: bytes, counts: list[int]) -> None:
    ours, back = Cbc(Aes(key), bytes(16)), Cbc(Aes(key), bytes(16))
    theirs = Cipher(algorithms.AES(key), modes.CBC(bytes(16))).encryptor()
    for count in counts:
        plain = bytes(range(16)) * count
        sealed = ours.encrypt(plain)
        assert sealed == theirs.update(plain)
        assert back.decrypt(sealed) == plain


@given(st.binary(min_size=24, max_size=24), st.integers(1, 4))
def test_triple_des_is_what_openssl_computes(key: bytes, count: int) -> None:
    plain = bytes(range(8 * count))
    theirs = Cipher(TripleDES(key), modes.CBC(bytes(8))).encryptor()
    sealed = Cbc(TripleDes(key), bytes(8)).encrypt(plain)
    assert sealed == theirs.update(plain)
    assert Cbc(TripleDes(key), bytes(8)).decrypt(sealed) == plain


def test_rc4_of_rfc_6229() -> None:
    cipher = Rc4(unhex("0102030405"))
    assert cipher.encrypt(bytes(16)) == unhex("b2396305f03dc027ccc3524a0a1118a8")
    assert cipher.encrypt(bytes(16)) == unhex("6982944f18fc82d589c403a47a0d0919")
