# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the table of docs/senders.md from the sender profiles, or check that it is as they say.

usage: tests/tools/venv.sh python tests/tools/senders_page.py --check|--write
"""

from __future__ import annotations

import argparse
import importlib
import sys
import typing as t
from pathlib import Path

PAGE = Path("docs/senders.md")
SENDERS = "ansible_collections.postmaster.tls.plugins.module_utils._tls._senders"
BEGIN, END = "<!-- begin of the table -->\n", "<!-- end of the table -->\n"
HEAD = """| profile | stands for | offers | refuses | after a failed handshake | source |
| --- | --- | --- | --- | --- | --- |
"""
UNTOLD = "not known"
REFUSALS = {
    "legacy-signature": "signatures before TLS 1.2",
    "unsafe-renegotiation": "servers without RFC 5746",
}


def table(senders: t.Any) -> str:
    """Return one row for each profile."""
    return HEAD + "".join(row(senders.by_name(name)) for name in senders.NAMES)


def row(profile: t.Any) -> str:
    """Return what the page says of a profile."""
    versions = sorted(profile.versions)
    offers = f"{versions[0].label} to {versions[-1].label}" if versions[1:] else versions[0].label
    if profile.hello.record == 2:
        offers += ", in a hello of the SSL 2.0 form"
    fate = f"{profile.without_tls or UNTOLD}: {profile.without_tls_source}"
    source = f"{profile.source}, {profile.date}"
    cells = (f"`{profile.name}`", profile.title, offers, refuses(profile), fate, source)
    return f"| {' | '.join(cells)} |\n"


def refuses(profile: t.Any) -> str:
    """Return what a sender refuses by itself, beside what it did not offer."""
    limits = []
    if profile.minimum_dh_bits:
        limits.append(f"DH below {profile.minimum_dh_bits} bits")
    if profile.minimum_rsa_bits:
        limits.append(f"RSA key exchange below {profile.minimum_rsa_bits} bits")
    limits += [REFUSALS[reason] for reason in profile.refuses]
    return ", ".join(limits) or "-"


def main() -> int:
    """Write or check; return 1 for a page that is not current."""
    parser = argparse.ArgumentParser(description=__doc__)
    mode = parser.add_mutually_exclusive_group(required=True)
    mode.add_argument("--check", action="store_true")
    mode.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    text = PAGE.read_text()
    before, _begin, rest = text.partition(BEGIN)
    _old, _end, after = rest.partition(END)
    current = before + BEGIN + table(importlib.import_module(SENDERS)) + END + after
    if arguments.write:
        PAGE.write_text(current)
    elif text != current:
        print(f"{PAGE} is not as the profiles say: run `make readme`.")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
