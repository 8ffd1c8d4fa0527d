# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""Certificates and keys on disk: what is where, who may read it, and whether the library can load it.

Certificates are returned as PEM; of a key only its place and its permissions, never its content.
"""

from __future__ import annotations

import errno
import os
import stat
import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._errors import (
    InvalidInput,
    NotSupported,
)
from ansible_collections.postmaster.tls.plugins.module_utils._findings import Finding, finding
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._der import (
    issued,
    without_trust,
)
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._server import (
    Library,
    Refusal,
)
from ansible_collections.postmaster.tls.plugins.module_utils._records import dataclass

_TRUSTED: t.Final = "TRUSTED CERTIFICATE"
_BEGIN, _END = "-----BEGIN ", "-----END "
_MOST_BYTES: t.Final = 4 * 1024 * 1024


@dataclass(frozen=True)
class PemObject:
    """One object of a PEM file: kind is certificate, key or other; `text` only for a certificate."""

    path: str
    kind: str
    text: str = ""


@dataclass(frozen=True)
class CertificateFile:
    """A certificate chain and its key as configured. `matches` is None if it is not known.

    `key_mode` are the permission bits of the key file in octal, None if it cannot be looked at.
    """

    file: str
    key_file: str
    chain: tuple[str, ...]
    key_mode: str | None
    matches: bool | None = None
    findings: tuple[Finding, ...] = ()

    def as_dict(self) -> dict[str, t.Any]:
        return {
            "file": self.file,
            "key_file": self.key_file,
            "key_matches": self.matches,
            "key_mode": self.key_mode,
            "findings": [one.as_dict() for one in self.findings],
        }


def _kind(label: str) -> str:
    if label.endswith("PRIVATE KEY"):
        return "key"
    return "certificate" if label in ("CERTIFICATE", "X509 CERTIFICATE", _TRUSTED) else "other"


def pem_objects(path: str, text: str) -> tuple[PemObject, ...]:
    """The objects of a PEM file in order; the content of keys is left out here and nowhere kept."""
    found: list[PemObject] = []
    lines: list[str] = []
    label = ""
    for line in text.splitlines():
        if line.startswith(_BEGIN):
            label = line[len(_BEGIN) :].rstrip().rstrip("-")
            lines = [line]
        elif line.startswith(_END) and label:
            kind = _kind(label)
            content = "\n".join([*lines, line]) + "\n" if kind == "certificate" else ""
            content = without_trust(content) if label == _TRUSTED else content
            found.append(PemObject(path, kind, content))
            label = ""
        elif label and _kind(label) == "certificate":
            lines.append(line.strip())
    return tuple(found)


def read_objects(path: str) -> tuple[PemObject, ...]:
    """The PEM objects of a file; none if it cannot be read."""
    try:
        with open(path, encoding="ascii", errors="replace", opener=_without_waiting) as stream:
            return pem_objects(path, stream.read(_MOST_BYTES))
    except OSError:
        return ()


def _without_waiting(path: str, flags: int) -> int:
    """Opening a named pipe would wait for a writer for ever."""
    return os.open(path, flags | os.O_NONBLOCK)


def _key_mode(path: str) -> str | None:
    try:
        return f"{stat.S_IMODE(os.stat(path).st_mode):04o}"
    except OSError:
        return None


def group_objects(
    kind: str, files: t.Sequence[str], objects: t.Iterable[PemObject]
) -> list[tuple[str, str, tuple[str, ...]]]:
    """(file, key file, certificates) for each key, of a pair (certificate, key) or a list of chain files."""
    if kind == "pair":
        certificate, key = files
        texts = [
            one.text for one in objects if one.kind == "certificate" and one.path == certificate
        ]
        return [(certificate, key, tuple(texts))]
    found: list[tuple[str, str, tuple[str, ...]]] = []
    for one in objects:
        if one.kind == "key":
            found.append((one.path, one.path, ()))
        elif one.kind == "certificate" and found:
            place, key, known = found[-1]
            found[-1] = (place if known else one.path, key, (*known, one.text))
    return found or [(path, path, ()) for path in files]


def group_without_keys(
    objects: t.Iterable[PemObject],
) -> list[tuple[str, str, tuple[str, ...]]]:
    """The same of chain files whose keys are not at hand: a certificate that did not issue the one before it begins anew."""
    found: list[tuple[str, str, tuple[str, ...]]] = []
    for one in objects:
        if one.kind != "certificate":
            continue
        if found and issued(one.text, found[-1][2][-1]):
            place, key, known = found[-1]
            found[-1] = (place, key, (*known, one.text))
        else:
            found.append((one.path, one.path, (one.text,)))
    return found


def chains_of(kind: str, files: t.Sequence[str]) -> tuple[CertificateFile, ...]:
    """What a pair (certificate, key) or a list of chain files holds, one entry for each key."""
    paths = files[:1] if kind == "pair" else files
    objects = [one for path in paths for one in read_objects(path)]
    return tuple(
        CertificateFile(place, key, texts, _key_mode(key))
        for place, key, texts in group_objects(kind, files, objects)
    )


def saved_texts(files: t.Mapping[str, t.Any]) -> dict[str, str]:
    """The texts of saved files by path. Raises InvalidInput for what is no text."""
    for path, text in files.items():
        if not isinstance(text, str):
            raise InvalidInput(
                f"saved: files has no text for {path}: give the content of the file, or leave it out."
            )
    return dict(files)


def chains_among(
    texts: t.Mapping[str, str], kind: str, files: t.Sequence[str]
) -> tuple[CertificateFile, ...]:
    """The same of files that were saved on another host, as far as their texts are there; nothing is known of the keys."""
    objects = [one for path in files for one in pem_objects(path, texts.get(path, ""))]
    grouped = group_objects(kind, files, objects)
    if kind == "chain" and not any(one.kind == "key" for one in objects):
        grouped = group_without_keys(objects) or grouped
    return tuple(
        CertificateFile(file, key, chain, None, findings=() if chain else (_not_saved(file),))
        for file, key, chain in grouped
    )


def _not_saved(file: str) -> Finding:
    return finding(
        "not-determined",
        where=file,
        evidence=f"{file} is not among the saved files",
        remedy="Save the certificate file as well, and give it in files.",
    )


def unreadable(paths: t.Iterable[str]) -> str | None:
    """The first of these files that this user may not read, or None. A missing file is not meant."""
    return next((path for path in paths if _denied(path)), None)


def _denied(path: str) -> bool:
    try:
        with open(path, "rb", opener=_without_waiting):
            return False
    except OSError as error:
        return error.errno in (errno.EACCES, errno.EPERM)


def refused(refusal: Refusal, *, where: str) -> Finding:
    """What it means that the library refuses a certificate or key, or does not know the digest of fingerprints."""
    codes = {"mismatch": "certificate-key-mismatch", "digest": "tls-setup-fails"}
    code = codes.get(refusal.stage, "certificate-unusable")
    return finding(code, where=where, evidence=f"{refusal.subject}: {refusal.error}")


def _findings(entry: CertificateFile, denied: str | None, refusal: Refusal | None) -> list[Finding]:
    found = []
    if denied:
        found.append(
            finding(
                "not-determined",
                where=entry.file,
                evidence=f"{denied} cannot be read by this user",
                remedy="Run with become.",
            )
        )
    elif refusal:
        found.append(refused(refusal, where=entry.file))
    if entry.key_mode and int(entry.key_mode, 8) & stat.S_IROTH:
        found.append(
            finding(
                "key-readable",
                where=entry.key_file,
                evidence=f"the mode of {entry.key_file} is {entry.key_mode}",
            )
        )
    return found


def inspect(
    library: Library | None, kind: str, files: t.Sequence[str]
) -> tuple[CertificateFile, ...]:
    """The entries of one configured pair or list of chain files, with what the library says of loading them."""
    denied = unreadable(files)
    refusal = library.load(kind, files) if library and not denied else None
    matches: bool | None = None
    if library and not denied:
        matches = True if refusal is None else False if refusal.stage == "mismatch" else None
    return tuple(
        CertificateFile(
            entry.file,
            entry.key_file,
            entry.chain,
            entry.key_mode,
            matches,
            tuple(_findings(entry, denied, refusal)),
        )
        for entry in chains_of(kind, files)
    )


def inspected(
    library: Library | None, kind: str, files: t.Sequence[str]
) -> tuple[CertificateFile, ...]:
    """The same; where the library fails, what can be said without it."""
    try:
        return inspect(library, kind, files)
    except NotSupported:
        return inspect(None, kind, files)


__all__ = [
    "CertificateFile",
    "PemObject",
    "chains_among",
    "chains_of",
    "group_objects",
    "group_without_keys",
    "inspect",
    "inspected",
    "pem_objects",
    "read_objects",
    "refused",
    "saved_texts",
    "unreadable",
]
