# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's own certificate authority: a root, an intermediate and one leaf a host and key type."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from pathlib import Path

from mtalab.console import attempt, run

#: Where each mail server has its certificates.
CERTIFICATES = {"postfix": "/etc/postfix/tls", "sendmail": "/etc/mail/tls"}
THIRTY_DAYS = str(30 * 86400)
KEYS = {
    "rsa": ("-newkey", "rsa:2048"),
    "ecdsa": ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
}
ROOT_EXTENSIONS = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n"
INTERMEDIATE_EXTENSIONS = (
    "basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\n"
    "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"
)
LEAF_EXTENSIONS = (
    "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature,keyEncipherment\n"
    "extendedKeyUsage=serverAuth,clientAuth\nsubjectKeyIdentifier=hash\n"
    "authorityKeyIdentifier=keyid\nsubjectAltName=DNS:{fqdn}\n"
)


@dataclass(frozen=True)
class Authority:
    """The directory that holds `root.crt`, `intermediate.crt`, their keys and the leaves."""

    directory: Path

    @property
    def root(self) -> Path:
        """Return the certificate that senders trust."""
        return self.directory / "root.crt"

    def leaf(self, fqdn: str, *, kind: str = "rsa", renewed: bool = False) -> tuple[Path, Path]:
        """Return chain (leaf, then intermediate) and key of a host, made when missing or old."""
        name = f"{fqdn}-{kind}-next" if renewed else f"{fqdn}-{kind}"
        chain = self.directory / f"{name}.crt"
        key = self.directory / f"{name}.key"
        if not _is_current(chain):
            self._sign(chain, key, f"/CN={fqdn}", KEYS[kind], LEAF_EXTENSIONS.format(fqdn=fqdn))
            with chain.open("a") as handle:
                handle.write((self.directory / "intermediate.crt").read_text())
        return chain, key

    def make_missing(self) -> None:
        """Make root and intermediate unless both are there and stay valid for another month."""
        intermediate = self.directory / "intermediate.crt"
        if _is_current(self.root) and _is_current(intermediate):
            return
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        for stale in self.directory.glob("*.crt"):
            stale.unlink()
        extensions = self._extensions("root", ROOT_EXTENSIONS)
        argv = ["openssl", "req", "-x509", "-new", "-nodes", "-days", "3650", *KEYS["rsa"]]
        argv += ["-subj", "/O=postmaster.tls lab/CN=Lab root", "-config", str(extensions)]
        run([*argv, "-extensions", "v3", "-keyout", str(self._key("root")), "-out", str(self.root)])
        subject = "/O=postmaster.tls lab/CN=Lab intermediate"
        key = self._key("intermediate")
        self._sign(intermediate, key, subject, KEYS["rsa"], INTERMEDIATE_EXTENSIONS, issuer="root")

    def _sign(
        self,
        target: Path,
        key: Path,
        subject: str,
        kind: t.Sequence[str],
        extensions: str,
        issuer: str = "intermediate",
    ) -> None:
        request = target.with_suffix(".csr")
        config = self._extensions(target.stem, extensions)
        argv = ["openssl", "req", "-new", "-nodes", *kind, "-subj", subject]
        run([*argv, "-config", str(config), "-keyout", str(key), "-out", str(request)])
        argv = ["openssl", "x509", "-req", "-days", "397", "-sha256", "-CAcreateserial"]
        argv += ["-CA", str(self.directory / f"{issuer}.crt"), "-CAkey", str(self._key(issuer))]
        argv += ["-extfile", str(config), "-extensions", "v3"]
        run([*argv, "-in", str(request), "-out", str(target)])
        request.unlink()

    def _extensions(self, name: str, text: str) -> Path:
        path = self.directory / f"{name}.cnf"
        path.write_text(f"[req]\ndistinguished_name=dn\n[dn]\n[v3]\n{text}")
        return path

    def _key(self, name: str) -> Path:
        return self.directory / f"{name}.key"


def _is_current(certificate: Path) -> bool:
    if not certificate.is_file():
        return False
    argv = ["openssl", "x509", "-in", str(certificate), "-noout", "-checkend", THIRTY_DAYS]
    return attempt(argv).returncode == 0
