# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the checks, name what failed, and end with one line: `N passed, N failed`.

usage: tests/tools/venv.sh python tests/tools/run_all.py [--list] [PART...]

A part is a group (lint, unit, fuzz, integration, molecule, quick) or one check of it, such as lint:ruff.
What needs containers runs beside what does not, two checks at a time since they mostly wait; the
others run one after another. A check that fails does not stop the others. A check that cannot run here is counted as
skipped, with its reason; it is neither passed nor failed.
"""

from __future__ import annotations

import argparse
import os
import sys
import typing as t
from pathlib import Path

from running import Check, Lane, Page, run_lanes
from tallies import summary

CHECKOUT = Path(__file__).resolve().parent.parent.parent
TOOLS = "tests/tools"
CORES = ("2.18", "2.19", "2.20", "2.21")
PLUGINS = "ansible_collections.postmaster.tls.plugins"


def python(script: str, *arguments: str) -> tuple[str, ...]:
    """Return the command of one of this directory's scripts."""
    return (sys.executable, f"{TOOLS}/{script}.py", *arguments)


def mypy(name: str, path: str, *arguments: str) -> Check:
    """Return a run of mypy; PYTHONPATH would make it take the checkout for an installed package."""
    return Check(f"lint:{name}", ("mypy", *arguments), {"PYTHONPATH": None, "MYPYPATH": path})


def lints() -> list[Check]:
    """Return the static checks, quickest first."""
    tree = os.environ["POSTMASTER_TREE"]
    scripts = sorted(str(path) for path in Path(TOOLS).glob("*.py"))
    shell = [*sorted(str(path) for path in Path().glob("tests/**/*.sh")), ".ci/run"]
    return [
        Check("lint:ruff", ("ruff", "check", ".")),
        Check("lint:format", ("ruff", "format", "--check", ".")),
        Check("lint:sizes", python("check_sizes")),
        Check("lint:imports", python("check_imports")),
        Check("lint:argument-specs", python("check_argument_specs")),
        Check("lint:role-readme", python("role_readme", "--check")),
        Check("lint:findings-page", python("findings_page", "--check")),
        Check("lint:senders-page", python("senders_page", "--check")),
        Check("lint:shellcheck", ("shellcheck", *shell)),
        Check("lint:yamllint", ("yamllint", "--strict", ".")),
        mypy("mypy-plugins", tree, "-p", PLUGINS),
        mypy("mypy-lab", "tests/lab", "tests/lab/lab.py"),
        mypy("mypy-tools", TOOLS, *scripts),
        Check("lint:reuse", ("reuse", "lint", "--quiet")),
        Check("lint:changelog", ("antsibull-changelog", "lint")),
        Check("lint:ansible-lint", ("ansible-lint", "--offline", "--nocolor")),
        Check("lint:docs", ("antsibull-docs", "lint-collection-docs", "--plugin-docs", ".")),
        Check("lint:build", python("check_build")),
        *(Check(f"lint:sanity-{core}", python("sanity", core)) for core in CORES),
    ]


def pytests(name: str, *arguments: str) -> Check:
    """Return a run of pytest whose tests are counted one by one."""
    return Check(name, ("pytest", "-q", *arguments), junit=True)


def integrations() -> list[Check]:
    """Return one check for each directory of tests against the lab."""
    rooms = sorted({path.parent for path in Path("tests/integration").glob("*/test_*.py")})
    return [
        pytests(f"integration:{room.name}", "-m", "lab", *SHARED.get(room.name, ()), str(room))
        for room in rooms
    ]


#: Rooms whose tests have containers of their own for each release, and mostly wait for them.
SHARED = {
    **dict.fromkeys(("change", "facts", "plan", "senders"), ("-n", "2")),
    "sendmail": ("-n", "2", "--no-loadscope-reorder"),
}


def scenarios() -> list[Check]:
    """Return one check for each molecule scenario, in a lab of its own."""
    names = sorted(path.parent.name for path in Path("molecule").glob("*/molecule.yml"))
    return [
        Check(f"molecule:{name}", ("molecule", "test", "--scenario-name", name), lab_of(name))
        for name in names
    ]


