# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""From a served certificate to a root that is trusted: signatures, dates, CA flag and path length (RFC 5280 section 6).

Name constraints, policies and revocation are not looked at.
"""

from __future__ import annotations

import contextlib
import ssl
import typing as t
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ansible_collections.postmaster.tls.plugins.module_utils._errors import InvalidInput
from ansible_collections.postmaster.tls.plugins.module_utils._smtp._reply import printable

with contextlib.suppress(ImportError):
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID

_LONGEST_PATH: t.Final = 10
_MOST_STEPS: t.Final = 200
_BEGIN: t.Final = "-----BEGIN CERTIFICATE-----"


class TrustStore:
    """Root certificates by subject."""

    def __init__(self, roots: Iterable[x509.Certificate]) -> None:
        self._by_subject: dict[x509.Name, list[x509.Certificate]] = {}
        for root in roots:
            self._by_subject.setdefault(root.subject, []).append(root)

    @classmethod
    def load(cls, path: str) -> TrustStore:
        """The certificates of a PEM file; raises InvalidInput when it cannot be read or has none."""
        try:
            content = Path(path).read_text("ascii", "replace")
        except OSError as error:
            raise InvalidInput(
                f"The CA file {path} cannot be read ({error.strerror}): give a PEM file on the controller."
            ) from error
        roots = list(_readable(content))
        if not roots:
            raise InvalidInput(f"The CA file {path} has no certificate in PEM form.")
        return cls(roots)

    @classmethod
    def system(cls) -> TrustStore | None:
        """The controller's own roots, None where it has no file of them."""
        path = ssl.get_default_verify_paths().cafile
        return cls.load(path) if path else None

    def issuers(self, certificate: x509.Certificate) -> list[x509.Certificate]:
        """The roots that have the name of a certificate's issuer."""
        return self._by_subject.get(certificate.issuer, [])

    def __contains__(self, certificate: x509.Certificate) -> bool:
        return certificate in self._by_subject.get(certificate.subject, ())


@dataclass(frozen=True)
class Verification:
    """Whether a chain leads to a trusted root; ``reason`` says why not, or why it is not known."""

    verified: bool | None
    reason: str | None = None


def not_before(certificate: x509.Certificate) -> datetime:
    """The first moment of validity, aware."""
    moment = getattr(certificate, "not_valid_before_utc", None)
    return moment or certificate.not_valid_before.replace(tzinfo=UTC)


def not_after(certificate: x509.Certificate) -> datetime:
    """The last moment of validity, aware."""
    moment = getattr(certificate, "not_valid_after_utc", None)
    return moment or certificate.not_valid_after.replace(tzinfo=UTC)


def verify(
    chain: Sequence[x509.Certificate], trust: TrustStore | None, *, now: datetime
) -> Verification:
    """Whether a path leads from the first certificate, through the others in any order, to a root of the store."""
    if trust is None:
        return Verification(None, "the controller has no file of trusted roots")
    if not hasattr(x509.Certificate, "verify_directly_issued_by"):
        return Verification(None, "the controller's cryptography package is older than 40")
    leaf = chain[0]
    if not may_serve(leaf):
        return Verification(False, "its extended key usage does not allow a TLS server")
    search = _Search(chain[1:], trust, now)
    if search.reaches_root(leaf, below=0, path=(leaf,)):
        return Verification(True)
    return Verification(False, search.obstacle)


def chain_complete(chain: Sequence[x509.Certificate], trust: TrustStore | None) -> bool | None:
    """Whether every intermediate certificate is served, null where that cannot be told.

    Following the issuers through what is served, the last one reached is self-issued or issued by a known root
    (complete), or names a place to fetch its issuer from (incomplete).
    """
    last = chain[0]
    rest = list(chain[1:])
    while last.subject != last.issuer:
        issuer = next((other for other in rest if other.subject == last.issuer), None)
        if issuer is None:
            break
        rest.remove(issuer)
        last = issuer
    if last.subject == last.issuer or (
        trust is not None and (trust.issuers(last) or last in trust)
    ):
        return True
    return False if trust is not None and _names_its_issuer(last) else None


