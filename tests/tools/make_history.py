# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Postfix's TLS parameters and their defaults by version.

make_history.py collect GIT_DIR   read mail_params.h at every release tag of a Postfix git mirror, write the JSON
make_history.py write             write plugins/module_utils/_postfix/_history.py from the JSON
make_history.py check             fail when the two differ
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
JSON_FILE = ROOT / "tests/fixtures/postfix_tls_param_history.json"
TABLE_FILE = ROOT / "plugins/module_utils/_postfix/_history.py"
HEADER = "postfix/src/global/mail_params.h"
TLS_NAMES = re.compile(r"tls|^openssl_path$|requiretls")
BUILD_DECIDES = "(build decides)"
UNRESOLVED = "(not literal)"

Version = tuple[int, int, int]


def release_tags(git_dir: str) -> list[tuple[Version, str]]:
    tags = subprocess.run(
        ["git", "-C", git_dir, "tag"], check=True, capture_output=True, text=True
    ).stdout.split()
    releases = []
    for tag in tags:
        found = re.fullmatch(r"v(\d+)\.(\d+)\.(\d+)", tag)
        if found:
            version = (int(found[1]), int(found[2]), int(found[3]))
            releases.append((version, tag))
    return sorted(release for release in releases if release[0] >= (2, 3, 0))


def header_at(git_dir: str, revision: str) -> str:
    shown = subprocess.run(
        ["git", "-C", git_dir, "show", f"{revision}:{HEADER}"], check=True, capture_output=True
    )
    text = shown.stdout.decode("utf-8", "replace")
    text = re.sub(r"/\*.*?\*/", " ", text, flags=re.DOTALL)
    return text.replace("\\\n", " ")


def macros_of(text: str) -> dict[str, list[str]]:
    macros: dict[str, list[str]] = {}
    for name, body in re.findall(r"^\s*#\s*define\s+(\w+)[ \t]+(.*)$", text, flags=re.MULTILINE):
        bodies = macros.setdefault(name, [])
        if body.strip() not in bodies:
            bodies.append(body.strip())
    return macros


def value_of(body: str, macros: dict[str, list[str]], depth: int = 0) -> str:
    """One C constant expression as text; the two markers say why it has no single text."""
    parts = []
    for token in re.findall(r'"(?:[^"\\]|\\.)*"|\w+|[^\s\w"]+', body):
        if token.startswith('"'):
            parts.append(token[1:-1])
        elif token.isdigit():
            parts.append(token)
        elif token in macros and depth < 8:
            values = {value_of(other, macros, depth + 1) for other in macros[token]}
            if len(values) != 1 or BUILD_DECIDES in values:
                return BUILD_DECIDES
            parts.append(values.pop())
        else:
            return BUILD_DECIDES if token.startswith("SN_") else UNRESOLVED
    return "".join(parts).strip()


def defaults_at(git_dir: str, revision: str) -> dict[str, str]:
    text = header_at(git_dir, revision)
    macros = macros_of(text)
    found: dict[str, str] = {}
    pattern = re.compile(
        r'define\s+VAR_(\w+)\s+"(\w+)"(?P<rest>.*?)(?=#\s*define\s+VAR_|\Z)', re.DOTALL
    )
    for match in pattern.finditer(text):
        key, name = match.group(1), match.group(2)
        if not TLS_NAMES.search(name) or f"DEF_{key}" not in macros:
            continue
        values = {value_of(body, macros) for body in macros[f"DEF_{key}"]}
        value = values.pop() if len(values) == 1 else BUILD_DECIDES
        if re.search(r"extern\s+bool\b", match.group("rest").split("#", 1)[-1]):
            value = {"0": "no", "1": "yes"}.get(value, value)
        found[name] = value
    return found


def collect(git_dir: str) -> None:
    history: dict[str, list[list[str | None]]] = {}
    last: dict[str, str] = {}
    tags = []
    newest = release_tags(git_dir)[-1][0]
    points = [(".".join(map(str, version)), tag) for version, tag in release_tags(git_dir)]
    points.append((f"{newest[0]}.{newest[1] + 1}.0", "HEAD"))
    for version, tag in points:
        now = defaults_at(git_dir, tag)
        tags.append(version)
        for name in sorted(set(now) | set(last)):
            if now.get(name) != last.get(name):
                history.setdefault(name, []).append([version, now.get(name)])
        last = now
    document = {
        "source": f"Postfix git, {HEADER} at every release tag; {points[-1][0]} is the snapshot after them",
        "legend": f"[first version, default]; null = not there; {BUILD_DECIDES}; {UNRESOLVED}",
        "versions": tags,
        "parameters": dict(sorted(history.items())),
    }
    JSON_FILE.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def table_lines(parameters: dict[str, list[list[str | None]]]) -> list[str]:
    lines: list[str] = []
    for name, entries in sorted(parameters.items()):
        text = f"{name}|" + "|".join(
            f"{version} -" if value is None else f"{version} ={value}" for version, value in entries
        )
        pieces = textwrap.wrap(
            text.replace(" ", "\0").replace("|", "| "),
            96,
            break_long_words=True,
            break_on_hyphens=False,
            subsequent_indent="  ",
        )
        lines += [piece.replace("\0", " ") for piece in pieces]
    return lines


def rendered() -> str:
    document = json.loads(JSON_FILE.read_text(encoding="utf-8"))
    table = "\n".join(table_lines(document["parameters"])).replace("\\", "\\\\")
    template = (Path(__file__).parent / "history_template.txt").read_text(encoding="utf-8")
    return template.replace("@TABLE@", table)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("command", choices=["collect", "write", "check"])
    parser.add_argument("git_dir", nargs="?")
    options = parser.parse_args()
    if options.command == "collect":
        if not options.git_dir:
            parser.error("collect needs the directory of a Postfix git mirror")
        collect(options.git_dir)
    elif options.command == "write":
        TABLE_FILE.write_text(rendered(), encoding="utf-8")
    elif TABLE_FILE.read_text(encoding="utf-8") != rendered():
        print(
            f"{TABLE_FILE} is not what {JSON_FILE} gives: run {sys.argv[0]} write", file=sys.stderr
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
