# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the tables of role variables in the READMEs, or check that they are as the specs say.

usage: tests/tools/venv.sh python tests/tools/role_readme.py --check|--write

A table stands between `<!-- variables: ROLE -->` and `<!-- end of variables -->`. A role without a
README gets one from its short description and description.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import typing as t
from pathlib import Path

from rolespecs import Option, Role, paragraphs, roles

END = "<!-- end of variables -->"
TABLE = re.compile(r"<!-- variables: (\w+) -->\n.*?" + re.escape(END), re.DOTALL)
MARKUP = (
    (re.compile(r"\b[COV]\(([^()]*(?:\([^()]*\)[^()]*)*)\)"), r"`\1`"),
    (re.compile(r"\bRV\(([^()]*)\)"), r"`\1`"),
    (re.compile(r"\b[MP]\(([\w.]+)(?:#\w+)?\)"), r"`\1`"),
    (re.compile(r"\bL\(([^,()]*), *([^()]*)\)"), r"[\1](\2)"),
    (re.compile(r"\bB\(([^()]*)\)"), r"**\1**"),
    (re.compile(r"\b[IU]\(([^()]*)\)"), r"\1"),
)


def plain(text: str) -> str:
    """Return Ansible's markup as Markdown, on one line."""
    for pattern, replacement in MARKUP:
        text = pattern.sub(replacement, text)
    return " ".join(text.split())


def kind(option: Option) -> str:
    """Return the type of an option, and its choices where it has any."""
    name = str(option.get("type", "str"))
    if name == "list":
        name = f"list of {option.get('elements', 'raw')}"
    choices = ", ".join(f"`{choice}`" for choice in option.get("choices") or ())
    return f"{name}: {choices}" if choices else name


def default(option: Option) -> str:
    """Return the default of an option as it would be written in YAML."""
    if option.get("required"):
        return "required"
    if option.get("default") is None:
        return ""
    value = option["default"]
    return f"`{value if isinstance(value, str) else json.dumps(value)}`"


def rows(options: dict[str, Option], indent: str = "") -> t.Iterator[str]:
    """Yield the lines of the table; the options of a dictionary follow it, indented."""
    for name, option in options.items():
        meaning = " ".join(plain(part) for part in paragraphs(option.get("description")))
        cells = (f"{indent}`{name}`", kind(option), default(option), meaning)
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
        yield from rows(option.get("options") or {}, indent + "&nbsp;&nbsp;")


def table(role: Role) -> str:
    """Return the tables of all entry points between their markers."""
    lines = [f"<!-- variables: {role.name} -->"]
    for entry_point in role.entry_points:
        if entry_point != "main":
            lines += ["", f"Entry point `{entry_point}`:"]
        lines += ["", "| variable | type | default | meaning |", "| --- | --- | --- | --- |"]
        lines += rows(role.options(entry_point))
    return "\n".join([*lines, "", END])


def first_readme(role: Role) -> str:
    """Return a README for a role that has none yet."""
    main = role.entry_points.get("main", {})
    body = "\n\n".join(plain(part) for part in paragraphs(main.get("description")))
    title = plain(str(main.get("short_description", "")))
    return f"# Role `{role.name}`\n\n{title}.\n\n{body}\n\n## Variables\n\n{table(role)}\n"


def wanted(path: Path, every: t.Mapping[str, Role]) -> str:
    """Return what a README should contain."""
    if not path.is_file():
        return first_readme(every[path.parent.name])
    return TABLE.sub(lambda found: table(every[found.group(1)]), path.read_text())


def main() -> int:
    """Write or check all READMEs; return 1 if a check finds one that differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("--check", action="store_true", help="only say which READMEs are stale")
    action.add_argument("--write", action="store_true", help="write them")
    arguments = parser.parse_args()
    every = {role.name: role for role in roles()}
    paths = [Path("README.md"), *(role.directory / "README.md" for role in every.values())]
    texts = {path: wanted(path, every) for path in paths}
    stale = [p for p, text in texts.items() if not p.is_file() or p.read_text() != text]
    if arguments.write:
        for path in stale:
            path.write_text(texts[path])
            print(f"wrote {path}")
        return 0
    for path in stale:
        print(f"{path} is not what the argument specs say: run `make readme`")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
