# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.
"""What is wrong with a file that somebody saved on a host which Ansible cannot reach."""

from __future__ import annotations

import re
import typing as t

from ansible.module_utils.common.yaml import yaml_load
from ansible_collections.postmaster.tls.plugins.module_utils._facts_task import ARGUMENTS
from yaml import YAMLError

_OPTIONS: t.Final[dict[str, dict[str, t.Any]]] = ARGUMENTS["saved"]["options"]
_POSTFIX: t.Final = ("main", "master")
_SENDMAIL: t.Final = ("sendmail_cf", "sendmail_build")
_OF_POSTCONF: t.Final = re.compile(r"[a-z][a-z0-9_]* =.*\n[a-z][a-z0-9_]* =")
_EXPECTED: t.Final = (
    "expected the YAML file that the commands in docs/offline.md write, with main and master for a Postfix, "
    "or sendmail_cf and sendmail_build for a sendmail."
)


def saved_problems(text: str, path: str) -> list[str]:
    """One sentence for what keeps a saved file from being understood, at most, and an empty list for one that can be.

    Nothing of the text is quoted but names of keys: it may have passwords in it.
    """
    wrong = _wrong(text)
    return [f"{path}: {wrong}; {_EXPECTED}"] if wrong else []


def _wrong(text: str) -> str:
    try:
        found = yaml_load(text)
    except (YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        return f"it is not YAML, see line {mark.line + 1}" if mark else "it is not YAML"
    if isinstance(found, dict):
        return _wrong_keys(found)
    if found is None:
        return "it is empty"
    if isinstance(found, list):
        return "it is a list"
    if _OF_POSTCONF.match(text):
        return "it looks like a main.cf or the output of postconf alone"
    return "it is plain text"


def _wrong_keys(found: t.Mapping[t.Any, t.Any]) -> str:
    unknown = sorted(str(name) for name in found if name not in _OPTIONS)
    if unknown:
        more = f" and {len(unknown) - 3} more" if len(unknown) > 3 else ""
        return f"it has {', '.join(unknown[:3])}{more}, which nobody would read"
    given = {name for name, value in found.items() if value is not None}
    for needed in (_POSTFIX, _SENDMAIL):
        missing = [name for name in needed if name not in given]
        if missing and given & set(needed):
            return f"it has no {missing[0]}, so it may be cut off"
    if not given & {*_POSTFIX, *_SENDMAIL}:
        return "it has nothing of a mail server in it"
    for name in sorted(given):
        if (_OPTIONS[name]["type"] == "dict") != isinstance(found[name], dict) or isinstance(
            found[name], list
        ):
            return f"its {name} is of another kind than those commands write"
    return ""


__all__ = ["saved_problems"]
