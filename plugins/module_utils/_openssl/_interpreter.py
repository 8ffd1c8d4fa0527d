# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""The fresh interpreter that a libssl is loaded in, and the source of what it runs there.

It starts, compiles and imports while its parent does something else, so it can be started before it is needed.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import marshal
import subprocess
import sys
import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._errors import NotSupported
from ansible_collections.postmaster.tls.plugins.module_utils._run import ENVIRONMENT, start

if (
    t.TYPE_CHECKING
):  # what the child runs: Ansible ships what is imported here, and nobody runs it here
    from ansible_collections.postmaster.tls.plugins.module_utils._openssl import (
        _binding,  # noqa: F401
        _child,  # noqa: F401
        _peeking,  # noqa: F401
        _pem,  # noqa: F401
        _reading,  # noqa: F401
        _rehearsal,  # noqa: F401
        _steps,  # noqa: F401
    )

_IN_CHILD: t.Final = ("_reading", "_binding", "_peeking", "_pem", "_rehearsal", "_steps", "_child")
_BOOTSTRAP: t.Final = """\
import marshal, sys, types
stream = sys.stdin.buffer
for name, source in marshal.loads(stream.read(int.from_bytes(stream.read(4), "big"))):
    module = types.ModuleType(name)
    sys.modules[name] = module
    exec(compile(source, name, "exec") if isinstance(source, str) else source, module.__dict__)
module.main()
"""
_spare: t.Final[list[subprocess.Popen[bytes]]] = []


def framed(data: t.Any) -> bytes:
    """Plain data as the child reads it: marshal, behind a length of four bytes."""
    packed = marshal.dumps(data)
    return len(packed).to_bytes(4, "big") + packed


@functools.cache
def _sources() -> bytes:
    """Names and sources of the child's modules, or their code where there is no source, in the order in which they import each other."""
    package = __name__.rpartition(".")[0]
    found = []
    for short in _IN_CHILD:
        name = f"{package}.{short}"
        spec = importlib.util.find_spec(name)
        loader = t.cast(t.Any, spec.loader if spec else None)
        found.append((name, loader.get_source(name) or loader.get_code(name)))
    return framed(found)


def prepare() -> None:
    """Start the interpreter that the next child without an environment of its own gets."""
    with contextlib.suppress(NotSupported, OSError):
        _spare.append(_started(()))


def interpreter(environment: tuple[tuple[str, str], ...]) -> subprocess.Popen[bytes]:
    """A process that has its code and waits for the first question. Raises NotSupported if none can be started."""
    return _spare.pop() if _spare and not environment else _started(environment)


def _started(environment: tuple[tuple[str, str], ...]) -> subprocess.Popen[bytes]:
    if not sys.executable:
        raise NotSupported(
            "The path of this Python interpreter is unknown, so no child can be started."
        )
    process = start(
        [sys.executable, "-I", "-S", "-c", _BOOTSTRAP],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**ENVIRONMENT, **dict(environment)},
        new_session=True,
    )
    with contextlib.suppress(OSError):  # the first question tells that the child has ended
        t.cast(t.IO[bytes], process.stdin).write(_sources())
        t.cast(t.IO[bytes], process.stdin).flush()
    return process


__all__ = ["framed", "interpreter", "prepare"]
