# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stapled OCSP responses, made by an authority of the test's own and judged as a sender would."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest
from ansible_collections.postmaster.tls.plugins.plugin_utils._staples import staple_of
from ansible_collections.postmaster.tls.tests.support.authority import NOW, Signed, sign
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

ROOT = sign("Root", ca=True)
LEAF = sign("mx.example.test", ROOT, names=["mx.example.test"])
OTHER = sign("other.example.test", ROOT)
RESPONDER = sign("Responder", ROOT, usage=ExtendedKeyUsageOID.OCSP_SIGNING)
CHAIN = [LEAF.certificate, ROOT.certificate]
DAY = timedelta(days=1)
SHA256 = hashes.SHA256()


def response(
    *,
    leaf: Signed = LEAF,
    issuer: Signed = ROOT,
    algorithm: hashes.HashAlgorithm = SHA256,
    status: ocsp.OCSPCertStatus = ocsp.OCSPCertStatus.GOOD,
    begin: timedelta = -DAY,
    end: timedelta = DAY,
    signer: Signed = ROOT,
    served: Signed | None = None,
) -> str:
    revoked = status == ocsp.OCSPCertStatus.REVOKED
    builder = ocsp.OCSPResponseBuilder().add_response(
        cert=leaf.certificate,
        issuer=issuer.certificate,
        algorithm=algorithm,
        cert_status=status,
        this_update=NOW + begin,
        next_update=NOW + end,
        revocation_time=NOW - DAY if revoked else None,
        revocation_reason=x509.ReasonFlags.key_compromise if revoked else None,
    )
    builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, signer.certificate)
    if served is not None:
        builder = builder.certificates([served.certificate])
    made = builder.sign(signer.key, hashes.SHA256())
    return base64.b64encode(made.public_bytes(Encoding.DER)).decode()


REVOKED = ocsp.OCSPCertStatus.REVOKED
CASES = {
    "good": (response(), "good", True),
    "revoked": (response(status=REVOKED), "revoked", True),
    "revoked-and-old": (response(status=REVOKED, begin=-9 * DAY, end=-DAY), "revoked", True),
    "unknown": (response(status=ocsp.OCSPCertStatus.UNKNOWN), "unknown", True),
    "old": (response(begin=-9 * DAY, end=-DAY), "expired", True),
    "of-tomorrow": (response(begin=DAY, end=2 * DAY), "not-yet-valid", True),
    "by-a-responder": (response(signer=RESPONDER, served=RESPONDER), "good", True),
    "by-somebody-else": (response(signer=OTHER), "good", False),
    "by-a-server-that-is-no-responder": (response(signer=OTHER, served=OTHER), "good", False),
}


@pytest.mark.parametrize("case", CASES)
def test_what_a_response_says(case: str) -> None:
    text, status, verified = CASES[case]
    staple = staple_of(CHAIN, [text], now=NOW)
    assert staple is not None
    assert (staple["status"], staple["verified"]) == (status, verified)


@pytest.mark.parametrize("issuer", [OTHER, sign("Root", ca=True)], ids=["name", "key"])
def test_a_serial_number_of_another_issuer_is_another_certificate(issuer: Signed) -> None:
    assert staple_of(CHAIN, [response(issuer=issuer, signer=issuer)], now=NOW) is None


@pytest.mark.parametrize("algorithm", [hashes.SHA1(), hashes.SHA384()])
def test_the_issuer_is_known_by_any_hash(algorithm: hashes.HashAlgorithm) -> None:
    staple = staple_of(CHAIN, [response(algorithm=algorithm)], now=NOW)
    assert staple is not None
    assert staple["verified"] is True


def test_when_and_why_it_was_revoked() -> None:
    staple = staple_of(CHAIN, [response(status=REVOKED)], now=NOW)
    assert staple is not None
    assert staple["revoked_at"] == "2026-11-20T12:00:00Z"
    assert staple["reason"] == "keyCompromise"
    assert staple["next_update"] == "2026-11-22T12:00:00Z"


def test_without_the_issuer_its_signature_is_not_determined() -> None:
    staple = staple_of(CHAIN[:1], [response()], now=NOW)
    assert staple is not None
    assert staple["verified"] is None


def test_each_certificate_has_its_own() -> None:
    both = [response(leaf=OTHER), response(status=REVOKED)]
    staple = staple_of(CHAIN, both, now=NOW)
    assert staple is not None
    assert staple["status"] == "revoked"


@pytest.mark.parametrize("staples", [[], [response(leaf=OTHER)]])
def test_what_is_about_no_certificate_here_is_none(staples: list[str]) -> None:
    assert staple_of(CHAIN, staples, now=NOW) is None


@pytest.mark.parametrize(
    "der", [b"", b"no DER at all", base64.b64decode(response())[:-9], b"\x30\x03\x0a\x01\x03"]
)
def test_what_cannot_be_read_is_said_to_be_so(der: bytes) -> None:
    staple = staple_of(CHAIN, [base64.b64encode(der).decode()], now=NOW)
    assert staple is not None
    assert staple["status"] == "unreadable"
    assert staple["reason"]