class _Search:
    def __init__(
        self, served: Sequence[x509.Certificate], trust: TrustStore, now: datetime
    ) -> None:
        self._served = served
        self._trust = trust
        self._now = now
        self._steps = 0
        self.obstacle = "no path to a trusted root"

    def reaches_root(
        self, certificate: x509.Certificate, *, below: int, path: tuple[x509.Certificate, ...]
    ) -> bool:
        self._steps += 1
        if self._steps > _MOST_STEPS or len(path) > _LONGEST_PATH:
            self.obstacle = "the chain is too long"
            return False
        name = printable(certificate.subject.rfc4514_string())
        if not self._valid(certificate):
            self.obstacle = f"{name} is not valid at this time"
            return False
        if certificate in self._trust:
            return True
        roots = [root for root in self._trust.issuers(certificate) if self._valid(root)]
        if any(issued(certificate, root) for root in roots):
            return True
        issuers = [other for other in self._served if other.subject == certificate.issuer]
        for issuer in issuers:
            if issuer in path or not may_issue(issuer, below) or not issued(certificate, issuer):
                continue
            if self.reaches_root(issuer, below=below + 1, path=(*path, issuer)):
                return True
        if not issuers:
            missing = printable(certificate.issuer.rfc4514_string())
            self.obstacle = f"the issuer {missing} is not known"
        return False

    def _valid(self, certificate: x509.Certificate) -> bool:
        return not_before(certificate) <= self._now <= not_after(certificate)


def load_certificate(certificate: str | bytes) -> x509.Certificate:
    """A certificate from PEM text or DER bytes, every part of which can be read; else ValueError.

    What the library would warn about (old roots have serial numbers that RFC 5280 forbids) is no news to anybody here.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            if isinstance(certificate, str):
                found = x509.load_pem_x509_certificate(certificate.encode("ascii", "replace"))
            else:
                found = x509.load_der_x509_certificate(certificate)
            _read_all(found)
        except (
            UnsupportedAlgorithm,
            x509.DuplicateExtension,
            x509.InvalidVersion,
            x509.UnsupportedGeneralNameType,
            TypeError,
        ) as error:
            raise ValueError(str(error)) from error
    return found


def _read_all(certificate: x509.Certificate) -> None:
    """The library reads these parts only when asked, and raises only then."""
    for part in ("subject", "issuer", "signature_algorithm_oid", "extensions"):
        getattr(certificate, part)
    certificate.public_key()
    not_before(certificate)
    not_after(certificate)


def _readable(content: str) -> Iterator[x509.Certificate]:
    for part in content.split(_BEGIN)[1:]:
        try:
            yield load_certificate(_BEGIN + part)
        except ValueError:
            continue


def issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether the issuer's name and key are those that a certificate was signed with."""
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return not _unused_bits(certificate)


def _unused_bits(certificate: x509.Certificate) -> int:
    """How many bits of its signature are unused: the library passes over them, and OpenSSL refuses any.

    The signature comes last in a certificate (RFC 5280 section 4.1), as a BIT STRING whose first byte is that number
    (X.690 section 8.6.2).
    """
    return certificate.public_bytes(Encoding.DER)[-len(certificate.signature) - 1]


def may_issue(certificate: x509.Certificate, below: int) -> bool:
    """Whether a certificate is one of an authority, with at most ``below`` other authorities under it."""
    try:
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    except (x509.ExtensionNotFound, ValueError):
        return False
    return constraints.ca and (constraints.path_length is None or constraints.path_length >= below)


def may_serve(certificate: x509.Certificate) -> bool:
    """Whether the extended key usage, if there is one, allows a TLS server."""
    try:
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return True
    except ValueError:
        return False
    allowed = (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE)
    return any(oid in usage for oid in allowed)


def _names_its_issuer(certificate: x509.Certificate) -> bool:
    try:
        access = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess)
    except (x509.ExtensionNotFound, ValueError):
        return False
    return any(
        entry.access_method == AuthorityInformationAccessOID.CA_ISSUERS for entry in access.value
    )


__all__ = [
    "TrustStore",
    "Verification",
    "chain_complete",
    "issued",
    "load_certificate",
    "may_issue",
    "may_serve",
    "not_after",
    "not_before",
    "verify",
]
