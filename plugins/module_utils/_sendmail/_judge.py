# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""A candidate sendmail.cf, built and judged by sendmail itself before it goes live.

C(sendmail -bC) reads the file as the daemon would. C(sendmail -bs) serves one session on its standard input, which is at
its end at once: it has set up TLS by then, and says what it complains about. A cipher list that OpenSSL refuses is such a
complaint: the daemon would log it and go on with its default list (inittls() in sendmail/tls.c). m4 ends well after such
words, and make takes what it printed, so what counts is whether the configuration in force has them too.
Source: main() in sendmail/main.c (-bC, -bs, -D), sm_syslog() in sendmail/conf.c (-d89.8 prints what would be logged).
"""

from __future__ import annotations

import os
import re
import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._errors import InvalidInput
from ansible_collections.postmaster.tls.plugins.module_utils._records import dataclass
from ansible_collections.postmaster.tls.plugins.module_utils._run import Runner
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._layout import Layout

_READY: t.Final = re.compile(r"^STARTTLS=server, init=1$", re.MULTILINE)
_HARMLESS: t.Final = re.compile(r"init=1$|CRLFile missing|Diffie-Hellman init|: error:|relay=")
_WARNING: t.Final = "WARNING: "
_MC_LINE: t.Final = re.compile(r":\d+: ")
_NUMBER: t.Final = re.compile(r": line \d+: ")
_IGNORED: t.Final = re.compile(
    r"SSL_CTX_set_cipher(?P<kind>_list|suites)\((?P<value>.*)\) failed, \w+ ignored$"
)
_LISTS: t.Final = {"_list": "CipherList", "suites": "CipherSuites"}
_UNKNOWN: t.Final = re.compile(r"unknown option name (?P<name>\S+)$")


@dataclass(frozen=True)
class Words:
    """What m4 and sendmail say of one configuration. C(tls) is None if sendmail could not be asked, and C(reason) says why."""

    reading: tuple[str, ...]
    tls: tuple[str, ...] | None
    ready: bool
    reason: str = ""


@dataclass(frozen=True)
class Built:
    """A sendmail.cf as m4 made it: where it lies, and what m4 said, without the numbers of lines."""

    path: str
    said: tuple[str, ...] = ()


def build(run: Runner, layout: Layout, mc: str, directory: str, name: str) -> Built:
    """The sendmail.cf of the text of an mc file, written to a private directory. Raises InvalidInput with m4's words where
    m4 fails.
    """
    source, target = os.path.join(directory, f"{name}.mc"), os.path.join(directory, f"{name}.cf")
    write(source, mc)
    done = run(layout.m4_command(source))
    said = _said(done.stderr, source, layout.mc)
    if done.code != 0:
        raise InvalidInput(_refused(layout.mc, said or _said(done.stdout, source, layout.mc)))
    write(target, done.stdout)
    return Built(target, said)


def new_warnings(layout: Layout, live: Built, candidate: Built) -> list[str]:
    """What m4 warns of in the candidate alone. Raises InvalidInput for what is more than a warning of sendmail's own files."""
    found = [line for line in candidate.said if line not in live.said]
    if any(not line.startswith(_WARNING) for line in found):
        raise InvalidInput(_refused(layout.mc, found))
    return [f"m4 says of {layout.mc}: {line}" for line in found]


def write(path: str, text: str) -> None:
    """Write a file that only its owner can read."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as stream:
        stream.write(text.encode("utf-8", "surrogateescape"))


def _said(printed: str, path: str, shown: str) -> tuple[str, ...]:
    lines = (_MC_LINE.sub(": ", line.strip()) for line in printed.replace(path, shown).splitlines())
    return tuple(dict.fromkeys(line for line in lines if line))


def _refused(mc: str, said: t.Sequence[str]) -> str:
    words = "; ".join(said[:3]) or "nothing"
    return f"m4 cannot make a sendmail.cf of this {mc}, and nothing was changed. m4 says: {words}"


def listen(run: Runner, sendmail: str, cf: str, *, shown: str) -> Words:
    """What sendmail says of a sendmail.cf; C(shown) is the path that its words shall name."""
    done = run([sendmail, "-C", cf, "-bC"])
    lines = (done.stdout + done.stderr).replace(cf, shown).splitlines()
    reading = tuple(
        dict.fromkeys(_NUMBER.sub(": ", line.strip()) for line in lines if line.strip())
    )
    if done.code is None:
        return Words((), None, False, done.stderr)
    if os.geteuid() != 0:
        return Words(reading, None, False, "only root can let sendmail set up TLS")
    log = f"{cf}.log"
    options = ["-OLogLevel=14", "-OInputMailFilters="]
    done = run([sendmail, f"-D{log}", "-d89.8", "-C", cf, *options, "-bs"])
    try:
        with open(log, encoding="utf-8", errors="replace") as stream:
            text = stream.read().replace(cf, shown)
    except OSError:
        return Words(reading, None, False, done.stderr or "this sendmail does not print its log")
    said = (line for line in text.splitlines() if line.startswith("STARTTLS"))
    complaints = tuple(dict.fromkeys(line for line in said if not _HARMLESS.search(line)))
    return Words(reading, complaints, bool(_READY.search(text)))


def objections(live: Words, candidate: Words) -> list[str]:
    """What is said of the candidate and not of the configuration in force."""
    found = [line for line in candidate.reading if line not in live.reading]
    if candidate.tls is not None:
        known = live.tls or ()
        found += [line for line in candidate.tls if line not in known]
        if live.ready and not candidate.ready and not found:
            found.append("STARTTLS=server cannot be set up any more")
    return found


def explain(found: t.Sequence[str], *, version: str, mc: str) -> str:
    """The objections as one sentence."""
    ignored, unknown = _IGNORED.search(found[0]), _UNKNOWN.search(found[0])
    if ignored:
        return (
            f"OpenSSL refuses {_LISTS[ignored['kind']]} '{ignored['value']}': sendmail {version} would log that and go on"
            " with its default; nothing was changed: correct the list."
        )
    if unknown:
        return (
            f"sendmail {version} has no option {unknown['name']}, and would not start; nothing was changed:"
            " leave it out."
        )
    return (
        f"sendmail {version} rejects this change to {mc}, and nothing was changed. sendmail says:"
        f" {'; '.join(found)}"
    )


def body(cf: str) -> list[str]:
    """The lines of a sendmail.cf that mean something: not the comments, in which m4 writes who built it and when."""
    return [line for line in cf.splitlines() if line.strip() and not line.startswith("#")]


__all__ = [
    "Built",
    "Words",
    "body",
    "build",
    "explain",
    "listen",
    "new_warnings",
    "objections",
    "write",
]
