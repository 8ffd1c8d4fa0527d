# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""Which libssl and libcrypto a program is linked with, as its own dynamic loader resolves them."""

from __future__ import annotations

import re
import struct
import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._errors import NotSupported
from ansible_collections.postmaster.tls.plugins.module_utils._records import dataclass
from ansible_collections.postmaster.tls.plugins.module_utils._run import Runner

_LINE: t.Final = re.compile(
    r"^\s*(?P<name>lib(?P<which>ssl|crypto)\.so\S*) => (?P<path>/\S+)", re.MULTILINE
)
_PT_INTERP: t.Final = 3


@dataclass(frozen=True)
class Linked:
    """Absolute paths of the two libraries of one program."""

    libssl: str
    libcrypto: str


def interpreter_of(head: bytes) -> str | None:
    """The loader that an ELF file names (PT_INTERP, elf(5)); None for anything else or a static program."""
    if head[:4] != b"\x7fELF" or len(head) < 64:
        return None
    wide, order = head[4] == 2, "<" if head[5] == 1 else ">"
    table = struct.unpack_from(order + ("Q" if wide else "I"), head, 32 if wide else 28)[0]
    size, count = struct.unpack_from(order + "HH", head, 54 if wide else 42)
    for index in range(count):
        entry = table + index * size
        if (
            entry + size > len(head)
            or struct.unpack_from(order + "I", head, entry)[0] != _PT_INTERP
        ):
            continue
        offset, length = (
            struct.unpack_from(order + ("Q" if wide else "I"), head, entry + position)[0]
            for position in ((8, 32) if wide else (4, 16))
        )
        return head[offset : offset + length].rstrip(b"\0").decode("utf-8", "replace") or None
    return None


def parse_loader_list(text: str) -> Linked | None:
    """Read what `ld.so --list` and ldd(1) print; None if the program does not use both libraries."""
    paths = {found["which"]: found["path"] for found in _LINE.finditer(text)}
    if "ssl" in paths and "crypto" in paths:
        return Linked(libssl=paths["ssl"], libcrypto=paths["crypto"])
    return None


def linked_libraries(program: str, run: Runner) -> Linked:
    """The libssl and libcrypto of a program. Raises NotSupported with the reason if they cannot be found out.

    The program itself is never started: its own loader is asked, and ldd(1) only if that gives no answer.
    """
    try:
        with open(program, "rb") as stream:
            head = stream.read(65536)
    except OSError as error:
        raise NotSupported(f"{program} cannot be read: {error.strerror}.") from error
    loader = interpreter_of(head)
    commands = [[loader, "--list", program]] if loader and "/ld" in loader else []
    for command in [*commands, ["ldd", program]]:
        done = run(command)
        linked = parse_loader_list(done.stdout) if done.code == 0 else None
        if linked:
            return linked
    raise NotSupported(
        f"{program} is not linked with a shared libssl and libcrypto, or the loader does not tell."
    )


__all__ = ["Linked", "interpreter_of", "linked_libraries", "parse_loader_list"]
