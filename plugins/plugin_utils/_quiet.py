# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""Keeps secrets out of the arguments that a host writes to its log, whichever payload it is sent.

C(no_log) of an option is of no use where its value has words that a result has too, such as versions and paths: Ansible
would blot these out of the result. So a module with such a value logs nothing at all, as with C(no_target_syslog).
"""

from __future__ import annotations

import re
import typing as t
from collections.abc import Collection, Mapping

from ansible.plugins.action import ActionBase
from ansible_collections.postmaster.tls.plugins.module_utils._errors import InvalidInput

Data = dict[str, t.Any]
#: What stands in place of a value that is not shown.
UNSHOWN: t.Final = "(not shown)"
#: Of a value as Python shows it, which has a tab as two characters.
_MARKER: t.Final = re.compile(
    r"\b(?:BEGIN|END)\b[A-Z0-9 \t]{0,40}PRIVATE(?:\s|\\t)*KEY|PRIVATE\s*KEY\s*--|PuTTY-User-Key-File"
)
_BEGIN: t.Final = re.compile(r"-\s*BEGIN\b[A-Z0-9 \t]{0,40}PRIVATE\s*KEY")
_END: t.Final = re.compile(r"-\s*END\b[A-Z0-9 \t]{0,40}PRIVATE\s*KEY")
_OTHER: t.Final = re.compile(r"\s*-+\s*BEGIN\b")
#: DER of a key begins with a SEQUENCE, which is M and one of these letters in base 64; a path so long has a slash first.
_BARE: t.Final = re.compile(r"\s*M[A-P][A-Za-z0-9+/]{38,}={0,2}\s*")


class QuietAction(ActionBase):
    """Sends its module in such a way that no log of a host has the options of C(unlogged)."""

    @staticmethod
    def unlogged(_arguments: Mapping[str, t.Any]) -> Collection[str]:
        """The names of the options whose values have something secret."""
        return ()

    def _execute_module(self, *arguments: t.Any, **named: t.Any) -> Data:
        result: Data = super()._execute_module(*arguments, **named)
        invocation = result.get("invocation")
        told = invocation.get("module_args") if isinstance(invocation, Mapping) else None
        if isinstance(told, Mapping):
            shown = with_unshown(told, self.unlogged(told))
            result["invocation"] = {**t.cast(Data, invocation), "module_args": shown}
        return result

    def _configure_module(self, module_name: str, module_args: Data, task_vars: Data) -> t.Any:
        silent = {"_ansible_no_log": True} if self.unlogged(module_args) else {}
        return super()._configure_module(module_name, {**module_args, **silent}, task_vars)


def with_unshown(arguments: Mapping[str, t.Any], names: Collection[str]) -> Data:
    """The arguments with something else in place of the values that have those names, unless there are none."""
    return {
        name: UNSHOWN if name in names and value is not None else value
        for name, value in arguments.items()
    }


def refuse_keys(arguments: Mapping[str, t.Any], *, but: Collection[str] = (), remedy: str) -> None:
    """Raises InvalidInput for a private key in an option that is not one of C(but)."""
    for name, value in arguments.items():
        if name not in but and _MARKER.search(str(value)):
            raise InvalidInput(f"{name} has a private key in it, which a host would log: {remedy}.")


def refuse_texts(arguments: Mapping[str, t.Any], *, but: Collection[str], remedy: str) -> None:
    """Raises InvalidInput where a text, which may be a key without its usual marks, is given for a path or a name."""
    for name, value in arguments.items():
        said = str(value)
        text = len(said.splitlines()) > 1 or said.lstrip().startswith("----")
        if name not in but and (text or _BARE.fullmatch(said)):
            raise InvalidInput(
                f"{name} has a text in it where a path or a name is expected, and a host would log it: {remedy}."
            )


def without_keys(value: t.Any) -> t.Any:
    """A text without the private keys in it, or whatever has such texts in it with all of them like this."""
    if isinstance(value, Mapping):
        return {name: without_keys(one) for name, one in value.items()}
    if isinstance(value, list):
        return [without_keys(one) for one in value]
    return _without_keys(value) if isinstance(value, str) and _BEGIN.search(value) else value


def _without_keys(text: str) -> str:
    kept = []
    inside = False
    for line in text.splitlines(keepends=True):
        inside = bool(_BEGIN.search(line)) or (inside and not _OTHER.match(line))
        if not inside:
            kept.append(line)
        inside = inside and not _END.search(line)
    return "".join(kept)


__all__ = [
    "UNSHOWN",
    "QuietAction",
    "refuse_keys",
    "refuse_texts",
    "with_unshown",
    "without_keys",
]
