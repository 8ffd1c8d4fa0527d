# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""Whether sendmail.cf is what the mc file of the host would build: built in a private place, and compared without comments."""

from __future__ import annotations

import difflib
import os
import re
import tempfile
import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._errors import (
    InvalidInput,
    PostmasterTlsError,
)
from ansible_collections.postmaster.tls.plugins.module_utils._findings import Finding, finding
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._command import read_text
from ansible_collections.postmaster.tls.plugins.module_utils._run import Runner
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._cf import ConfigurationFile
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._judge import (
    body,
    build,
)
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._layout import (
    Layout,
    detect,
)
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._m4 import (
    calls,
    cf_m4_of,
)
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._mc_edit import raw_options
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._options import (
    MACROS,
    SHOWABLE,
)

_MOST_LINES = 4
_NAMED: t.Final = re.compile(
    r"O[ \t]+[^=]*|[DCFE]\{[^}]*\}|E[^=]*|[KM][ \t]*[^\s,]+|[DCFO].|S.*|.?"
)


def differences(live: str, built: str) -> tuple[str, ...]:
    """The lines that only one of the two has, each with its sign: + in force, - what the mc file says."""
    lines = difflib.unified_diff(body(built), body(live), lineterm="", n=0)
    return tuple(line for line in lines if line[:1] in "+-" and line[:3] not in ("+++", "---"))


def written_differences(mc: str, cf: ConfigurationFile) -> tuple[str, ...]:
    """The same of options about TLS, from the text of an mc file alone: what it defines, and what stands in LOCAL_CONFIG.

    Macros of the file itself are replaced in values; nothing is known of what m4 does besides.
    """
    comments = bool(cf_m4_of(mc))
    defined = {
        call.text(0): call.text(1) if call.name == "define" else None
        for call in calls(mc, comments=comments)
        if call.name in ("define", "undefine")
    }
    found = []
    for option in SHOWABLE:
        value = defined.get(MACROS.get(option, ""))
        raw = [one["value"] for one in raw_options(mc, option)]
        wanted = raw[-1] if raw else None if value is None else _expanded(value, defined)
        live = cf.value(option)
        found += [f"-O {option}={wanted}"] if wanted is not None and wanted != live else []
        found += [f"+O {option}={live}"] if live is not None and wanted != live else []
    return tuple(found)


def _expanded(value: str, defined: t.Mapping[str, str | None]) -> str:
    plain = re.sub(r"[`']", "", value)
    return re.sub(r"[A-Za-z_]\w*", lambda word: defined.get(word[0]) or word[0], plain)


def _built(layout: Layout, text: str, run: Runner) -> str:
    with tempfile.TemporaryDirectory(prefix="postmaster-tls-") as directory:
        return read_text(build(run, layout, text, directory, "built").path) or ""


def drift_findings(file: str, run: Runner) -> list[Finding]:
    """Compare the live sendmail.cf of this host; nothing for another file, or where the host has no mc file."""
    try:
        layout = detect(run)
    except PostmasterTlsError:
        return []
    live, text = read_text(file), read_text(layout.source)
    if live is None or text is None or os.path.realpath(file) != os.path.realpath(layout.cf):
        return []
    try:
        found = differences(live, _built(layout, text, run))
    except InvalidInput as error:
        return [finding("not-determined", where=layout.mc, evidence=str(error))]
    return drift_finding(file, found)


def drift_finding(file: str, found: t.Sequence[str]) -> list[Finding]:
    """What the owner of a sendmail.cf is told of such differences; nothing where there are none."""
    if not found:
        return []
    shown = "; ".join(line[0] + named(line[1:]) for line in found[:_MOST_LINES])
    more = f"; and {len(found) - _MOST_LINES} more lines" if len(found) > _MOST_LINES else ""
    return [finding("cf-not-of-mc", where=file, evidence=f"{shown}{more}")]


def named(line: str) -> str:
    """A line of sendmail.cf as it may be shown: whole where it is an option about TLS, else what it sets, for a value may
    have a password in it.
    """
    name = (_NAMED.match(line) or [""])[0].rstrip()
    if name == line or (name[:1] == "O" and name[1:].strip() in SHOWABLE):
        return line
    return f"{name} ..."


def refusal(file: str, found: t.Sequence[str]) -> str:
    """Why a sendmail.cf with such differences is not overwritten unasked."""
    odd = next((named(line[1:]) for line in found if line[0] == "+"), None)
    where = f"it has '{odd}'" if odd else "it lacks what the mc file sets"
    return (
        f"{file} is not what its mc file builds ({where}), so building it would undo somebody's change: bring it"
        " into the mc file and build it, or give drift: rebuild."
    )


__all__ = [
    "differences",
    "drift_finding",
    "drift_findings",
    "named",
    "refusal",
    "written_differences",
]
