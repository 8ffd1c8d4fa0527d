# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""The system's own OpenSSL policy: openssl.cnf and, where a system has them, crypto-policies (config(5ssl))."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._records import dataclass

_SECTION: t.Final = re.compile(r"^\[\s*(?P<name>[^\]]+?)\s*\]")
_PAIR: t.Final = re.compile(r"^(?P<name>[\w.]+)\s*=\s*(?P<value>.*?)\s*$")
_INCLUDE: t.Final = re.compile(r"^\.include\s*=?\s*(?P<path>\S+)")
_LEVEL: t.Final = re.compile(r"@SECLEVEL=(?P<level>\d)")
_CRYPTO_POLICY: t.Final = "/etc/crypto-policies/state/current"

ReadText = t.Callable[[str], t.Optional[str]]


@dataclass(frozen=True)
class SystemPolicy:
    """What openssl.cnf sets for every program that does not set it itself; None where it is silent."""

    path: str
    min_protocol: str | None
    cipher_string: str | None
    security_level: int | None

    def as_dict(self) -> dict[str, t.Any]:
        return dict(vars(self))


def _sections(
    text: str, read: ReadText, *, depth: int = 0, current: str = ""
) -> dict[str, dict[str, str]]:
    sections: dict[str, dict[str, str]] = {}
    for raw in re.sub(r"\\\n", " ", text).splitlines():
        line = raw.split("#", 1)[0].strip()
        if found := _SECTION.match(line):
            current = found["name"]
        elif (found := _INCLUDE.match(line)) and depth < 4:
            included = read(found["path"]) or ""
            for name, pairs in _sections(included, read, depth=depth + 1, current=current).items():
                sections.setdefault(name, {}).update(pairs)
        elif found := _PAIR.match(line):
            sections.setdefault(current, {})[found["name"]] = found["value"]
    return sections


def system_policy(path: str, read: ReadText, *, name: str = "") -> SystemPolicy | None:
    """Follow openssl_conf (or the application's own `name`), ssl_conf and system_default of an openssl.cnf.

    None if the file cannot be read.
    """
    text = read(path)
    if text is None:
        return None
    sections = _sections(text, read)
    top = sections.get("", {})
    start = sections.get(top.get(name) or top.get("openssl_conf", ""), {})
    modules = sections.get(start.get("ssl_conf", ""), {})
    chosen = sections.get(modules.get("system_default", ""), {})
    ciphers = chosen.get("CipherString")
    level = _LEVEL.search(ciphers or "")
    return SystemPolicy(
        path=path,
        min_protocol=chosen.get("MinProtocol") or chosen.get("TLS.MinProtocol"),
        cipher_string=ciphers,
        security_level=int(level["level"]) if level else None,
    )


def crypto_policy(read: ReadText) -> str | None:
    """The name of the system-wide policy in force (crypto-policies(7)), or None."""
    text = read(_CRYPTO_POLICY)
    return text.strip() or None if text is not None else None


__all__ = ["ReadText", "SystemPolicy", "crypto_policy", "system_policy"]
