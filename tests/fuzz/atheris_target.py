# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fuzzes one target with atheris, guided by what code an input reaches: started by run.py, never returns.

usage: atheris_target.py TARGET [LIBFUZZER-ARGUMENT...]
"""

from __future__ import annotations

import sys

import atheris


def main() -> None:
    name = sys.argv.pop(1)
    with atheris.instrument_imports(include=["ansible_collections.postmaster.tls.plugins"]):
        from ansible_collections.postmaster.tls.tests.fuzz.seeds import seeds  # noqa: PLC0415
        from ansible_collections.postmaster.tls.tests.fuzz.targets import (  # noqa: PLC0415
            EVERYTHING,
            TARGETS,
        )

        target = {**TARGETS, "everything": EVERYTHING}[name]
        with target.scope():
            for seed in seeds()[name]:
                target.run(seed)  # so that what a function imports is instrumented too
    atheris.Setup(sys.argv, target.run)
    with target.scope():
        atheris.Fuzz()


if __name__ == "__main__":
    main()
