# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/probe-comparison.md from the results of a comparison."""

from __future__ import annotations

import typing as t
from pathlib import Path

from ansible_collections.postmaster.tls.plugins.module_utils._tls import _groups, _suites

BEGIN = "<!-- from here to the end written by make rightness -->"
TOOLS = ("postmaster.tls", "sslscan", "sslyze", "nmap")
Row = dict[str, t.Any]


def suite_names(codes: t.Iterable[int]) -> list[str]:
    """OpenSSL's names, in the given order."""
    found = ((code, _suites.by_code(code)) for code in codes)
    return [suite.name if suite else f"0x{code:04X}" for code, suite in found]


def group_names(codes: t.Iterable[int]) -> list[str]:
    """IANA's names."""
    return [_groups.name_of(code) for code in sorted(codes)]


def brief(row: Row) -> str:
    """One line for a terminal."""
    parts = [f"{row['server']}: {sum(row['suites'].values())} pairs in {row['seconds']} s"]
    parts += [f"  {found['tool']}: {sentence(found)}" for found in row["differences"]]
    return "\n".join(parts)


def sentence(difference: Row) -> str:
    """One difference in words."""
    words = []
    for kind, verb in (("missing", "misses"), ("extra", "adds")):
        listed = difference[kind]
        if listed:
            shown = ", ".join(listed[:4]) + (f" and {len(listed) - 4} more" if listed[4:] else "")
            words.append(f"{verb} {shown}")
    if difference["said"]:
        words.append(f"says {difference['said']}")
    if difference["truth"]:
        words.append(f"while it is {difference['truth']}")
    return f"{difference['what']}: {'; '.join(words)}"


def written(result: dict[str, t.Any]) -> str:
    """The whole measured part."""
    rows = result["servers"]
    names = ", ".join(f"{name} {version}" for name, version in result["versions"].items())
    agree = {tool: sum(_agrees(row, tool) for row in rows) for tool in TOOLS}
    lines = [
        f"{len(rows)} servers, compared {result['date']} with {names}.",
        "",
        "| tool | agrees with the truth on | cannot be read on |",
        "| --- | --- | --- |",
        *(f"| {tool} | {agree[tool]} of {len(rows)} | {_unread(rows, tool)} |" for tool in TOOLS),
        "",
        "### Disagreements, by what they are about",
        "",
        *_by_kind(rows),
        "",
        "### Server by server",
        "",
        "Pairs are (protocol, suite); `=` is agreement with the truth, `!` a difference in suites, groups or order, `-` no answer.",
        "",
        f"| server | pairs | by version | groups | order | connections | {' | '.join(TOOLS)} |",
        "| --- " * (6 + len(TOOLS)) + "|",
        *(_line(row) for row in rows),
    ]
    return "\n".join(lines) + "\n"


def _agrees(row: Row, tool: str) -> bool:
    return tool in row["tools"] and not any(d["tool"] == tool for d in row["differences"])


def _unread(rows: list[Row], tool: str) -> int:
    return sum(row["tools"].get(tool) != "read" for row in rows)


def _by_kind(rows: list[Row]) -> t.Iterator[str]:
    """Differences that read the same, with the servers where they occur."""
    found: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        for difference in row["differences"]:
            key = (difference["tool"], sentence(difference))
            found.setdefault(key, []).append(row["server"])
    yield "| tool | what | servers |"
    yield "| --- | --- | --- |"
    for (tool, what), where in sorted(found.items()):
        names = where[0] if len(where) == 1 else f"{len(where)}, such as {where[0]}"
        yield f"| {tool} | {what} | {names} |"


def _line(row: Row) -> str:
    versions = ", ".join(f"{version} {count}" for version, count in row["suites"].items())
    groups = "+".join(str(count) for count in row["groups"].values()) or "none"
    order = "/".join(sorted({word for word in row["decides"].values() if word})) or "-"
    marks = [
        "-" if row["tools"].get(tool) != "read" else "=" if _agrees(row, tool) else "!"
        for tool in TOOLS
    ]
    cells = (row["server"], sum(row["suites"].values()), versions or "none", groups, order)
    return f"| {' | '.join(map(str, (*cells, row['connections'], *marks)))} |"


def put(path: Path, text: str) -> None:
    """Replace what stands behind the mark in the page."""
    before = path.read_text().partition(BEGIN)[0]
    path.write_text(f"{before}{BEGIN}\n\n{text}")
