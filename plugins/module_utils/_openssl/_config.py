# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""The system's own OpenSSL policy: openssl.cnf and, where a system has them, crypto-policies (config(5ssl))."""

from __future__ import annotations

import os
import re
import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._records import dataclass

_SECTION: t.Final = re.compile(r"^\[\s*(?P<name>[^\]]+?)\s*\]")
_PAIR: t.Final = re.compile(r"^(?P<name>[\w.]+)\s*=\s*(?P<value>.*?)\s*$")
_INCLUDE: t.Final = re.compile(r"^\.include\s*=?\s*(?P<path>\S+)")
_LEVEL: t.Final = re.compile(r"@SECLEVEL=(?P<level>\d)")
_CRYPTO_POLICY: t.Final = "/etc/crypto-policies/state/current"

#: A comment, or what is no comment although it may have the same sign.
_COMMENT: t.Final = re.compile(r"""(?P<kept>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|\\.)|\#.*""")
_VALUE: t.Final = re.compile(
    r"""(?P<mark>["'`])(?P<quoted>(?:\\.|(?!(?P=mark)).)*)(?P=mark)?|\\(?P<escaped>.)"""
    r"""|\$(?P<name>\{[^}]*\}|\([^)]*\)|\w+(?:::\w+)?)"""
)
_MOST_NESTED: t.Final = 4

ReadText = t.Callable[[str], t.Optional[str]]
ListFiles = t.Callable[[str], t.Sequence[str]]


@dataclass(frozen=True)
class SystemPolicy:
    """What openssl.cnf sets for every program that does not set it itself; None where it is silent."""

    path: str
    min_protocol: str | None
    cipher_string: str | None
    security_level: int | None

    def as_dict(self) -> dict[str, t.Any]:
        return dict(vars(self))


def cnf_files(directory: str) -> list[str]:
    """The files of a directory that OpenSSL includes, in the order of their names; none where there is no directory."""
    try:
        names = sorted(os.listdir(directory))
    except OSError:
        return []
    return [os.path.join(directory, name) for name in names if name.endswith((".cnf", ".conf"))]


def _lines(
    text: str, read: ReadText, listing: ListFiles, inside: tuple[str, ...] = ()
) -> t.Iterator[str]:
    """The lines without comments, those of included files in their place; a file does not include itself."""
    for raw in re.sub(r"\\\n", "", text).splitlines():
        line = _COMMENT.sub(lambda found: found["kept"] or "", raw).strip()
        include = _INCLUDE.match(line)
        if include is None:
            yield line
            continue
        path = include["path"]
        if path in inside or len(inside) >= _MOST_NESTED:
            continue
        included = read(path)
        texts = [included] if included is not None else [read(one) for one in listing(path)]
        for one in texts:
            yield from _lines(one or "", read, listing, (*inside, path))


def _sections(lines: t.Iterable[str]) -> dict[str, dict[str, str]]:
    sections: dict[str, dict[str, str]] = {}
    current = ""
    for line in lines:
        if found := _SECTION.match(line):
            current = "" if found["name"] == "default" else found["name"]
        elif found := _PAIR.match(line):
            value = _expanded(found["value"], sections, current)
            sections.setdefault(current, {})[found["name"]] = value
    return sections


def _expanded(text: str, sections: t.Mapping[str, t.Mapping[str, str]], current: str) -> str:
    """A value without quotes and escapes, with those of other names in their place: not within quotes, config(5ssl)."""

    def meaning(found: re.Match[str]) -> str:
        if found["quoted"] is not None:
            return re.sub(r"\\(.)", r"\1", found["quoted"])
        if found["escaped"] is not None:
            return found["escaped"]
        section, _colons, name = found["name"].strip("{}()").rpartition("::")
        own = sections.get(section or current, {})
        return own.get(name, sections.get("", {}).get(name, ""))

    return _VALUE.sub(meaning, text)


def system_policy(
    path: str, read: ReadText, *, name: str = "", listing: ListFiles = cnf_files
) -> SystemPolicy | None:
    """Follow openssl_conf (or the application's own `name`), ssl_conf and system_default of an openssl.cnf.

    None if the file cannot be read.
    """
    text = read(path)
    if text is None:
        return None
    sections = _sections(_lines(text, read, listing, (path,)))
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


__all__ = ["ReadText", "SystemPolicy", "cnf_files", "crypto_policy", "system_policy"]
