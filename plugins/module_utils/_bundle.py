# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""One file with a private key and its chain: complete on disk, and proved by OpenSSL, before it has its name."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import ssl
import stat
import tempfile
import typing as t
from dataclasses import dataclass, field

from ansible_collections.postmaster.tls.plugins.module_utils._checkpoint._restorer import (
    sync_directory,
)
from ansible_collections.postmaster.tls.plugins.module_utils._errors import (
    CommandFailed,
    InvalidInput,
)
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._reading import (
    read_bytes,
    read_file,
)

_MARKER: t.Final = re.compile(r"-----(BEGIN|END) ([A-Z0-9 ]+)-----")
_INSIDE: t.Final = re.compile(r"\n[\sA-Za-z0-9+/=:,-]*")
_NAME: t.Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_MODE: t.Final = 0o600
#: OpenSSL's reasons for a key that does not belong to the certificate; the last is that of a key of another type.
_ANOTHER_KEY: t.Final = ("KEY_VALUES_MISMATCH", "KEY_TYPE_MISMATCH", "NO_CERTIFICATE_ASSIGNED")
_DIGITS: t.Final = 16
_LARGEST: t.Final = 1 << 20


@dataclass(frozen=True)
class Bundle:
    """A key and a chain as one text, and ``chain`` alone; ``sha256`` is the digest of the first certificate."""

    text: str = field(repr=False)
    chain: str
    sha256: str
    certificates: int


def read_pem(path: str) -> str:
    """A PEM file of the host. Raises InvalidInput."""
    try:
        return read_file(path, encoding="ascii", most=_LARGEST)
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror}.") from error


def certificates_in(text: str) -> str:
    """The certificates of a PEM text without anything else that it holds. Raises InvalidInput when there are none."""
    return _lines(_certificates(text))


def parts_of(*, chain: str, key: str) -> Bundle:
    """A bundle of the certificates of one text and the private key of another. Raises InvalidInput."""
    certificates = _certificates(chain)
    parameters = [text for kind, text in _blocks(key) if kind == "EC PARAMETERS"]
    keys = [(kind, text) for kind, text in _blocks(key) if kind.endswith("PRIVATE KEY")]
    if len(keys) != 1:
        raise InvalidInput(
            f"The key has {len(keys)} private keys in PEM form where one is expected."
        )
    kind, text = keys[0]
    if kind.startswith("ENCRYPTED") or "ENCRYPTED" in text:
        raise InvalidInput("The private key has a passphrase, which an MTA cannot ask for.")
    try:
        first = ssl.PEM_cert_to_DER_cert(certificates[0])
    except ValueError as error:
        raise InvalidInput("The first certificate of the chain cannot be read.") from error
    content = _lines((*parameters, text, *certificates))
    return Bundle(
        content, _lines(certificates), hashlib.sha256(first).hexdigest(), len(certificates)
    )


def lay_down(bundle: Bundle, *, directory: str, name: str, dry: bool) -> tuple[str, bool]:
    """Write the file, unless it is there or ``dry``; returns its path and whether that changes something.

    Raises InvalidInput when the key is not that of the certificate, CommandFailed when it cannot be written.
    """
    if _NAME.fullmatch(name) is None:
        raise InvalidInput(f"{name!r} is no name for a file: use the name of the mail server.")
    path = os.path.join(directory, f"{name}-{bundle.sha256[:_DIGITS]}.pem")
    if _is_there(path, bundle):
        return path, False
    try:
        where = directory
        if not dry:
            os.makedirs(directory, mode=0o700, exist_ok=True)
        elif not os.path.isdir(directory):
            where = tempfile.gettempdir()
        staged = _staged(bundle, where)
        try:
            _prove(staged)
            if not dry:
                os.rename(staged, path)
                sync_directory(directory)
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(staged)
    except OSError as error:
        raise CommandFailed(
            f"{path} cannot be written: {error.strerror}; nothing was changed."
        ) from error
    return path, True


def _is_there(path: str, bundle: Bundle) -> bool:
    try:
        same = read_bytes(path) == bundle.text.encode()
        return same and stat.S_IMODE(os.stat(path).st_mode) == _MODE
    except OSError:
        return False


def _staged(bundle: Bundle, directory: str) -> str:
    handle, path = tempfile.mkstemp(prefix=".bundle.", dir=directory)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as stream:
            stream.write(bundle.text)
            stream.flush()
            os.fchmod(handle, _MODE)
            os.fsync(handle)
    except OSError:
        os.unlink(path)
        raise
    return path


def _prove(path: str) -> None:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(path, password=_no_passphrase)
    except ssl.SSLError as error:
        if error.reason in _ANOTHER_KEY:
            raise InvalidInput(
                "The private key is not that of the first certificate: give the pair that was issued together."
            ) from error
        raise InvalidInput(
            f"OpenSSL cannot use this key and chain ({error.reason or 'no reason was given'})."
        ) from error


def _no_passphrase() -> str:
    raise InvalidInput("The private key has a passphrase, which an MTA cannot ask for.")


def _certificates(text: str) -> list[str]:
    found = [block for kind, block in _blocks(text) if kind == "CERTIFICATE"]
    if not found:
        raise InvalidInput("The chain has no certificate in PEM form: give the file fullchain.pem.")
    return found


def _lines(blocks: t.Iterable[str]) -> str:
    return "".join(f"{block}\n" for block in blocks)


def _blocks(text: str) -> list[tuple[str, str]]:
    """The blocks of a PEM text with their kinds; one that another begins in, or that has other text in it, is left out."""
    lines = text.replace("\r\n", "\n")
    found = []
    begin: re.Match[str] | None = None
    for marker in _MARKER.finditer(lines):
        ends = begin and marker[1] == "END" and marker[2] == begin[2]
        if begin and ends and _INSIDE.fullmatch(lines, begin.end(), marker.start()):
            found.append((begin[2], lines[begin.start() : marker.end()]))
        begin = marker if marker[1] == "BEGIN" else None
    return found


__all__ = ["Bundle", "certificates_in", "lay_down", "parts_of", "read_pem"]
