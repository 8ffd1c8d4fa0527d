# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Chains served by a real Postfix in the lab, each on a port of its own, and what other tools say of them."""

from __future__ import annotations

import re
import typing as t
from collections.abc import Mapping, Sequence
from pathlib import Path

from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._records import parsed
from ansible_collections.postmaster.tls.tests.support.dane_cases import MX, Served
from ansible_collections.postmaster.tls.tests.support.dane_lab import DaneLab

FIRST = 2601
PLACE = "/etc/postfix/tls/cases"
GNUTLS = Path(__file__).with_name("gnutls_dane.py")


def owner(port: int) -> str:
    return f"_{port}._tcp.{MX}."


class ManyChains:
    """Serves chains on mx1 side by side; their records are published together."""

    def __init__(self, lab: DaneLab, chains: Mapping[str, Served]) -> None:
        self._lab = lab
        self._records: Mapping[str, Sequence[str]] = {}
        self.ports = {name: FIRST + number for number, name in enumerate(chains)}
        lab.shell("mx1", f"mkdir -p {PLACE}")
        for name, served in chains.items():
            shown = "".join(one.pem for one in served.chain)
            port = self.ports[name]
            settings = (f"smtpd_tls_chain_files={PLACE}/{name}.pem", "smtpd_tls_enable_rpk=no")
            lines = [f"cat > {PLACE}/{name}.pem <<'P'\n{served.key_pem}{shown}P"]
            lines.append(f"postconf -M '{port}/inet={port} inet n - n - - smtpd'")
            lines += [f"postconf -P '{port}/inet/{setting}'" for setting in settings]
            lab.shell("mx1", "\n".join(lines))
            lab.shell("sender-dane", f"cat > /tmp/{name}.pem <<'P'\n{shown}P")
        lab.shell("mx1", "postfix reload")
        lab.shell("sender-dane", f"cat > /tmp/{GNUTLS.name} <<'P'\n{GNUTLS.read_text()}P")

    def publish(self, records: Mapping[str, Sequence[str]]) -> None:
        """Replace the records of every chain at once."""
        self._records = records
        lines = []
        for name, port in self.ports.items():
            lines.append(f"update delete {owner(port)} TLSA")
            lines += [f"update add {owner(port)} 5 TLSA {one}" for one in records[name]]
        self._lab.update(*lines)
        self._lab.on(
            "sender-dane", "unbound-control", "-c", "/etc/postmaster-lab/unbound.conf", "flush_zone", "test"
        )  # fmt: skip

    def verdicts(self) -> dict[str, dict[str, str]]:
        """What posttls-finger, ldns-dane and GnuTLS say of each chain; the last one is told the records."""
        script = ""
        for name, port in self.ports.items():
            script += f"echo '== {name} postfix'; posttls-finger -c -l dane '[{MX}]:{port}' 2>&1\n"
            script += (
                f"echo '== {name} ldns'; ldns-dane -c /tmp/{name}.pem verify {MX} {port} 2>&1\n"
            )
            wires = " ".join(parsed(one).wire.hex() for one in self._records[name])
            script += f"echo '== {name} gnutls'; python3 /tmp/{GNUTLS.name} /tmp/{name}.pem {wires} 2>&1\n"
        text = self._lab.shell("sender-dane", f"{script}true")
        found: dict[str, dict[str, str]] = {name: {} for name in self.ports}
        for part in re.split(r"^== ", text, flags=re.MULTILINE)[1:]:
            head, _newline, said = part.partition("\n")
            name, tool = head.split()
            found[name][tool] = READERS[tool](said)
        return found


def of_postfix(said: str) -> str:
    """What a sender does: it says itself where no record is usable, but only lists usages that it does not support."""
    if "Verified TLS connection established" in said:
        return "match"
    if "all TLSA records unusable" in said:
        return "unusable"
    if "unsupported TLSA certificate usage" in said and "no matching DANE" not in said:
        return "unusable"
    return "mismatch" if "TLS connection established" in said else f"unknown: {said}"


def of_ldns(said: str) -> str:
    if "dane-validated successfully" in said:
        return "match"
    return "mismatch" if "did not dane-validate" in said else f"unknown: {said}"


def of_gnutls(said: str) -> str:
    word = said.strip()
    return word if word in ("match", "mismatch", "unusable") else f"unknown: {said}"


READERS: t.Final = {"postfix": of_postfix, "ldns": of_ldns, "gnutls": of_gnutls}
