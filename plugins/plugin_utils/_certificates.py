# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""What a certificate chain says, in plain data; a broken certificate is a finding and never an exception."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import typing as t
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from ansible_collections.postmaster.tls.plugins.module_utils._findings import finding
from ansible_collections.postmaster.tls.plugins.module_utils._smtp._reply import printable
from ansible_collections.postmaster.tls.plugins.plugin_utils._certificate_names import (
    subject_alternative_names,
    uncovered,
)
from ansible_collections.postmaster.tls.plugins.plugin_utils._chain_building import (
    TrustStore,
    chain_complete,
    load_certificate,
    not_after,
    not_before,
)
from ansible_collections.postmaster.tls.plugins.plugin_utils._cryptography import (
    require_cryptography,
)
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._der import (
    subject_public_key_info,
)

with contextlib.suppress(ImportError):
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
    from cryptography.hazmat.primitives.serialization import Encoding

Entry = dict[str, t.Any]
_EXPIRING: t.Final = timedelta(days=14)
_LEAST_BITS: t.Final = {"rsa": 2048, "dsa": 2048, "ecdsa": 224}
# RFC 8017 appendix A.2.4, RFC 5758, RFC 8410.
_SIGNATURES: t.Final = {
    "1.2.840.113549.1.1.4": "md5WithRSAEncryption",
    "1.2.840.113549.1.1.5": "sha1WithRSAEncryption",
    "1.2.840.113549.1.1.10": "rsassaPss",
    "1.2.840.113549.1.1.11": "sha256WithRSAEncryption",
    "1.2.840.113549.1.1.12": "sha384WithRSAEncryption",
    "1.2.840.113549.1.1.13": "sha512WithRSAEncryption",
    "1.2.840.113549.1.1.14": "sha224WithRSAEncryption",
    "1.2.840.10040.4.3": "dsa-with-SHA1",
    "1.2.840.10045.4.1": "ecdsa-with-SHA1",
    "1.2.840.10045.4.3.1": "ecdsa-with-SHA224",
    "1.2.840.10045.4.3.2": "ecdsa-with-SHA256",
    "1.2.840.10045.4.3.3": "ecdsa-with-SHA384",
    "1.2.840.10045.4.3.4": "ecdsa-with-SHA512",
    "1.3.101.112": "ED25519",
    "1.3.101.113": "ED448",
}
_BROKEN_HASHES: t.Final = frozenset(
    {"md5WithRSAEncryption", "sha1WithRSAEncryption", "dsa-with-SHA1", "ecdsa-with-SHA1"}
)
_USAGES: t.Final = {
    "digital_signature": "digitalSignature",
    "content_commitment": "nonRepudiation",
    "key_encipherment": "keyEncipherment",
    "data_encipherment": "dataEncipherment",
    "key_agreement": "keyAgreement",
    "key_cert_sign": "keyCertSign",
    "crl_sign": "cRLSign",
}
# RFC 5280 section 4.2.1.12.
_PURPOSES: t.Final = {
    "1.3.6.1.5.5.7.3.1": "serverAuth",
    "1.3.6.1.5.5.7.3.2": "clientAuth",
    "1.3.6.1.5.5.7.3.3": "codeSigning",
    "1.3.6.1.5.5.7.3.4": "emailProtection",
    "1.3.6.1.5.5.7.3.8": "timeStamping",
    "1.3.6.1.5.5.7.3.9": "OCSPSigning",
    "2.5.29.37.0": "anyExtendedKeyUsage",
}
#: What is said of a file in which no certificate was found.
UNKNOWN: t.Final[Entry] = {
    "subject": None,
    "issuer": None,
    "san": [],
    "not_before": None,
    "not_after": None,
    "days_left": None,
    "key_type": None,
    "key_bits": None,
    "key_curve": None,
    "signature": None,
    "sha256": None,
    "spki_sha256": None,
    "ca": None,
    "path_length": None,
    "key_usage": None,
    "extended_key_usage": None,
}


