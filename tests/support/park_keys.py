# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys and chains of the kinds that a mail server can have: leaf, then intermediate, of one root."""

from __future__ import annotations

import subprocess
import typing as t
from pathlib import Path

KINDS: t.Final = {
    "rsa": ("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"),
    "rsa1024": ("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"),
    "rsapss": ("-algorithm", "RSA-PSS", "-pkeyopt", "rsa_keygen_bits:2048"),
    "p256": ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"),
    "p384": ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"),
    "ed25519": ("-algorithm", "ED25519"),
    "dsa": ("-paramfile",),
}
_CA = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n"
_LEAF = (
    "basicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n"
    "keyUsage=digitalSignature,keyEncipherment,keyAgreement\nsubjectAltName=DNS:{name}\n"
)


def make(directory: Path, name: str) -> Path:
    """Write KIND.pem (key, leaf, intermediate), KIND.key and KIND.crt for each kind, and root.crt; return the directory."""
    directory.mkdir(parents=True)
    _openssl("genpkey", *KINDS["rsa"], "-out", str(directory / "root.key"))
    root = directory / "root.crt"
    _openssl(
        *("req", "-x509", "-new", "-key", str(directory / "root.key"), "-out", str(root)),
        *("-days", "3650", "-subj", "/CN=Park root"),
    )
    _certify(directory, "intermediate", "root", "Park intermediate", _CA, KINDS["rsa"])
    intermediate = (directory / "intermediate.crt").read_text()
    for kind, options in KINDS.items():
        _certify(directory, kind, "intermediate", name, _LEAF.format(name=name), options)
        chain = (directory / f"{kind}.crt").read_text() + intermediate
        (directory / f"{kind}.crt").write_text(chain)
        (directory / f"{kind}.pem").write_text((directory / f"{kind}.key").read_text() + chain)
    for path in directory.iterdir():
        path.chmod(0o600 if path.suffix in (".key", ".pem") else 0o644)
    return directory


def _certify(
    directory: Path, stem: str, issuer: str, name: str, extensions: str, options: tuple[str, ...]
) -> None:
    key, request = directory / f"{stem}.key", directory / f"{stem}.csr"
    if options == ("-paramfile",):
        parameters = directory / "dsa.parameters"
        _openssl("dsaparam", "-out", str(parameters), "2048")
        options = ("-paramfile", str(parameters))
    _openssl("genpkey", *options, "-out", str(key))
    _openssl("req", "-new", "-key", str(key), "-out", str(request), "-subj", f"/CN={name}")
    profile = directory / f"{stem}.ext"
    profile.write_text(extensions)
    _openssl(
        *("x509", "-req", "-in", str(request), "-out", str(directory / f"{stem}.crt")),
        *("-CA", str(directory / f"{issuer}.crt"), "-CAkey", str(directory / f"{issuer}.key")),
        *("-CAcreateserial", "-days", "397", "-sha256", "-extfile", str(profile)),
    )
    request.unlink()


def _openssl(*arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


__all__ = ["KINDS", "make"]
