# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""Edits of main.cf and of the overrides of master.cf, text to text: everything else stays as it was found.

Both files consist of logical lines: one that begins with a blank continues the one before, also over comments and
empty lines (postconf(5), "DESCRIPTION"; src/util/readlline.c). The last definition of a parameter counts.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._errors import (
    InvalidInput,
    NotSupported,
)
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._arguments import (
    BLANKS,
    FIELDS,
    Arguments,
    Override,
    Token,
    arguments_of,
    tokens_of,
)
from ansible_collections.postmaster.tls.plugins.module_utils._records import dataclass

_LINE: t.Final = re.compile(r"[^\n]*\n|[^\n]+")
_DEFINITION: t.Final = re.compile(r"([^\s=]+)[ \t\v\f\r]*=[ \t\v\f\r]*", re.ASCII)
_NAME: t.Final = re.compile(r"[^\s=#,{}$][^\s=,{}$]*", re.ASCII)


@dataclass(frozen=True)
class Change:
    """One effective value before and after; None means not set. `service` is None for main.cf."""

    service: str | None
    parameter: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class Edited:
    """The whole text after the edit, what changed in it, and what the owner of the file should know."""

    text: str
    changes: tuple[Change, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Logical:
    """The physical lines, by index, that carry one logical line; comments between them are not among them."""

    rows: tuple[int, ...]


def edit_main(text: str, parameters: t.Mapping[str, str | None]) -> Edited:
    """main.cf with these parameters set, or removed where the value is None; unchanged when they already are in force.

    Where a parameter is defined more than once the last definition is edited, and a note says so. Raises InvalidInput
    for a name or a value that main.cf cannot carry.
    """
    lines = _LINE.findall(text)
    changes: list[Change] = []
    notes: list[str] = []
    added: list[str] = []
    for name, wanted in parameters.items():
        value = _checked(name, wanted)
        found = [logical for logical in _logical_lines(lines) if _name_of(lines, logical) == name]
        before = _value_of(lines, found[-1]) if found else None
        if before == value:
            continue
        if len(found) > 1:
            notes.append(_duplicates(name, found, removed=value is None))
        if value is None:
            _drop(lines, *found)
        elif found:
            _replace(lines, found[-1], value)
        else:
            added.append(f"{name} = {value}".rstrip())
        changes.append(Change(None, name, before, value))
    return Edited(_appended("".join(lines), added), tuple(changes), tuple(notes))


def edit_master(
    text: str, services: t.Mapping[str, t.Mapping[str, str | None]], *, braces: bool
) -> Edited:
    """master.cf with these `-o` overrides set, or removed where the value is None, service by service.

    Services are named as `postconf -P` prints them: "submission/inet". `braces` says whether this Postfix reads
    `-o { name = value }` (3.0 and later). Raises InvalidInput for an unknown service or an impossible name or value,
    NotSupported for a value with blanks where there are no braces.
    """
    changes: list[Change] = []
    notes: list[str] = []
    for service, overrides in services.items():
        for name, wanted in overrides.items():
            value = _checked(name, wanted)
            text, before, more = _override(text, service, name, value, braces=braces)
            notes += more
            if before != value:
                changes.append(Change(service, name, before, value))
    return Edited(text, tuple(changes), tuple(dict.fromkeys(notes)))


def service_names(text: str) -> list[str]:
    """The services of master.cf in order, named as `postconf -P` prints them."""
    return [name for name, _logical in _services(_LINE.findall(text))]


def _checked(name: str, value: str | None) -> str | None:
    if not _NAME.fullmatch(name):
        raise InvalidInput(
            f"'{name}' cannot be the name of a Postfix parameter: use a name that postconf prints."
        )
    if value is None:
        return None
    if any(character in value for character in "\n\r\0"):
        raise InvalidInput(
            f"The value of {name} has a line break or a null byte, which Postfix cannot read: give it on one line."
        )
    return value.strip(BLANKS)


def _logical_lines(lines: t.Sequence[str]) -> list[_Logical]:
    groups: list[list[int]] = []
    for row, line in enumerate(lines):
        content = line.strip(BLANKS)
        if not content or content.startswith("#"):
            continue
        if line[0] not in BLANKS:
            groups.append([row])
        elif groups:
            groups[-1].append(row)
    return [_Logical(tuple(rows)) for rows in groups]


def _name_of(lines: t.Sequence[str], logical: _Logical) -> str | None:
    match = _DEFINITION.match(lines[logical.rows[0]])
    return match.group(1) if match else None


def _value_of(lines: t.Sequence[str], logical: _Logical) -> str:
    """As one line: Postfix joins continued lines, and what is between them is blanks."""
    first = lines[logical.rows[0]]
    match = _DEFINITION.match(first)
    head = first[match.end() :] if match else first
    parts = [head, *(lines[row] for row in logical.rows[1:])]
    return " ".join(part for part in (part.strip(BLANKS) for part in parts) if part)


def _replace(lines: list[str], logical: _Logical, value: str) -> None:
    first = lines[logical.rows[0]]
    match = _DEFINITION.match(first)
    head = first[: match.end()].rstrip("\r") if match else first
    if value and head.endswith(" ="):
        head += " "
    lines[logical.rows[0]] = (head + value).rstrip(" \t") + _ending(first)
    for row in logical.rows[1:]:
        lines[row] = ""


def _drop(lines: list[str], *found: _Logical) -> None:
    for row in (row for logical in found for row in logical.rows):
        lines[row] = ""


def _ending(line: str) -> str:
    body = line.rstrip("\r\n")
    return line[len(body) :]


def _appended(text: str, definitions: t.Sequence[str]) -> str:
    if not definitions:
        return text
    ending = "\r\n" if "\r\n" in text.partition("\n")[0] + "\n" else "\n"
    start = text if not text or text.endswith("\n") else text + ending
    return start + "".join(definition + ending for definition in definitions)


def _duplicates(name: str, found: t.Sequence[_Logical], *, removed: bool) -> str:
    rows = ", ".join(str(logical.rows[0] + 1) for logical in found)
    what = "all were removed" if removed else "the last one counts, and it was edited"
    return f"main.cf defines {name} in lines {rows}: {what}."


def _services(lines: t.Sequence[str]) -> list[tuple[str, _Logical]]:
    result = []
    for logical in _logical_lines(lines):
        fields = "".join(lines[row] for row in logical.rows).split()
        if len(fields) >= FIELDS:
            result.append((f"{fields[0]}/{fields[1]}", logical))
    return result


def _span_of(lines: t.Sequence[str], service: str) -> tuple[int, int] | None:
    """Rows of the last entry of that name, which is the one that master(8) uses (src/master/master_conf.c)."""
    rows = [logical.rows for name, logical in _services(lines) if name == service]
    return (rows[-1][0], rows[-1][-1] + 1) if rows else None


def _masked(lines: t.Sequence[str], span: tuple[int, int]) -> str:
    """The text of an entry with its comments blanked out, so that positions in it are positions in the file."""
    parts = []
    for line in lines[span[0] : span[1]]:
        hidden = line.lstrip(BLANKS).startswith("#")
        parts.append(re.sub(r"[^\n]", " ", line) if hidden else line)
    return "".join(parts)


def _override(
    text: str, service: str, name: str, value: str | None, *, braces: bool
) -> tuple[str, str | None, list[str]]:
    lines = _LINE.findall(text)
    span = _span_of(lines, service)
    if span is None:
        known = ", ".join(service_names(text)) or "none"
        raise InvalidInput(f"master.cf has no service {service}: it has {known}.")
    arguments = arguments_of(tokens_of(_masked(lines, span), braces=braces))
    found = [entry for entry in arguments.overrides if entry.name == name]
    before = found[-1].value if found else None
    if before == value:
        return text, before, []
    notes = []
    if len(found) > 1:
        what = "all were removed" if value is None else "the last one counts, and it was edited"
        notes.append(f"master.cf overrides {name} {len(found)} times for {service}: {what}.")
    head, body, tail = _split(lines, span)
    if value is None:
        body = _without(body, [token for entry in found for token in entry.tokens])
    else:
        body = _with(body, arguments, found, _spelled(service, name, value, braces=braces))
    return head + body + tail, before, notes


def _split(lines: t.Sequence[str], span: tuple[int, int]) -> tuple[str, str, str]:
    return "".join(lines[: span[0]]), "".join(lines[span[0] : span[1]]), "".join(lines[span[1] :])


def _spelled(service: str, name: str, value: str, *, braces: bool) -> str:
    if value.count("{") != value.count("}") and braces:
        raise InvalidInput(
            f"The value of {name} for {service} has unbalanced braces, which master.cf cannot carry."
        )
    if not re.search(r"\s", value, re.ASCII):
        return f"-o {name}={value}"
    if not braces:
        raise NotSupported(
            f"The value of {name} for {service} has blanks, which master.cf can carry from Postfix 3.0 on only: "
            "write it without blanks, or set it in main.cf under a name of its own and refer to it as $name."
        )
    return f"-o {{ {name} = {value} }}"


def _without(body: str, tokens: t.Sequence[Token]) -> str:
    for token in sorted(tokens, key=lambda token: -token.start):
        body = _cut(body, token)
    return body


def _cut(body: str, token: Token) -> str:
    """Take out one token; a line that holds nothing else goes with it."""
    before, after = body[: token.start], body[token.stop :]
    line_start = before.rfind("\n") + 1
    line_stop = after.find("\n") + 1 or len(after)
    alone = not before[line_start:].strip(BLANKS) and not after[:line_stop].strip(BLANKS)
    if alone and line_start:
        return before[:line_start] + after[line_stop:]
    if not after[:line_stop].strip(BLANKS):
        return before.rstrip(" \t") + after
    return before + after.lstrip(" \t")


def _with(body: str, arguments: Arguments, found: t.Sequence[Override], override: str) -> str:
    if found:
        tokens = found[-1].tokens
        return body[: tokens[-1].start] + _tail_of(override, tokens) + body[tokens[-1].stop :]
    plain = arguments.first_plain
    if plain is None:
        return _after_line(body, arguments.last_option.stop, override)
    line_start = body.rfind("\n", 0, plain.start) + 1
    if line_start and not body[line_start : plain.start].strip(BLANKS):
        indent = body[line_start : plain.start]
        return body[:line_start] + indent + override + _line_ending(body) + body[line_start:]
    return body[: plain.start] + override + " " + body[plain.start :]


def _tail_of(override: str, tokens: t.Sequence[Token]) -> str:
    """The replaced span: the argument of a separate `-o`, or the whole of a glued `-oname=value`."""
    return override[len("-o ") :] if len(tokens) > 1 else override


def _after_line(body: str, position: int, override: str) -> str:
    ending = _line_ending(body)
    stop = body.find("\n", position) + 1
    if not stop:
        return body + ending + _indent(body) + override
    return body[:stop] + _indent(body) + override + ending + body[stop:]


def _indent(body: str) -> str:
    continued = re.findall(r"(?m)^([ \t]+)-", body)
    return continued[-1] if continued else "  "


def _line_ending(body: str) -> str:
    return "\r\n" if "\r\n" in body else "\n"


__all__ = ["Change", "Edited", "edit_main", "edit_master", "service_names"]
