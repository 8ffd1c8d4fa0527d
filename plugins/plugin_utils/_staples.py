# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""What a stapled OCSP response says of the certificate beside it (RFC 6960), and whether it may say so."""

from __future__ import annotations

import base64
import contextlib
import typing as t
from collections.abc import Sequence
from datetime import UTC, datetime

with contextlib.suppress(ImportError):
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa
    from cryptography.x509 import ocsp
    from cryptography.x509.oid import ExtendedKeyUsageOID

Staple = dict[str, t.Any]


def staple_of(
    chain: Sequence[x509.Certificate], staples: Sequence[str], *, now: datetime
) -> Staple | None:
    """What the staples (DER in base64) say of the first certificate of a chain; None if none of them is about it.

    ``status`` is good, revoked, unknown, expired, not-yet-valid or unreadable, ``verified`` whether its issuer signed it,
    None where that cannot be told. Times are ISO 8601 in UTC.
    """
    unreadable = None
    for text in staples:
        try:
            response = ocsp.load_der_ocsp_response(base64.b64decode(text))
            if response.response_status != ocsp.OCSPResponseStatus.SUCCESSFUL:
                unreadable = _staple("unreadable", reason=response.response_status.name.lower())
            elif _is_about(response, chain):
                return _described(response, chain, now=now)
        except (ValueError, UnsupportedAlgorithm) as error:
            unreadable = _staple("unreadable", reason=str(error))
    return unreadable if len(staples) == 1 else None


def _is_about(response: ocsp.OCSPResponse, chain: Sequence[x509.Certificate]) -> bool:
    """Serial numbers are the issuer's own (RFC 6960 section 4.1.1), so the hashes of its name and key must match too."""
    leaf, algorithm = chain[0], response.hash_algorithm
    digest = hashes.Hash(algorithm)
    digest.update(leaf.issuer.public_bytes())
    named = (leaf.serial_number, digest.finalize())
    if (response.serial_number, response.issuer_name_hash) != named:
        return False
    builder = ocsp.OCSPRequestBuilder()
    issuers = [one for one in chain[1:] if one.subject == leaf.issuer]
    keys = [
        builder.add_certificate(leaf, one, algorithm).build().issuer_key_hash for one in issuers
    ]
    return response.issuer_key_hash in keys or not keys


def _staple(status: str, **more: t.Any) -> Staple:
    empty = dict.fromkeys(("this_update", "next_update", "revoked_at", "reason", "verified"))
    return {"status": status, **empty, **more}


def _described(
    response: ocsp.OCSPResponse, chain: Sequence[x509.Certificate], *, now: datetime
) -> Staple:
    begin, end = _time(response, "this_update"), _time(response, "next_update")
    status = response.certificate_status.name.lower()
    if status == "good" and begin is not None and begin > now:
        status = "not-yet-valid"
    elif status == "good" and end is not None and end < now:
        status = "expired"
    reason = response.revocation_reason
    return _staple(
        status,
        this_update=_iso(begin),
        next_update=_iso(end),
        revoked_at=_iso(_time(response, "revocation_time")),
        reason=reason.value if reason is not None else None,
        verified=_verified(response, chain),
    )


def _time(response: ocsp.OCSPResponse, name: str) -> datetime | None:
    """A time in UTC; before cryptography 43 its times have no zone."""
    if hasattr(response, f"{name}_utc"):
        return t.cast("datetime | None", getattr(response, f"{name}_utc"))
    value: datetime | None = getattr(response, name)
    return value.replace(tzinfo=UTC) if value is not None else None


def _iso(moment: datetime | None) -> str | None:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment is not None else None


def _verified(response: ocsp.OCSPResponse, chain: Sequence[x509.Certificate]) -> bool | None:
    """Whether the issuer of the leaf signed it, or somebody whom the issuer named for that (section 4.2.2.2)."""
    issuer = next((one for one in chain[1:] if one.subject == chain[0].issuer), None)
    if issuer is None:
        return None
    signers = [issuer, *(one for one in response.certificates if _delegated(one, issuer))]
    return any(_signed_by(response, signer) for signer in signers)


def _delegated(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
        usages = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
        return False
    return ExtendedKeyUsageOID.OCSP_SIGNING in usages


def _signed_by(response: ocsp.OCSPResponse, signer: x509.Certificate) -> bool:
    key = signer.public_key()
    signature, content = response.signature, response.tbs_response_bytes
    digest = response.signature_hash_algorithm
    try:
        if isinstance(key, rsa.RSAPublicKey) and digest is not None:
            key.verify(signature, content, padding.PKCS1v15(), digest)
        elif isinstance(key, ec.EllipticCurvePublicKey) and digest is not None:
            key.verify(signature, content, ec.ECDSA(digest))
        elif isinstance(key, (ed25519.Ed25519PublicKey, ed448.Ed448PublicKey)):
            key.verify(signature, content)
        else:
            return False
    except InvalidSignature:
        return False
    return True


__all__ = ["Staple", "staple_of"]
