# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""PEM objects, read by the library itself. Runs in the child, after `_binding.py`."""

from __future__ import annotations

from ansible_collections.postmaster.tls.plugins.module_utils._openssl._binding import (
    Binding,
    no_password,
)


def pem_blocks(text: bytes) -> list[bytes]:
    """The objects of a PEM text, each with its two lines of dashes."""
    blocks: list[bytes] = []
    lines: list[bytes] = []
    for line in text.splitlines():
        if line.startswith(b"-----BEGIN "):
            lines = [line]
        elif lines:
            lines.append(line)
            if line.startswith(b"-----END "):
                blocks.append(b"\n".join(lines) + b"\n")
                lines = []
    return blocks


def read_pem(library: Binding, function: str, block: bytes) -> int:
    """What a function of the library reads in a PEM text; 0 if it reads nothing."""
    bio = library.BIO_new_mem_buf(block, len(block))
    thing = getattr(library, function)(bio, None, no_password, None)
    library.BIO_free(bio)
    return thing or 0


__all__ = ["pem_blocks", "read_pem"]
