# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""From a served certificate up to the trust anchor of a DANE-TA(2) record (RFC 7671 section 5.2), as OpenSSL does it."""

from __future__ import annotations

import contextlib
import typing as t
from collections.abc import Iterator, Sequence
from datetime import datetime

from ansible_collections.postmaster.tls.plugins.plugin_utils._chain_building import (
    issued,
    may_issue,
    may_serve,
    not_after,
    not_before,
)
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._chains import Certificate
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._names import shows_one_of
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._records import (
    CERTIFICATE,
    DANE_TA,
    FULL,
    PUBLIC_KEY,
    Record,
    public_key,
)

with contextlib.suppress(ImportError):
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

Path = tuple[Certificate, ...]
UNREADABLE: t.Final = "the server's certificate cannot be read"
_OF_SERVERS: t.Final = ("digital_signature", "key_encipherment", "key_agreement")
_LONGEST_PATH: t.Final = 11
_MOST_SIGNATURES: t.Final = 400
_MOST_STEPS: t.Final = 20000


class Anchoring:
    """Looks for paths from the first certificate of one chain. It may use the certificates that 2 0 0 records hold."""

    def __init__(
        self,
        certificates: Sequence[Certificate],
        records: Sequence[Record],
        *,
        names: Sequence[str],
        now: datetime,
    ) -> None:
        held = [
            Certificate(record.data)
            for record in records
            if (record.usage, record.selector, record.matching_type) == (DANE_TA, CERTIFICATE, FULL)
        ]
        self._leaf = certificates[0]
        self._pool = [one for one in (*held, *certificates[1:]) if one.parsed is not None]
        self._names = names
        self._now = now
        self._signed: dict[tuple[bytes, bytes], bool] = {}
        self._obstacle: str | None = None
        self._steps = 0

    def obstacle(self, record: Record) -> str | None:
        """Why a usable DANE-TA record does not authenticate the chain, None when it does."""
        if self._leaf.parsed is None:
            return UNREADABLE
        self._obstacle = None
        if self._reaches(record, (self._leaf,)):
            return None
        return self._obstacle or "no certificate of the chain leads to it"

    def _reaches(self, record: Record, path: Path) -> bool:
        if len(path) > 1 and path[-1].has(record):
            return self._holds(path, bare=False)
        if len(path) >= _LONGEST_PATH:
            self._obstacle = self._obstacle or "the chain is too long"
            return False
        issuers = list(self._issuers(path))
        if not issuers and _bare(record) and _signed_with(path[-1].parsed, record.data):
            return self._holds(path, bare=True)
        return any(self._reaches(record, (*path, issuer)) for issuer in issuers)

    def _holds(self, path: Path, *, bare: bool) -> bool:
        fault = self._fault(path, bare=bare)
        self._obstacle = fault or self._obstacle
        return fault is None

    def _issuers(self, path: Path) -> Iterator[Certificate]:
        last = path[-1]
        for other in self._pool:
            self._steps += 1
            if self._steps > _MOST_STEPS:
                self._obstacle = "the chain has too many ways to follow"
                return
            if any(other.der == one.der for one in path):
                continue
            named = other.parsed and last.parsed and other.parsed.subject == last.parsed.issuer
            if named and self._issued(last, other):
                yield other

    def _issued(self, certificate: Certificate, issuer: Certificate) -> bool:
        pair = (certificate.der, issuer.der)
        if pair not in self._signed:
            if len(self._signed) >= _MOST_SIGNATURES:
                self._obstacle = "the chain takes too many signatures to check"
                return False
            self._signed[pair] = issued(
                t.cast("x509.Certificate", certificate.parsed),
                t.cast("x509.Certificate", issuer.parsed),
            )
        return self._signed[pair]

    def _fault(self, path: Path, *, bare: bool) -> str | None:
        """What is wrong with a path to an anchor, the anchor's own certificate being the last unless it is ``bare``."""
        parsed = [one.parsed for one in path if one.parsed is not None]
        leaf = parsed[0]
        if not shows_one_of(leaf, self._names):
            return f"the certificate is for none of {', '.join(self._names)}"
        if not (may_serve(leaf) and _may(leaf, *_OF_SERVERS)):
            return "the certificate does not allow a TLS server to use it"
        for depth, certificate in enumerate(parsed):
            subject = path[depth].subject
            if depth and not (
                may_issue(certificate, depth - 1) and _may(certificate, "key_cert_sign")
            ):
                return f"{subject} may not issue such certificates"
            if _unknown_and_critical(certificate):
                return f"{subject} has a critical extension that is not known"
            anchor = not bare and depth == len(parsed) - 1
            if anchor and certificate.issuer != certificate.subject:
                continue
            if not not_before(certificate) <= self._now <= not_after(certificate):
                return f"{subject} is not valid at this time"
        return None


def _bare(record: Record) -> bool:
    """Whether a record holds the anchor's whole key: it is tried where no certificate of the chain leads on."""
    return (record.selector, record.matching_type) == (PUBLIC_KEY, FULL)


def _may(certificate: x509.Certificate, *uses: str) -> bool:
    """Whether the key usage, if there is one, has one of the uses."""
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return True
    return any(getattr(usage, use) for use in uses)


def _unknown_and_critical(certificate: x509.Certificate) -> bool:
    return any(
        extension.critical and isinstance(extension.value, x509.UnrecognizedExtension)
        for extension in certificate.extensions
    )


def _signed_with(certificate: x509.Certificate | None, spki: bytes) -> bool:
    if certificate is None:
        return False
    key = public_key(spki)
    parts: list[t.Any] = [certificate.signature, certificate.tbs_certificate_bytes]
    try:
        if isinstance(key, rsa.RSAPublicKey):
            parts.append(certificate.signature_algorithm_parameters)
            parts.append(certificate.signature_hash_algorithm)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            parts.append(certificate.signature_algorithm_parameters)
        key.verify(*parts)
    except (InvalidSignature, UnsupportedAlgorithm, TypeError, ValueError, AttributeError):
        return False
    return True


__all__ = ["UNREADABLE", "Anchoring"]
