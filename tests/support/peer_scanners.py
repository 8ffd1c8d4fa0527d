# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Other scanners: how they are installed and called, and what they say in one shape."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
import typing as t
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from ansible_collections.postmaster.tls.plugins.module_utils._tls import _groups, _suites

DEBIAN: t.Final = {
    "sslscan": "sslscan",
    "nmap": "nmap",
    "testssl": "testssl.sh",
    "time": "time",
}
PYPI: t.Final = {
    "sslyze": "sslyze==6.3.1",
    "cryptolyze": "cryptolyzer==1.6.1",
    "tlslite": "tlslite-ng==0.8.2",
}
_VERSIONS: t.Final = {
    "SSLv2": "SSLv2",
    "SSLv3": "SSLv3",
    "TLSv1.0": "TLSv1",
    "TLSv1.1": "TLSv1.1",
    "TLSv1.2": "TLSv1.2",
    "TLSv1.3": "TLSv1.3",
    "ssl2": "SSLv2",
    "ssl3": "SSLv3",
    "tls1": "TLSv1",
    "tls1_1": "TLSv1.1",
    "tls1_2": "TLSv1.2",
    "tls1_3": "TLSv1.3",
}
_CURVES: t.Final = {"prime256v1": "secp256r1", "X25519": "x25519", "X448": "x448"}
ANY: t.Final = "any version"


@dataclass
class Seen:
    """What a scanner says: suites in its order and groups, by version; C(names) that nobody could translate."""

    suites: dict[str, list[int]] = field(default_factory=dict)
    groups: dict[str, list[int]] = field(default_factory=dict)
    chains: int | None = None
    decides: dict[str, str] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)

    def add(self, version: str, name: str) -> None:
        """One accepted suite, by whatever name."""
        code = code_of(name)
        if code is None:
            self.unknown.append(name)
        elif code not in self.suites.setdefault(_VERSIONS[version], []):
            self.suites[_VERSIONS[version]].append(code)

    def add_group(self, version: str, name: str) -> None:
        """One accepted group, by whatever name."""
        plain = _CURVES.get(name, name)
        codes = [code for code, known in _groups.NAMES.items() if known.lower() == plain.lower()]
        self.unknown += [] if codes else [name]
        self.groups.setdefault(_VERSIONS.get(version, version), []).extend(codes)


def code_of(name: str) -> int | None:
    """The code point of a suite's name; nmap 7.93 spells the key exchange of TLS 1.3 suites."""
    suite = _suites.by_name(name.replace("TLS_AKE_WITH_", "TLS_"))
    return suite.code if suite else None


def ensure(cache: Path) -> tuple[dict[str, str], list[str]]:
    """Install what is missing where that is possible: programs by name, and one sentence for each that is not there."""
    with (cache / "peers.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _ensured(cache)


def _ensured(cache: Path) -> tuple[dict[str, str], list[str]]:
    missing = [name for name in DEBIAN if not shutil.which(name)]
    if missing and os.geteuid() == 0 and shutil.which("apt-get"):
        packages = [DEBIAN[name] for name in missing]
        install = ["apt-get", "install", "-q", "-y", "--no-install-recommends", *packages]
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-q"], capture_output=True, check=False)
        subprocess.run(install, capture_output=True, env=environment, check=False)
    venv = _venv(cache)
    search = f"{venv / 'bin'}:{os.environ['PATH']}"
    found = {name: shutil.which(name, path=search) for name in (*DEBIAN, "sslyze", "cryptolyze")}
    sentences = [
        f"{name} is not there: install the package {DEBIAN.get(name) or PYPI[name]}."
        for name, path in found.items()
        if path is None
    ]
    programs = {name: path for name, path in found.items() if path is not None}
    return {**programs, "python": str(venv / "bin" / "python")}, sentences


def _venv(cache: Path) -> Path:
    """A virtual environment for the scanners alone; a package that cannot be installed is left out."""
    venv = cache / "peers" / f"venv-{sys.version_info.major}.{sys.version_info.minor}"
    complete = venv / ".complete"
    wanted = "\n".join(PYPI.values())
    if complete.is_file() and complete.read_text() == wanted:
        return venv
    venv.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(venv)], check=True)
    for package in PYPI.values():
        pip = [str(venv / "bin" / "python"), "-m", "pip", "install", "--quiet", package]
        subprocess.run(pip, capture_output=True, check=False)
    _let_cryptolyzer_start(venv)
    complete.write_text(wanted)
    return venv


def _let_cryptolyzer_start(venv: Path) -> None:
    """Its library oscrypto 1.3.0 reads the version of OpenSSL as one digit after the last dot, and 3.0.10 has two."""
    for path in venv.glob("lib/python*/site-packages/oscrypto/_openssl/_libcrypto_c*.py"):
        text = path.read_text()
        path.write_text(text.replace(r"\\.\\d[a-z]*", r"\\.\\d+[a-z]*"))


