# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""The facts of a sendmail of which only files are left: the same understanding, without its library and its m4.

What only the host itself could tell stays not determined.
"""

from __future__ import annotations

import contextlib
import functools
import os
import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._errors import InvalidInput
from ansible_collections.postmaster.tls.plugins.module_utils._findings import Finding, finding
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._certificate_files import (
    CertificateFile,
    chains_among,
    saved_texts,
)
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._oracle import Libraries
from ansible_collections.postmaster.tls.plugins.module_utils._records import dataclass, field
from ansible_collections.postmaster.tls.plugins.module_utils._run import Runner
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._access import (
    access_map,
    access_policies,
)
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._cf import (
    parse_cf,
)
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._daemons import saved_address
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._drift import (
    drift_finding,
    written_differences,
)
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._facts import (
    Describer,
    Disk,
    SendmailFacts,
)
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._files import Standards
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._m4 import (
    INCLUDING,
    calls,
    cf_m4_of,
    includes,
)
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._program import DEFAULT_CF
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._request import Sendmail
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._running import spelled_out
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._version import (
    VERSION,
    linked_version,
    parse_build,
)

_SAVED: t.Final = (
    "these are saved files of another host: its library was not asked, and keys were not looked at."
)


@dataclass(frozen=True)
class Saved:
    """What was saved: the texts of sendmail.cf, of its mc file and of the access map, C(build) that C(sendmail -d0.15 -bt)
    prints, C(files) the texts of certificate files by path, C(openssl) the version of the library.
    """

    cf: str
    build: str
    mc: str = ""
    access: str = ""
    openssl: str = ""
    files: t.Mapping[str, str] = field(default_factory=dict)
    file: str = DEFAULT_CF


def saved_of(given: t.Mapping[str, t.Any]) -> Saved:
    """Raises InvalidInput where what is there cannot be a sendmail.cf, the build is missing, or a file is no text."""
    names = {"cf": "sendmail_cf", "mc": "sendmail_mc", "build": "sendmail_build"}
    texts = {name: str(given.get(key) or "").lstrip("\ufeff") for name, key in names.items()}
    files = saved_texts(given.get("files") or {})
    if not VERSION.search(texts["build"]):
        raise InvalidInput(
            "saved: sendmail_build has no version: give what 'sendmail -d0.15 -bt < /dev/null' prints on that host."
        )
    if not parse_cf(texts["cf"]).level:
        raise InvalidInput(
            "saved: sendmail_cf has no line 'V10' or the like, so it is no sendmail.cf: give the text of the file that the"
            " daemon reads, not that of sendmail.mc."
        )
    access, openssl = (str(given.get(name) or "") for name in ("access", "openssl"))
    return Saved(
        texts["cf"], texts["build"], texts["mc"], access=access, openssl=openssl, files=files
    )


def saved_facts(
    given: t.Mapping[str, t.Any], run: Runner, callers: t.Sequence[t.Any] = ()
) -> SendmailFacts:
    """The facts of a sendmail that was saved elsewhere; nothing of this host is looked at. Raises InvalidInput."""
    saved = saved_of(given)
    build = parse_build(saved.build)
    cf = spelled_out(parse_cf(saved.cf), build)
    unseen = Standards(seen=False)
    with contextlib.ExitStack() as stack:
        describer = Describer(
            Libraries(run, stack, absent=_SAVED), "", None, callers, disk=_disk(saved)
        )
        describer.describe(Sendmail(build, cf, saved.file, unseen))
        facts = describer.facts
    for instance in facts.instances:
        instance["library"]["version"] = saved.openssl or linked_version(build)
    return facts


def _disk(saved: Saved) -> Disk:
    def inspected(
        _library: object, kind: str, files: t.Sequence[str]
    ) -> tuple[CertificateFile, ...]:
        return chains_among(saved.files, kind, files)

    def policies(sendmail: Sendmail) -> tuple[list[dict[str, str]], list[Finding]]:
        found = access_map(sendmail.cf)
        default = os.path.join(os.path.dirname(sendmail.file), "access")
        texts = {found.source if found else default: saved.access, **saved.files}
        return access_policies(sendmail, read=texts.get, modified=lambda _path: None)

    return Disk(inspected, policies, functools.partial(_drifted, saved), saved_address)


def _drifted(saved: Saved, sendmail: Sendmail) -> list[Finding]:
    """What sendmail.mc says otherwise than sendmail.cf, unless it includes files that were not saved."""
    if not saved.mc:
        return []
    whole = _with_included(saved.mc, saved.files)
    others = [path for path in includes(whole) if path != cf_m4_of(whole)]
    if others:
        evidence = f"sendmail.mc includes {', '.join(others)}, not among the saved files"
        return [finding("not-determined", where=saved.file, evidence=evidence)]
    return drift_finding(saved.file, written_differences(whole, sendmail.cf))


def _with_included(mc: str, files: t.Mapping[str, str]) -> str:
    """The mc file with the saved files that it includes in their places."""
    for call in reversed(list(calls(mc))):
        if call.name in INCLUDING and call.text(0) in files:
            mc = mc[: call.start] + files[call.text(0)] + mc[call.stop :]
    return mc


__all__ = ["Saved", "saved_facts", "saved_of"]
