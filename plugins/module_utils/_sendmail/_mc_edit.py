# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""Edits of an mc file, text to text: comments, order and everything that is not named stay as they were found.

Source: cf/README of sendmail, "INTRODUCTION AND EXAMPLE" (the order of sections) and "ADDING NEW MAILERS OR RULESETS".
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._errors import InvalidInput
from ansible_collections.postmaster.tls.plugins.module_utils._records import dataclass
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._m4 import (
    Call,
    active,
    calls,
)

_SECTIONS: t.Final = re.compile(r"MAILER|MAILER_DEFINITIONS|LOCAL_(?:CONFIG|NET_CONFIG|RULE\w*)")
_NAME: t.Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")
_TAIL: t.Final = re.compile(r"[ \t]*(?:dnl[^\n]*)?(?:\n|\Z)")
_REST: t.Final = r"'?(?:(?<![ \t])[ \t]*)?(?:(?:\bdnl\b|(?<!\\)#)[^\n]*)?"
_RAW: t.Final = (
    r"(?m)^(?P<quote>`?)O (?i:{name})(?= *=|[ \t]*(?:['#]|\bdnl\b|$))(?P<sign> *=? *)(?P<value>.*?)"
    rf"(?P<end>{_REST})$"
)


@dataclass(frozen=True)
class Change:
    """One setting before and after; None means not set. C(kind) is define, option, feature or access."""

    kind: str
    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class Edited:
    """The whole text after the edit, and what changed in it."""

    text: str
    changes: tuple[Change, ...]


def edit_defines(text: str, wanted: t.Mapping[str, str | None], *, comments: bool = True) -> Edited:
    """The mc file with these m4 macros defined, or defined no more where the value is None.

    The last definition counts and is edited. Raises InvalidInput for a name or a value that m4 cannot carry.
    """
    changes: list[Change] = []
    for name, value in wanted.items():
        _check(name, value)
        _refuse_own_name(name, value or "")
        found = [
            call
            for call in calls(text, comments=comments)
            if call.name in ("define", "undefine") and call.text(0) == name
        ]
        last = found[-1] if found else None
        before = last.text(1) if last and last.name == "define" else None
        if before == value:
            continue
        if value is None:
            text = _without(text, found)
        elif last and last.name == "define" and len(last.arguments) > 1:
            span = last.arguments[1]
            text = f"{text[: span.start]} {_quoted(value)}{text[span.stop :]}"
        else:
            text = _inserted(
                text, f"define({_quoted(name)}, {_quoted(value)})dnl\n", comments=comments
            )
        changes.append(Change("define", name, before, value))
    return Edited(text, tuple(changes))


def edit_features(
    text: str, wanted: t.Mapping[str, tuple[str, ...] | None], *, comments: bool = True
) -> Edited:
    """The mc file with these features and their arguments, or without them where the value is None."""
    changes: list[Change] = []
    for name, values in wanted.items():
        for value in (None, *(values or ())):
            _check(name, value)
        found = [
            call
            for call in calls(text, comments=comments)
            if call.name == "FEATURE" and call.text(0) == name
        ]
        before = tuple(one.text for one in found[-1].arguments[1:]) if found else None
        if before == values:
            continue
        if values is None:
            text = _without(text, found)
        else:
            feature = f"FEATURE({', '.join(map(_quoted, (name, *values)))})"
            last = found[-1] if found else None
            text = (
                text[: last.start] + feature + text[last.stop :]
                if last
                else _inserted(text, f"{feature}dnl\n", comments=comments)
            )
        changes.append(Change("feature", name, _joined(before), _joined(values)))
    return Edited(text, tuple(changes))


def edit_raw_options(text: str, wanted: t.Mapping[str, str | None]) -> Edited:
    """The mc file with these options as lines of sendmail.cf in LOCAL_CONFIG: for those that have no macro."""
    changes: list[Change] = []
    for name, value in wanted.items():
        _check(name, value)
        found = raw_options(text, name)
        before = found[-1]["value"] if found else None
        if before == value:
            continue
        if value is None:
            for one in reversed(found):
                text = text[: one.start()] + text[one.end() + 1 :]
        elif found:
            text = _set(text, found[-1], value)
        else:
            text = _with_raw(text, f"`O {name}={value}'\n")
        changes.append(Change("option", name, before, value))
    return Edited(text, tuple(changes))


def raw_options(text: str, name: str) -> list[re.Match[str]]:
    """The lines of LOCAL_CONFIG that set an option, whose name sendmail takes in any case; without a sign its value is empty."""
    return list(re.finditer(_RAW.replace("{name}", re.escape(name)), text))


def _set(text: str, line: re.Match[str], value: str) -> str:
    sign = line["sign"] if "=" in line["sign"] else "="
    end = f" {line['end']}" if line["end"].startswith("dnl") else line["end"]
    return text[: line.start("sign")] + sign + value + end + text[line.end() :]


def _check(name: str, value: str | None) -> None:
    if not _NAME.fullmatch(name):
        raise InvalidInput(
            f"'{name}' cannot be a name in sendmail.mc: use letters, digits and underscores."
        )
    if value is not None and any(one in value for one in "`'\n\r\0"):
        raise InvalidInput(
            f"The value of {name} has a quote or a line break, which m4 would not read as it stands: leave it out."
        )
    found = active(name) or active(value or "")
    if found:
        raise InvalidInput(
            f"The value of {name} has '{found}', which m4 would carry out and not take as text: leave it out."
        )


def _refuse_own_name(name: str, value: str) -> None:
    if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", value):
        raise InvalidInput(
            f"The value of {name} has that name in it, which m4 would replace without an end: leave it out."
        )


def _quoted(text: str) -> str:
    return f"`{text}'"


def _joined(values: tuple[str, ...] | None) -> str | None:
    return None if values is None else ", ".join(values)


def _without(text: str, found: t.Sequence[Call]) -> str:
    for call in reversed(found):
        begin = text.rfind("\n", 0, call.start) + 1
        tail = _TAIL.match(text, call.stop)
        alone = tail if not text[begin : call.start].strip() else None
        first, last = (begin, alone.end()) if alone else (call.start, call.stop)
        text = text[:first] + text[last:]
    return text


def _inserted(text: str, line: str, *, comments: bool) -> str:
    """The line before the first mailer or local section: behind every include that could define the same."""
    for call in calls(text, comments=comments):
        if _SECTIONS.fullmatch(call.name):
            begin = text.rfind("\n", 0, call.start) + 1
            return text[:begin] + line + text[begin:]
    return _ended(text) + line


def _with_raw(text: str, line: str) -> str:
    found = re.search(r"(?m)^LOCAL_CONFIG[ \t]*(?:dnl[^\n]*)?\n", text)
    if found:
        return text[: found.end()] + line + text[found.end() :]
    return _ended(text) + "LOCAL_CONFIG\n" + line


def _ended(text: str) -> str:
    return text if not text or text.endswith("\n") else text + "\n"


__all__ = [
    "Change",
    "Edited",
    "edit_defines",
    "edit_features",
    "edit_raw_options",
    "raw_options",
]