def sslscan(text: str) -> Seen:
    """The XML of sslscan."""
    seen = Seen()
    root = ElementTree.fromstring(text)
    for cipher in root.iter("cipher"):
        version = _VERSIONS[str(cipher.get("sslversion"))]
        suites = seen.suites.setdefault(version, [])
        code = int(str(cipher.get("id")), 16)
        suites += [] if code in suites else [code]
    for group in root.iter("group"):
        seen.add_group(str(group.get("sslversion")), str(group.get("name")).partition(" ")[0])
    seen.chains = len(list(root.iter("certificate")))
    return seen


def nmap(text: str) -> Seen:
    """The XML of nmap with ssl-enum-ciphers."""
    seen = Seen()
    for script in ElementTree.fromstring(text).iter("script"):
        for table in script if script.get("id") == "ssl-enum-ciphers" else ():
            version = str(table.get("key"))
            if version not in _VERSIONS:
                continue
            for element in table.iter("elem"):
                if element.get("key") == "name":
                    seen.add(version, re.sub(r"-(TLS|draft).*", "", str(element.text).split()[0]))
                elif element.get("key") == "cipher preference" and element.text in (
                    "client",
                    "server",
                ):
                    seen.decides[_VERSIONS[version]] = str(element.text)
    return seen


def sslyze(text: str) -> Seen:
    """The JSON of sslyze."""
    seen = Seen()
    scan = json.loads(text)["server_scan_results"][0]
    if scan["scan_status"] != "COMPLETED":
        raise ValueError(scan["scan_status"])
    result = scan["scan_result"]
    names = {"ssl_2_0": "ssl2", "ssl_3_0": "ssl3"}
    names.update({f"tls_1_{minor}": f"tls1_{minor}" if minor else "tls1" for minor in range(4)})
    for key, version in names.items():
        part = (result.get(f"{key}_cipher_suites") or {}).get("result") or {}
        for accepted in part.get("accepted_cipher_suites", ()):
            seen.add(version, accepted["cipher_suite"]["name"])
    curves = (result.get("elliptic_curves") or {}).get("result") or {}
    for curve in curves.get("supported_curves") or ():
        seen.add_group(ANY, curve["name"])
    certificates = (result.get("certificate_info") or {}).get("result") or {}
    seen.chains = len(certificates.get("certificate_deployments", ()))
    return seen


def cryptolyze(text: str) -> Seen:
    """The JSON of cryptolyzer's analyser "all"."""
    seen = Seen()
    result = json.loads(text)
    for part in result["ciphers"]:
        version = part["target"]["proto_version"]
        for name in part["cipher_suites"]:
            seen.add(version, name)
        if part.get("cipher_suite_preference") is not None:
            decides = "server" if part["cipher_suite_preference"] else "client"
            seen.decides[_VERSIONS[version]] = decides
    for name in (result.get("curves") or {}).get("curves", ()):
        seen.add_group(ANY, name)
    seen.chains = len((result.get("pubkeys") or {}).get("pubkeys", ()))
    return seen


def testssl(text: str) -> Seen:
    """The JSON of testssl.sh with -E."""
    seen = Seen(chains=0)
    for entry in json.loads(text):
        cipher = re.fullmatch(r"cipher-(ssl3|tls1(?:_\d)?)_x([0-9a-f]+)", entry["id"])
        if cipher:
            suites = seen.suites.setdefault(_VERSIONS[cipher[1]], [])
            code = int(cipher[2], 16)
            suites += [] if code in suites else [code]
        elif entry["id"] in ("FS_ECDHE_curves", "PFS_ECDHE_curves"):
            for name in entry["finding"].split():
                seen.add_group(ANY, name)
        elif entry["id"].partition(" ")[0] == "cert_serialNumber":
            seen.chains = (seen.chains or 0) + 1
    return seen


def versions(programs: t.Mapping[str, str], names: t.Iterable[str]) -> dict[str, str]:
    """The versions of scanners, by their names here."""
    return {name: _version(name, programs[name]) for name in names if name in programs}


def _version(name: str, program: str) -> str:
    if name in PYPI:
        return PYPI[name].partition("==")[2]
    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    match = re.search(r"\d+\.\d+(\.\d+)?", done.stdout + done.stderr)
    return match[0] if match else "unknown"


READERS: t.Final[dict[str, t.Callable[[str], Seen]]] = {
    "sslscan": sslscan,
    "nmap": nmap,
    "sslyze": sslyze,
    "cryptolyze": cryptolyze,
    "testssl": testssl,
}

__all__ = ["ANY", "READERS", "Seen", "code_of", "ensure", "versions"]
