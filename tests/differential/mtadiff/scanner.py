# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What sslscan(1), which shares no code with this project, sees of a service of a container."""

from __future__ import annotations

import re
import typing as t
from xml.etree import ElementTree

from mtalab.console import attempt

from mtadiff import compare
from mtadiff.host import Host

_UNSEEN = re.compile("^brainpool|MLKEM")
_LABELS = {"TLSv1.0": "TLSv1"}
_QUICKLY = (
    *("--no-heartbleed", "--no-fallback", "--no-renegotiation", "--no-compression"),
    *("--no-groups", "--no-check-certificate", "--timeout=120", "--xml=-"),
)


def can_see(told: t.Mapping[str, t.Any]) -> bool:
    """Tell whether a server has TLS, and curves that sslscan offers: brainpool and hybrids are not among them. It begins with all
    suites at once, and gives up where the server chooses one whose key is below its security level.
    """
    codes = {one["code"] for one in told["predicted"]["findings"]}
    if not compare.seen_suites(told["seen"]) or "key-below-level" in codes:
        return False
    curves = [name for name in told["seen"]["groups"] if not name.startswith("ffdhe")]
    return not curves or any(not _UNSEEN.search(name) for name in curves)


def scan(host: Host, port: int, *, implicit: bool) -> dict[str, list[int]] | None:
    """Return the code points by protocol in the order of the server, None if sslscan gives up."""
    argv = ["nsenter", f"--net=/proc/{host.pid}/ns/net", "sslscan", *_QUICKLY]
    argv += [] if implicit else ["--starttls-smtp"]
    done = attempt([*argv, f"127.0.0.1:{port}"], timeout=1200)
    try:
        root = ElementTree.fromstring(done.stdout)
    except ElementTree.ParseError:
        return None
    found: dict[str, list[int]] = {}
    for cipher in root.iter("cipher"):
        label = cipher.get("sslversion", "")
        found.setdefault(_LABELS.get(label, label), []).append(int(cipher.get("id", "0"), 16))
    return found


def disagreements(
    predicted: t.Mapping[str, t.Any], scanned: t.Mapping[str, list[int]]
) -> list[str]:
    """Return nothing where sslscan sees exactly the predicted suites."""
    expected: dict[str, set[int]] = {}
    for suite in predicted["ciphers"] or ():
        for protocol in suite["protocols"]:
            expected.setdefault(protocol, set()).add(int(suite["code"], 16))
    got = {protocol: set(codes) for protocol, codes in scanned.items() if codes}
    found = []
    for protocol in sorted({*expected, *got}):
        difference = expected.get(protocol, set()) ^ got.get(protocol, set())
        if difference:
            shown = " ".join(f"0x{code:04X}" for code in sorted(difference))
            found.append(f"sslscan, {protocol}: only one of the two has {shown}")
    return found
