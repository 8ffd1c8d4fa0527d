# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab with DNS, as tests use it: its hosts, updates of its zone, and what senders make of it."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import typing as t
from dataclasses import dataclass
from pathlib import Path

import yaml
from ansible_collections.postmaster.tls.tests.support.labs import Lab, running
from ansible_collections.postmaster.tls.tests.support.waiting import until


@dataclass(frozen=True)
class MailServer:
    """The receiving host of a lab: its MTA, its mail domain, its states without a fault, and where its certificates lie."""

    host: str
    mta: str
    domain: str
    states: tuple[str, ...]
    directory: str

    @property
    def name(self) -> str:
        """Return the name that the MX record has."""
        return f"{self.host}.example.test"

    @property
    def owner(self) -> str:
        """Return the name of its TLSA records."""
        return f"_25._tcp.{self.name}."


POSTFIX = MailServer("mx1", "postfix", "example.test", ("clean", "dane"), "/etc/postfix/tls")
SENDMAIL = MailServer(
    "sm-trixie",
    "sendmail",
    "sm-trixie.example.test",
    ("sendmail", "sendmail-dane"),
    "/etc/mail/tls",
)


@dataclass(frozen=True)
class DaneLab(Lab):
    """A running lab of a scenario with DNS."""

    server: MailServer = POSTFIX

    @property
    def variables(self) -> dict[str, t.Any]:
        """Return the variables that the inventory has for all hosts."""
        return t.cast("dict[str, t.Any]", yaml.safe_load(self.inventory.read_text())["all"]["vars"])

    def reset(self, *states: str) -> None:
        """Put zones, resolver, senders and the server back to the first certificate and its records, then the server into these states."""
        self.shell("sender-dane", "postsuper -d ALL 2>/dev/null")
        self.run("state", "ns1", "ns1")
        self.run("state", self.server.host, *self.server.states, *states)
        self.run("state", "sender-dane", "sender", "sender-dane")

    def update(self, *lines: str, server: str = "ns1") -> None:
        """Send one dynamic update of example.test, in the language of nsupdate(1), signed with the lab's key."""
        key = Path(self.variables["lab_tsig_key_file"]).read_text()
        script = "\n".join(["server 127.0.0.1", "zone example.test.", *lines, "send"])
        self.shell(
            server, f"cat > /tmp/key <<'K'\n{key}K\nnsupdate -k /tmp/key <<'U'\n{script}\nU\n"
        )

    def publish(self, *records: str, owner: str = "", ttl: int = 5) -> None:
        """Replace the TLSA records of a name, by default the server's, and let the resolver forget the old ones."""
        owner = owner or self.server.owner
        self.update(
            f"update delete {owner} TLSA",
            *(f"update add {owner} {ttl} TLSA {record}" for record in records),
        )
        for server in ("ns1", "ns2"):
            until(
                lambda server=server: (
                    self.published(server, owner) == sorted(map(str.lower, records))
                ),
                what=f"{server} answers with {records}",
            )
        self.on(
            "sender-dane",
            "unbound-control",
            "-c",
            "/etc/postmaster-lab/unbound.conf",
            "flush_zone",
            "test",
        )

    def published(self, server: str, owner: str = "") -> list[str]:
        """Return the records that a server of the zone has for a name, by default the mail server's, as `3 1 1 abcd`."""
        owner = owner or self.server.owner
        answer = self.on(server, "kdig", "@127.0.0.1", "+short", owner, "TLSA")
        return sorted(line.lower() for line in answer.splitlines() if line[:1].isdigit())

    def digest(self, file: str) -> str:
        """Return the record 3 1 1 for the first certificate of a file on the mail server, below its directory of certificates."""
        path = str(Path(self.server.directory, file))
        pem = self.on(self.server.host, "openssl", "x509", "-in", path, "-noout", "-pubkey")
        der = base64.b64decode("".join(pem.splitlines()[1:-1]))
        return f"3 1 1 {hashlib.sha256(der).hexdigest()}"

    def send(self, sender: str, *, recipient: str = "") -> None:
        """Queue one message at a sender, by default for the postmaster of the mail server."""
        recipient = recipient or f"postmaster@{self.server.domain}"
        self.shell(sender, f"printf 'Subject: lab\\n\\nlab\\n' | sendmail {recipient}")

    def now(self, host: str) -> str:
        """Return the clock of a host, as an epoch."""
        return self.on(host, "date", "+%s").strip()

    def finger(self, name: str, *options: str) -> str:
        """Return what posttls-finger says of a destination at the level dane."""
        return self.shell(
            "sender-dane", f"posttls-finger -c -l dane {' '.join(options)} {name} 2>&1; true"
        )


@contextlib.contextmanager
def dane_lab(
    purpose: str, *, scenario: str = "dane", server: MailServer = POSTFIX
) -> t.Iterator[DaneLab]:
    """A fresh lab with DNS, named after the purpose; it ends with the context, also where it did not start."""
    with running(purpose, scenario) as lab:
        yield DaneLab(lab.name, server)


__all__ = ["POSTFIX", "SENDMAIL", "DaneLab", "MailServer", "dane_lab"]
