# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates and keys made by the openssl command, for tests that load them."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

_KEYS = {
    "rsa": ["-newkey", "rsa:2048"],
    "ec": ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
    "ed": ["-newkey", "ed25519"],
}


@dataclass(frozen=True)
class Pair:
    """The files of a self-signed certificate and its key."""

    certificate: str
    key: str

    def settings(self) -> tuple[str, ...]:
        return ("pair", self.certificate, self.key)


def make_pair(directory: Path, kind: str, *, name: str = "mx1.example.test") -> Pair:
    """A fresh pair of kind rsa, ec or ed in the directory."""
    pair = Pair(str(directory / f"{kind}.pem"), str(directory / f"{kind}.key"))
    command = ["openssl", "req", "-x509", *_KEYS[kind], "-nodes", "-days", "30"]
    command += ["-keyout", pair.key, "-out", pair.certificate, "-subj", f"/CN={name}"]
    command += ["-addext", f"subjectAltName=DNS:{name}"]
    subprocess.run(command, check=True, capture_output=True)
    return pair
