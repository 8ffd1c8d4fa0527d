# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""What is wrong with the variables of a role, found before a host is asked: beyond the types, which Ansible checks."""

from __future__ import annotations

import difflib
import ipaddress
import re
import typing as t
from collections.abc import Iterable, Mapping

from ansible_collections.postmaster.tls.plugins.module_utils._errors import InvalidInput
from ansible_collections.postmaster.tls.plugins.module_utils._findings import CATALOGUE
from ansible_collections.postmaster.tls.plugins.plugin_utils._policy import load_policy

#: The controller by each of its names, which need not be in the inventory (LOCALHOST in ansible.constants).
_LOCAL: t.Final = ("localhost", "127.0.0.1", "::1")
#: What no host name has, of ASCII; above that, whatever IDNA may take.
_NO_NAME: t.Final = re.compile(r"(?![-.\w])[\x00-\x7f]|\.\.|^\.", re.ASCII)
_LOOKUP: t.Final = ("ca_file", "resolver", "trust_anchor", "trust_resolver", "validate")
_Problem = str | None


def variable_problems(values: Mapping[str, t.Any], hosts: Iterable[str] = ()) -> list[str]:
    """One sentence for each variable of a role that cannot be used; ``hosts`` are the names that the inventory knows.

    What a variable is follows from the end of its name; one that none of the rules is for is not judged.
    """
    known = (*_LOCAL, *hosts)
    found = []
    for name, value in values.items():
        rule = next((rule for end, rule in _RULES.items() if name.endswith(end)), None)
        problem = rule(value, known) if rule else None
        if problem:
            found.append(f"{name}: {problem}")
    return found


def listed(value: t.Any) -> list[t.Any]:
    """A list as it is, or what Ansible takes for one: text with commas, as -e gives it, a number, or nothing."""
    if isinstance(value, (str, int, float)):
        return [part for part in map(str.strip, str(value).split(",")) if part]
    return list(value or ())


def _policy(value: t.Any, _hosts: Iterable[str]) -> _Problem:
    try:
        if value is not None:
            load_policy(value)
    except InvalidInput as error:
        return str(error)
    return None


def _whole(value: t.Any) -> int | None:
    try:
        return int(str(value))
    except ValueError:
        return None


def _timeout(value: t.Any, _hosts: Iterable[str]) -> _Problem:
    seconds = _whole(value)
    if seconds is None:
        return f"{value} is no whole number: expected seconds, 30 or more."
    if seconds >= 30:
        return None
    return (
        f"{value} is too short: expected 30 seconds or more, so that the probe can finish before the host restores"
        " itself."
    )


def _connections(value: t.Any, _hosts: Iterable[str]) -> _Problem:
    number = _whole(value)
    if number is None:
        return f"{value} is no whole number: expected 1 to 8."
    if 1 <= number <= 8:
        return None
    return f"{value} is out of range: expected 1 to 8, since more overflow the queue of many mail servers."


def _vantage(value: t.Any, hosts: Iterable[str]) -> _Problem:
    if value in hosts:
        return None
    near = difflib.get_close_matches(str(value), list(hosts), 1)
    meant = f"; did you mean {near[0]}?" if near else "."
    return f"the inventory has no host {value}: expected the inventory name of the host that probes, or localhost{meant}"


def _mapping(value: t.Any, _hosts: Iterable[str]) -> _Problem:
    if isinstance(value, Mapping):
        return None
    return "it is not a dictionary: expected names and values, in YAML, or as JSON after -e."


def _lookup(value: t.Any, hosts: Iterable[str]) -> _Problem:
    unknown = sorted(set(value) - set(_LOOKUP)) if isinstance(value, Mapping) else []
    if unknown:
        return f"{', '.join(unknown)} is not known: expected some of {', '.join(_LOOKUP)}."
    return _mapping(value, hosts)


def _findings(value: t.Any, _hosts: Iterable[str]) -> _Problem:
    for code in listed(value):
        if str(code) not in CATALOGUE:
            near = difflib.get_close_matches(str(code), CATALOGUE, 1)
            meant = f"did you mean {near[0]}?" if near else "docs/findings.md has them all."
            return f"there is no finding {code}: {meant}"
    return None


def _name(value: t.Any, _hosts: Iterable[str]) -> _Problem:
    name = "" if value is None else str(value)
    try:
        ipaddress.ip_address(name)
    except ValueError:
        if not _NO_NAME.search(name):
            return None
    return f"{value} is no host name: expected a name as in an MX record, such as mx1.example.com."


_RULES: t.Final[Mapping[str, t.Callable[[t.Any, Iterable[str]], _Problem]]] = {
    "_policy": _policy,
    "_timeout": _timeout,
    "_connections": _connections,
    "_vantage": _vantage,
    "_lookup": _lookup,
    "_accept_findings": _findings,
    "_mx_name": _name,
    "_parameters": _mapping,
    "_options": _mapping,
    "_defines": _mapping,
    "_features": _mapping,
    "_access": _mapping,
}

__all__ = ["listed", "variable_problems"]
