# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check that the argument specs of every role and its defaults say the same, both ways."""

from __future__ import annotations

import sys
import typing as t

from rolespecs import Role, roles


def complaints(role: Role) -> t.Iterator[str]:
    """Yield one sentence for each option and each default that has no equal counterpart."""
    specs = role.directory / "meta" / "argument_specs.yml"
    if "main" not in role.entry_points:
        yield f"{specs}: has no entry point main"
    documented = set()
    for entry_point in role.entry_points:
        for name, option in role.options(entry_point).items():
            documented.add(name)
            said = difference(role, name, option)
            if said:
                yield f"{specs}: {entry_point}: {name} {said}"
    for name in sorted(set(role.defaults) - documented):
        yield f"{role.directory / 'defaults' / 'main.yml'}: {name} is not in the argument specs"


def difference(role: Role, name: str, option: dict[str, t.Any]) -> str | None:
    """Return how one option and the default of the same name disagree, or None."""
    if not name.startswith(f"{role.name}_"):
        return f"does not begin with {role.name}_"
    if option.get("required"):
        return "is required and has a default" if name in role.defaults else None
    if is_template(role.defaults.get(name)):
        return "has a default that defaults/main.yml computes" if "default" in option else None
    if "default" in option and name not in role.defaults:
        return "has a default in the specs only"
    if name in role.defaults and "default" not in option:
        return "has a default in defaults/main.yml only"
    if option.get("default") != role.defaults.get(name):
        return f"is {option['default']!r} in the specs and {role.defaults[name]!r} in the defaults"
    return None


def is_template(value: t.Any) -> bool:
    """Tell whether a default depends on the host; the description tells it in words."""
    return isinstance(value, str) and "{{" in value


def main() -> int:
    """Check every role; return 1 if anything disagrees."""
    every = roles()
    found = [sentence for role in every for sentence in complaints(role)]
    print("\n".join(found) or f"{len(every)} roles: argument specs and defaults agree")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
