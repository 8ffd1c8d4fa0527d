# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/performance.md from a result of the benchmark."""

from __future__ import annotations

import statistics
import typing as t
from pathlib import Path

BEGIN = "<!-- from here to the end written by make bench -->"
Rows = list[dict[str, t.Any]]
_TITLES = {
    "loose": "Loose: 110 pairs, both chains, the client decides",
    "default": "Debian's default",
    "preempt": "Server order: as loose, with tls_preempt_cipherlist",
    "sendmail": "sendmail 8.17: 23 pairs",
    "far": "The loose server behind a round trip of 20 ms",
    "queue of ten": "A queue of ten: Postfix with a process limit of 10",
    "queue of ten, sendmail": "A queue of ten: sendmail",
}


def written(result: dict[str, t.Any]) -> str:
    """The whole measured part of the page."""
    machine = result["machine"]
    names = ", ".join(f"{name} {version}" for name, version in result["versions"].items())
    lines = [
        (
            f"Measured {result['date']} by `make bench` in {result.get('seconds', 0) // 60} minutes on "
            f"{machine['cores']} cores of {machine['processor']}, {machine['memory_gib']} GiB, Linux "
            f"{machine['kernel']} (load {machine['load']} at the start)."
        ),
        f"Versions: {names}.",
        *result["missing"],
        "",
    ]
    for server in dict.fromkeys(row["server"] for row in result["runs"]):
        rows = [row for row in result["runs"] if row["server"] == server]
        lines += [f"### {_TITLES.get(server, server)}", "", *table(rows), ""]
    lines += _policy(result.get("policy"))
    lines += _ansible(result.get("ansible")) + _many(result.get("many"))
    return "\n".join(lines).rstrip() + "\n"


_HEAD = (
    "| tool | runs | wall s (least to most) | CPU s | x floor: wall, CPU | server CPU s | connections | MiB "
    "| pairs | groups | chains | who decides | other load |"
)


def table(rows: Rows) -> list[str]:
    """One line for each tool: medians, and the medians of the ratios to the floor of the same round."""
    floors = {row["round"]: row for row in rows if row["tool"] == "floor"}
    lines = [_HEAD, "| --- " * (_HEAD.count("|") - 1) + "|"]
    for tool in dict.fromkeys(row["tool"] for row in sorted(rows, key=lambda row: row["wall"])):
        own = [row for row in rows if row["tool"] == tool]
        lines.append(_line(tool, own, floors))
    return lines


def _line(tool: str, rows: Rows, floors: dict[int, dict[str, t.Any]]) -> str:
    walls = [row["wall"] for row in rows]
    paired = [(row, floors[row["round"]]) for row in rows if row["round"] in floors]
    by_wall = statistics.median(row["wall"] / floor["wall"] for row, floor in paired)
    by_cpu = statistics.median(row["cpu"] / floor["cpu"] for row, floor in paired)
    servers = [row["server_cpu"] for row in rows if row["server_cpu"] is not None]
    last = rows[-1]
    pairs = "not read" if "unread" in last else f"{last['pairs']} of {last['of']}"
    pairs += f", {len(last['invented'])} invented" if last.get("invented") else ""
    groups = "+".join(str(count) for count in last.get("groups", {}).values()) or "none"
    words = sorted(set(last.get("decides", {}).values()))
    cells = (
        f"**{tool}**" if tool.startswith("postmaster") else tool,
        str(len(rows)),
        f"{_median(walls)} ({min(walls):.2f}-{max(walls):.2f})",
        _median([row["cpu"] for row in rows], 3),
        f"{by_wall:.2f}, {by_cpu:.2f}",
        _median(servers) if servers else "-",
        f"{statistics.median(row['connections'] for row in rows):.0f}",
        f"{max(row['memory'] for row in rows):.1f}",
        pairs,
        groups,
        str(last.get("chains") or 0),
        "/".join(words) or "-",
        _median([row["other"] / row["wall"] for row in rows]),
    )
    return f"| {' | '.join(cells)} |"


def _median(values: list[float], digits: int = 2) -> str:
    return f"{statistics.median(values):.{digits}f}"


def _policy(policy: dict[str, dict[str, t.Any]] | None) -> list[str]:
    if policy is None:
        return []
    lines = ["### A verdict against a policy alone", ""]
    lines += ["| server | connections | seconds | violations |", "| --- | --- | --- | --- |"]
    for server, row in policy.items():
        cells = (server, row["connections"], f"{row['seconds']:.3f}", row["violations"])
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return [*lines, ""]


def _ansible(cost: dict[str, t.Any] | None) -> list[str]:
    if cost is None:
        return []
    return [
        "### One run of the module",
        "",
        (
            f"An empty playbook takes {cost['empty_playbook']:.2f} s, with one handshake check {cost['one_probe']:.2f} s, "
            f"with {cost['tasks']} of them {cost['several_probes']:.2f} s. The probe itself takes "
            f"{cost['probe_seconds']:.3f} s of a run, so a run adds **{cost['added_by_a_run']:.2f} s** to it, however many "
            "targets it has."
        ),
        "",
    ]


def _many(many: dict[str, t.Any] | None) -> list[str]:
    if many is None:
        return []
    words = ", ".join(f"{key.replace('_', ' ')}: {value}" for key, value in many.items())
    return ["### Many targets", "", f"{words}.", ""]


def put(path: Path, text: str) -> None:
    """Replace what stands behind the mark in the page."""
    before = path.read_text().partition(BEGIN)[0]
    path.write_text(f"{before}{BEGIN}\n\n{text}")
