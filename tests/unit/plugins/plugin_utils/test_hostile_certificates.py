# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates that a hostile server may serve: the controller describes what it can, and says what it cannot."""

from __future__ import annotations

import json
import time
import typing as t
from datetime import timedelta

import pytest
from ansible_collections.postmaster.tls.plugins.action.starttls_probe import understood
from ansible_collections.postmaster.tls.plugins.module_utils._probe._report import _pem
from ansible_collections.postmaster.tls.plugins.plugin_utils._chain_building import TrustStore
from ansible_collections.postmaster.tls.tests.support.authority import NOW, new_key, sign
from ansible_collections.postmaster.tls.tests.support.harmless import obedient
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

MX = "mx.example.test"
ROOT = sign("Root", ca=True, end=NOW + timedelta(days=3000))
LEAF = sign(MX, ROOT, names=[MX])
TRUST = TrustStore([ROOT.certificate])


def made_of(*chain: bytes, staples: t.Sequence[str] = ()) -> dict[str, t.Any]:
    """What the action makes of one served chain, within a second, as text that a terminal only shows."""
    result = {
        "host": MX,
        "port": 25,
        "findings": [],
        "_chains": [[_pem(der) for der in chain]],
        "_staples": list(staples),
    }
    began = time.process_time()
    complete = understood(result, name=MX, trust=TRUST, policy=None, now=NOW)
    assert time.process_time() - began < 1.0
    assert json.dumps(complete)
    assert obedient(complete) == []
    return t.cast(dict[str, t.Any], complete["certificates"][0])


def codes(entry: dict[str, t.Any]) -> set[str]:
    return {finding["code"] for finding in entry["findings"]}


BROKEN: dict[str, bytes] = {
    "nothing": b"",
    "one-byte": b"\x30",
    "text": b"hello",
    "endless-length": b"\x30\x84\xff\xff\xff\xff",
    "indefinite-length": b"\x30\x80" + LEAF.der[4:],
    "deep": b"\x30\x82\xff\xff" * 1000,
    "cut": LEAF.der[:-1],
    "half": LEAF.der[: len(LEAF.der) // 2],
    "a-byte-too-much": LEAF.der + b"\x00",
    "twice": LEAF.der * 2,
    "zeros": bytes(1000),
    "100-kib": bytes(100 * 1024),
    "no-utf-8-in-its-name": LEAF.der.replace(MX.encode(), b"\xff" * len(MX)),
    "unknown-version": LEAF.der.replace(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x09"),
    "unknown-algorithm": LEAF.der.replace(bytes.fromhex("2a8648ce3d040302"), b"\x2a" * 8),
    "unknown-curve": LEAF.der.replace(bytes.fromhex("2a8648ce3d030107"), b"\x2a" * 8),
    "day-32": LEAF.der.replace(b"261111", b"261132"),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_leaf_is_a_finding(fault: str) -> None:
    entry = made_of(BROKEN[fault], ROOT.der)
    assert BROKEN[fault] != LEAF.der
    if entry["subject"] is None:
        assert codes(entry) == {"certificate-unusable"}
    assert entry["verified"] is not True


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_certificate_behind_the_leaf_leaves_the_leaf(fault: str) -> None:
    entry = made_of(LEAF.der, BROKEN[fault])
    assert entry["subject"] == f"CN={MX}"


def test_every_byte_of_a_certificate_changed() -> None:
    for position in range(len(LEAF.der)):
        changed = bytearray(LEAF.der)
        changed[position] ^= 0xFF
        assert made_of(bytes(changed))["verified"] is not True


def custom(*, names: t.Sequence[str] = (), common_name: str = MX, organisation: str = "") -> bytes:
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, common_name, _validate=False)]
    if organisation:
        parts.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation, _validate=False))
    key = new_key()
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name(parts))
        .issuer_name(x509.Name(parts))
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=90))
    )
    if names:
        listed = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
        builder = builder.add_extension(listed, critical=False)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


def test_a_name_of_60000_letters() -> None:
    entry = made_of(custom(organisation="x" * 60_000))
    assert entry["subject"].count("x") > 60_000 - 1


def test_3000_alternative_names() -> None:
    names = [f"host-{number}.example.test" for number in range(3000)]
    entry = made_of(custom(names=[*names, MX]))
    assert (len(entry["san"]), entry["name_matches"]) == (3001, True)


def test_what_a_terminal_would_obey_in_a_name() -> None:
    entry = made_of(custom(common_name="\x1b[2J\u202e\x07mx", names=["\x1b[31m.example.test"]))
    assert "\\x1b[2J" in entry["subject"]


def test_100_certificates_that_all_could_issue_each_other() -> None:
    chain = [sign("Same", ca=True) for _number in range(100)]
    leaf = sign(MX, chain[0], names=[MX])
    entry = made_of(leaf.der, *(one.der for one in chain))
    assert len(entry["chain"]) == 101
    assert entry["verified"] is False


def test_a_chain_of_60_to_the_root() -> None:
    chain = [ROOT]
    for number in range(60):
        chain.append(sign(f"CA {number}", chain[-1], ca=True))
    leaf = sign(MX, chain[-1], names=[MX])
    assert made_of(leaf.der, *(one.der for one in chain[::-1]))["verified"] is False


def test_a_chain_of_nothing() -> None:
    entry = made_of()
    assert (entry["verified"], codes(entry)) == (None, {"certificate-missing"})


@pytest.mark.parametrize("staple", ["", "MAMKAQA=", "AAAA", "!", "MIIB" + "A" * 1000])
def test_a_malformed_staple_is_unreadable(staple: str) -> None:
    entry = made_of(LEAF.der, ROOT.der, staples=[staple])
    assert entry["ocsp_staple"]["status"] in ("unreadable", "good")
    assert entry["verified"] is True
