# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab with DNS, as tests use it: its hosts, updates of its zone, and what senders make of it."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import subprocess
import sys
import time
import typing as t
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from mtalab.paths import lab_name

CHECKOUT = Path(__file__).resolve().parents[2]
LAB = [sys.executable, str(CHECKOUT / "tests" / "lab" / "lab.py")]


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
class DaneLab:
    """A running lab of a scenario with DNS."""

    environment: dict[str, str]
    inventory: Path
    server: MailServer = POSTFIX

    @property
    def variables(self) -> dict[str, t.Any]:
        """Return the variables that the inventory has for all hosts."""
        return t.cast("dict[str, t.Any]", yaml.safe_load(self.inventory.read_text())["all"]["vars"])

    def run(self, *arguments: str, stdin: str = "") -> str:
        """Call the lab as a person would; fail the test if it fails."""
        done = subprocess.run(
            [*LAB, *arguments],
            env=self.environment,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stdout

    def on(self, host: str, *command: str) -> str:
        """Run a command inside a host."""
        return self.run("exec", host, *command)

    def shell(self, host: str, script: str) -> str:
        """Run a line of shell inside a host."""
        return self.on(host, "sh", "-c", script)

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
            self.until(
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

    def log(self, host: str, *, since: str = "") -> str:
        """Return the journal of a host, all of it or since an epoch."""
        begin = [f"--since=@{since}"] if since else []
        return self.on(host, "journalctl", "--quiet", "--no-pager", "--output=cat", *begin)

    def now(self, host: str) -> str:
        """Return the clock of a host, as an epoch."""
        return self.on(host, "date", "+%s").strip()

    def logged(self, host: str, *words: str, since: str = "", seconds: float = 180) -> str:
        """Return the first line with all the words; fail when none comes in time."""
        found: list[str] = []

        def look() -> bool:
            lines = self.log(host, since=since).splitlines()
            found.extend(line for line in lines if all(word in line for word in words))
            return bool(found)

        self.until(look, what=f"{host} logs {words}", seconds=seconds)
        return found[0]

    def finger(self, name: str, *options: str) -> str:
        """Return what posttls-finger says of a destination at the level dane."""
        return self.shell(
            "sender-dane", f"posttls-finger -c -l dane {' '.join(options)} {name} 2>&1; true"
        )

    def playbook_argv(self, name: str, *arguments: str) -> list[str]:
        """Return the command of a playbook of this collection."""
        binary = Path(sys.executable).with_name("ansible-playbook")
        playbook = CHECKOUT / "playbooks" / f"{name}.yml"
        return [str(binary), "-i", str(self.inventory), str(playbook), *arguments]

    def playbook(self, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a playbook to its end."""
        return subprocess.run(
            self.playbook_argv(name, *arguments),
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=1200,
        )

    @staticmethod
    def until(condition: t.Callable[[], bool], *, what: str, seconds: float = 180) -> None:
        """Wait for a condition; fail the test when it does not come true in time."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                pytest.fail(f"not within {seconds} s: {what}")
            time.sleep(0.3)


@contextlib.contextmanager
def dane_lab(
    purpose: str, *, scenario: str = "dane", server: MailServer = POSTFIX
) -> t.Iterator[DaneLab]:
    """Start a lab with DNS, named after the purpose, and end it afterwards, also where it did not start."""
    environment = {
        **os.environ,
        "POSTMASTER_LAB": f"{lab_name()}-{purpose}",
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_PIPELINING": "1",
    }
    try:
        up = subprocess.run(
            [*LAB, "up", scenario, "--fresh"],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert up.returncode == 0, up.stderr
        yield DaneLab(environment, Path(up.stdout.splitlines()[-1]), server)
    finally:
        subprocess.run([*LAB, "down"], env=environment, capture_output=True, check=True)