def describe(
    pem_chain: Sequence[str | bytes],
    *,
    now: datetime,
    names: Sequence[str] = (),
    trust: TrustStore | None = None,
    expiring: timedelta | None = None,
) -> Entry:
    """The leaf of a chain (PEM or DER, leaf first) with its chain and findings; ``now`` is aware, times are in UTC.

    ``names`` are those that the certificate must cover. ``expiring`` is how long before its end it is told to expire,
    14 days or a quarter of its life by default. Without ``trust`` it often cannot be told whether an
    intermediate certificate is missing: ``chain_complete`` is then null.
    """
    require_cryptography()
    certificates: list[x509.Certificate] = []
    broken: list[dict[str, str]] = []
    for position, raw in enumerate(pem_chain):
        try:
            certificates.append(load_certificate(raw))
        except ValueError as error:
            evidence = f"certificate {position + 1} of the chain: {error}"
            broken.append(_found("certificate-unusable", evidence))
            if not position:
                break
    if not certificates:
        missing = [] if broken else [_found("certificate-missing", "the chain is empty")]
        return {**UNKNOWN, "chain": [], "chain_complete": None, "findings": broken + missing}
    complete = chain_complete(certificates, trust)
    chain = [_fields(certificate, now=now) for certificate in certificates]
    judged = _judge(certificates[0], chain[0], names=names, complete=complete)
    dates = _judge_dates(certificates, chain, now=now, expiring=expiring)
    return {
        **chain[0],
        "chain": chain,
        "chain_complete": complete,
        "findings": broken + dates + judged + _judge_chain(certificates, chain),
    }


def _fields(certificate: x509.Certificate, *, now: datetime) -> Entry:
    key_type, key_bits = _key(certificate)
    der = certificate.public_bytes(Encoding.DER)
    oid = certificate.signature_algorithm_oid.dotted_string
    return {
        "subject": printable(certificate.subject.rfc4514_string()),
        "issuer": printable(certificate.issuer.rfc4514_string()),
        "san": [printable(name) for name in subject_alternative_names(certificate)],
        "not_before": _iso(not_before(certificate)),
        "not_after": _iso(not_after(certificate)),
        "days_left": (not_after(certificate) - now) // timedelta(days=1),
        "key_type": key_type,
        "key_bits": key_bits,
        "key_curve": _curve(certificate),
        "signature": _SIGNATURES.get(oid, oid),
        "sha256": hashlib.sha256(der).hexdigest(),
        "spki_sha256": hashlib.sha256(subject_public_key_info(der)).hexdigest(),
        **_constraints(certificate),
    }


def _constraints(certificate: x509.Certificate) -> Entry:
    """What the certificate may be used for; null where it has no such extension."""
    basic = _extension(certificate, x509.BasicConstraints)
    usage = _extension(certificate, x509.KeyUsage)
    extended = _extension(certificate, x509.ExtendedKeyUsage)
    return {
        "ca": basic.ca if basic else None,
        "path_length": basic.path_length if basic else None,
        "key_usage": [word for name, word in _USAGES.items() if getattr(usage, name)]
        if usage
        else None,
        "extended_key_usage": [
            _PURPOSES.get(one.dotted_string, one.dotted_string) for one in extended
        ]
        if extended
        else None,
    }


def _extension(certificate: x509.Certificate, kind: type[t.Any]) -> t.Any:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except (x509.ExtensionNotFound, ValueError):
        return None


def _key(certificate: x509.Certificate) -> tuple[str, int | None]:
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        return "rsa", key.key_size
    if isinstance(key, ec.EllipticCurvePublicKey):
        return "ecdsa", key.key_size
    if isinstance(key, dsa.DSAPublicKey):
        return "dsa", key.key_size
    if isinstance(key, ed25519.Ed25519PublicKey):
        return "ed25519", 256
    if isinstance(key, ed448.Ed448PublicKey):
        return "ed448", 456
    return type(key).__name__, None