def lab_of(scenario: str) -> dict[str, str]:
    """Return the environment of a molecule scenario; two may run at the same time."""
    lab = f"{os.environ.get('POSTMASTER_LAB') or 'pmtls'}-mol-{scenario}"
    inventory = Path(os.environ["POSTMASTER_CACHE"]) / "labs" / lab / "inventory.yml"
    return {"POSTMASTER_LAB": lab, "POSTMASTER_LAB_INVENTORY": str(inventory)}


def checks() -> dict[str, list[Check]]:
    """Return all checks by group, in the order in which they run."""
    static = lints()
    unit = pytests("unit", "-n", "3", "tests/unit")
    quickly = ("--hypothesis-profile=quick", "-m", "not slow")
    unshrunk = Check("unit:quick", (*unit.argv, *quickly), junit=True)
    quick = [check for check in static if check.name in QUICK]
    groups = {"lint": static, "unit": [unit]}
    groups["fuzz"] = [Check("fuzz", (sys.executable, "tests/fuzz/run.py", *FUZZ))]
    groups["integration"] = integrations()
    groups["molecule"] = scenarios()
    return {**groups, "quick": [*quick, unshrunk]}


QUICK = frozenset(
    {
        "lint:ruff",
        "lint:format",
        "lint:sizes",
        "lint:imports",
        "lint:argument-specs",
        "lint:role-readme",
        "lint:findings-page",
        "lint:senders-page",
        "lint:shellcheck",
        "lint:yamllint",
        "lint:mypy-plugins",
        "lint:mypy-lab",
        "lint:mypy-tools",
    }
)
DEFAULT = ("lint", "unit", "fuzz", "integration", "molecule")
FUZZ = ("--seconds", "20", "everything")


def select(parts: t.Sequence[str]) -> list[Check]:
    """Return the checks of groups and single names; end with a sentence for an unknown one."""
    groups = checks()
    single = {check.name: [check] for group in groups.values() for check in group}
    known = {**single, **groups}
    unknown = [part for part in parts if part not in known]
    if unknown:
        sys.exit(f"run_all: there is no part {unknown[0]!r}; --list shows them all.")
    return list({check.name: check for part in parts for check in known[part]}.values())


def lanes(selected: t.Sequence[Check]) -> list[Lane]:
    """Split the checks into those that need containers, two at a time and the longest first, and the others."""
    contained = [check for check in selected if check.name.split(":")[0] in CONTAINED]
    contained.sort(key=lambda check: LONG.index(check.name) if check.name in LONG else len(LONG))
    bare = [check for check in selected if check not in contained]
    both = (Lane(tuple(bare)), Lane(tuple(contained), CONTAINED_AT_ONCE))
    return [lane for lane in both if lane.checks]


CONTAINED = ("integration", "molecule")
CONTAINED_AT_ONCE = 2
#: What takes more than four minutes, the longest first; it would be waited for if it came last.
LONG = (
    "integration:sendmail",
    "integration:harden",
    "integration:rotate",
    "integration:rotate_sendmail",
    "integration:change",
    "integration:dane",
    "integration:acme",
    "molecule:sendmail",
    "integration:differential",
    "molecule:default",
)


def main() -> int:
    """Run what was asked for; return 1 if anything failed or nothing passed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--list", action="store_true", help="print the names of all checks")
    parser.add_argument("parts", nargs="*", metavar="PART", help="group or check; default: all")
    arguments = parser.parse_args()
    if "POSTMASTER_TREE" not in os.environ:
        sys.exit("run_all: start it with tests/tools/venv.sh, or by `make test`.")
    os.chdir(CHECKOUT)
    selected = select(arguments.parts or DEFAULT)
    if arguments.list:
        print("\n".join(check.name for check in selected))
        return 0
    tallies = run_lanes(lanes(selected), Page())
    print(summary(tallies), flush=True)
    passed = any(tally.passed for tally in tallies)
    return 0 if passed and not any(tally.failed for tally in tallies) else 1


if __name__ == "__main__":
    sys.exit(main())
