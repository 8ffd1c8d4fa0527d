# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""A chain as a server shows it or a file holds it, and whether a TLSA record is that of one of its certificates."""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import re
import ssl
import typing as t
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from ansible_collections.postmaster.tls.plugins.module_utils._errors import InvalidInput
from ansible_collections.postmaster.tls.plugins.module_utils._smtp._reply import printable
from ansible_collections.postmaster.tls.plugins.plugin_utils._chain_building import load_certificate
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._der import (
    subject_public_key_info,
)
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._records import (
    CERTIFICATE,
    Record,
    associated,
)

with contextlib.suppress(ImportError):
    from cryptography import x509

_PEM: t.Final = re.compile(
    r"-----BEGIN (CERTIFICATE|PUBLIC KEY)-----([A-Za-z0-9+/=\s]*+)-----END \1-----"
)
_MOST: t.Final = 100


class Certificate:
    """One certificate of a chain, of which only the octets need be readable."""

    def __init__(self, der: bytes) -> None:
        self.der = der

    @cached_property
    def key(self) -> bytes | None:
        """Its SubjectPublicKeyInfo, None where it is broken."""
        try:
            return subject_public_key_info(self.der)
        except ValueError:
            return None

    @cached_property
    def parsed(self) -> x509.Certificate | None:
        """What the library reads of it, None where it is broken."""
        try:
            return load_certificate(self.der)
        except ValueError:
            return None

    @cached_property
    def readable(self) -> bool:
        """Whether a TLS client can read it: OpenSSL takes some that the library does not."""
        return self.parsed is not None or _openssl_reads(self.der)

    @property
    def subject(self) -> str | None:
        return None if self.parsed is None else printable(self.parsed.subject.rfc4514_string())

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self.der).hexdigest()

    @cached_property
    def key_sha256(self) -> str | None:
        return None if self.key is None else hashlib.sha256(self.key).hexdigest()

    def has(self, record: Record) -> bool:
        """Whether the data of a usable record is that of this certificate or its key (RFC 6698 section 2.1)."""
        own = self.der if record.selector == CERTIFICATE else self.key
        return own is not None and record.data == associated(own, record.matching_type)


@dataclass(frozen=True)
class Chain:
    """Certificates, the server's own first, and where they were seen; those after the hundredth are left out."""

    source: str
    certificates: tuple[Certificate, ...]


def chain_of(pems: Sequence[str], source: str) -> Chain:
    """A chain from PEM blocks, one each; a block that cannot be read is an empty certificate at its place."""
    return Chain(source, tuple(Certificate(_der(pem)) for pem in pems[:_MOST]))


def chain_in(text: str, source: str) -> Chain:
    """The certificates of a PEM file, in order. Raises InvalidInput when there is none."""
    found = [_decoded(body) for kind, body in _PEM.findall(text) if kind == "CERTIFICATE"]
    if not found:
        raise InvalidInput(f"There is no certificate in PEM form in {source}: give a PEM chain.")
    chain = Chain(source, tuple(Certificate(der) for der in found[:_MOST]))
    if chain.certificates[0].key is None:
        raise InvalidInput(f"The first certificate in {source} cannot be read: give a PEM chain.")
    return chain


def public_key_in(text: str, source: str) -> bytes:
    """The SubjectPublicKeyInfo of a PEM public key. Raises InvalidInput for anything else."""
    for kind, body in _PEM.findall(text):
        if kind == "PUBLIC KEY":
            return _decoded(body)
    raise InvalidInput(
        f"There is no public key in PEM form in {source}: give what 'openssl pkey -pubout' prints."
    )


def _openssl_reads(der: bytes) -> bool:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=der)
    except (ssl.SSLError, ValueError):
        return False
    return True


def _der(pem: str) -> bytes:
    block = _PEM.search(pem)
    return _decoded(block[2]) if block else b""


def _decoded(body: str) -> bytes:
    try:
        return base64.b64decode("".join(body.split()), validate=True)
    except binascii.Error:
        return b""


__all__ = ["Certificate", "Chain", "chain_in", "chain_of", "public_key_in"]