def _curve(certificate: x509.Certificate) -> str | None:
    """The curve of an ECDSA key, by its name in IANA's registry of groups; null for any other key."""
    key = certificate.public_key()
    return key.curve.name if isinstance(key, ec.EllipticCurvePublicKey) else None


def _judge_dates(
    certificates: Sequence[x509.Certificate],
    chain: Sequence[Entry],
    *,
    now: datetime,
    expiring: timedelta | None,
) -> list[dict[str, str]]:
    found = []
    begin, end = not_before(certificates[0]), not_after(certificates[0])
    if now >= end:
        found.append(_found("certificate-expired", f"not after {_iso(end)}"))
    elif end - now < (expiring or min(_EXPIRING, (end - begin) / 4)):
        found.append(_found("certificate-expiring", f"not after {_iso(end)}"))
    if now < begin:
        found.append(_found("certificate-not-yet-valid", f"not before {_iso(begin)}"))
    for one, entry in zip(certificates[1:], chain[1:], strict=True):
        if not not_before(one) <= now <= not_after(one) and one.subject != one.issuer:
            span = f"valid from {entry['not_before']} to {entry['not_after']}"
            found.append(_found("chain-expired", f"{entry['subject']} is {span}"))
    return found


def _judge(
    certificate: x509.Certificate,
    leaf: Entry,
    *,
    names: Sequence[str],
    complete: bool | None,
) -> list[dict[str, str]]:
    found = []
    missing = uncovered(certificate, names)
    if missing:
        covered = ", ".join(leaf["san"])
        is_not = f"is not covered by {covered}" if covered else "is no name of it: it has none"
        found.append(_found("certificate-name-mismatch", f"{', '.join(missing)} {is_not}"))
    if complete is False:
        found.append(_found("chain-incomplete", "no certificate of the issuer is served"))
    bits = leaf["key_bits"]
    if bits is not None and bits < _LEAST_BITS.get(leaf["key_type"], 0):
        found.append(_found("key-weak", f"{leaf['key_type']} with {bits} bits"))
    return found


def _judge_chain(
    certificates: Sequence[x509.Certificate], chain: Sequence[Entry]
) -> list[dict[str, str]]:
    found = []
    unfit = _unfit(chain[0])
    if unfit:
        found.append(_found("certificate-not-for-servers", unfit))
    pairs = enumerate(itertools.pairwise(certificates), 1)
    strays = [number for number, (one, other) in pairs if one.issuer != other.subject]
    if strays:
        follower = f"certificate {strays[0] + 1} of the chain"
        evidence = (
            f"{follower}, {chain[strays[0]]['subject']}, is not the issuer of the one before it"
        )
        found.append(_found("chain-unordered", evidence))
    weak = [
        one
        for one in chain
        if one["signature"] in _BROKEN_HASHES and one["subject"] != one["issuer"]
    ]
    found += [_found("signature-weak", f"{one['subject']}: {one['signature']}") for one in weak]
    return found


def _unfit(leaf: Entry) -> str:
    """Why a sender that verifies would not let a server use this certificate; RSA key exchange needs no signature."""
    purposes, usage = leaf["extended_key_usage"], leaf["key_usage"]
    if purposes is not None and not {"serverAuth", "anyExtendedKeyUsage"} & set(purposes):
        return f"the extended key usage is {', '.join(purposes)}"
    if usage is not None and not {"digitalSignature", "keyAgreement"} & set(usage):
        return f"the key usage is {', '.join(usage)}"
    return (
        "it is the certificate of an authority"
        if leaf["ca"] and leaf["subject"] != leaf["issuer"]
        else ""
    )


def _found(code: str, evidence: str) -> dict[str, str]:
    return finding(code, where="certificate", evidence=evidence).as_dict()


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


__all__ = ["UNKNOWN", "Entry", "describe"]
