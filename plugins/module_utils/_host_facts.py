# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""The facts of a host: the openssl command, every mail server, and the certificates."""

from __future__ import annotations

import os
import typing as t
from datetime import datetime, timezone

from ansible_collections.postmaster.tls.plugins.module_utils._errors import InvalidInput
from ansible_collections.postmaster.tls.plugins.module_utils._findings import CATALOGUE, finding
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._command import (
    openssl_command,
    openssl_facts,
)
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._compact import compact
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._interpreter import prepare
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._questions import (
    DEFAULT_DIRECTORY,
    instances_command,
    questions,
)
from ansible_collections.postmaster.tls.plugins.module_utils._records import dataclass
from ansible_collections.postmaster.tls.plugins.module_utils._run import Ahead, Runner, find_command
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._program import (
    DEFAULT_CF,
    is_sendmail,
)

if t.TYPE_CHECKING:
    from ansible_collections.postmaster.tls.plugins.module_utils._postfix._facts import PostfixFacts
    from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._facts import (
        SendmailFacts,
    )

_OF_SENDMAIL: t.Final = frozenset({"sendmail_cf", "sendmail_mc", "sendmail_build", "access"})


_SAVE_MORE: t.Final = "Save what the evidence names as well, or run the module on that host itself: see docs/offline.md."
_SAVE_AGAIN: t.Final = "Save it again on that host, with the commands of docs/offline.md."


@dataclass(frozen=True)
class HostOptions:
    """What to gather, where, and with which candidate in force."""

    subset: frozenset[str]
    directories: tuple[str, ...] = ()
    postconf: str | None = None
    candidate: t.Mapping[str, t.Any] | None = None
    why: tuple[t.Any, ...] = ()
    sendmail: str | None = None
    sendmail_cf: tuple[str, ...] = ()
    saved: t.Mapping[str, t.Any] | None = None
    mx_names: tuple[str, ...] = ()

    def means(self, mta: str) -> bool:
        """Whether a mail server is to be asked: one that is named, or any where certificates alone are wanted."""
        named = self.subset & {"postfix", "sendmail"}
        return mta in named or (not named and "certificates" in self.subset)


@dataclass(frozen=True)
class HostFacts:
    """The facts, and the raw material for the controller: for each certificate its PEM chain and the expected names, and
    what services answer to senders.
    """

    facts: dict[str, t.Any]
    material: list[dict[str, t.Any]]
    heard: list[dict[str, t.Any]]


def _command(name: str, option: str, given: str | None) -> str | None:
    if given is None:
        return find_command(name)
    found = find_command(given)
    if found is None:
        raise InvalidInput(
            f"{option}: {given} is not a command that this user can run: "
            f"name the full path of {name}, or leave the option out."
        )
    return found


def _sendmail_command(options: HostOptions) -> str | None:
    """The command of sendmail itself, not the one of that name that every other MTA has as well."""
    command = _command("sendmail", "sendmail_command", options.sendmail)
    return command if command and is_sendmail(command) else None


def _split(
    candidate: t.Mapping[str, t.Any], files: t.Sequence[str]
) -> tuple[dict[str, t.Any], t.Mapping[str, t.Any]]:
    """What a candidate means to Postfix, and the options that it means for sendmail."""
    if "options" in candidate:
        return {}, candidate["options"] or {}
    instances = candidate.get("instances")
    if not instances:
        return dict(candidate), {}
    options = [
        one["options"] for file, one in instances.items() if file in files and "options" in one
    ]
    rest = {file: one for file, one in instances.items() if file not in files}
    return ({**candidate, "instances": rest} if rest else {}), (options[0] if options else {})


def begin(options: HostOptions, ahead: Ahead) -> None:
    """Start what C(host_facts) is sure, or likely, to need: it runs while the rest is still loaded."""
    if options.saved is not None:
        return
    ahead.begin(filter(None, [openssl_command()]))
    postconf = find_command(options.postconf or "postconf")
    if postconf and options.means("postfix"):
        prepare()
        if not options.directories:
            ahead.begin(filter(None, [instances_command(postconf)]))
        for directory in options.directories or (DEFAULT_DIRECTORY,):
            if os.path.isfile(os.path.join(directory, "main.cf")):
                ahead.begin(questions(postconf, directory))


def host_facts(options: HostOptions, *, run: Runner) -> HostFacts:
    """Gather the facts; empty lists on a host without a mail server. Raises InvalidInput for unfit options.

    What is understood of an MTA is loaded only where that MTA is.
    """
    suites, callers = _wanted(options.why)
    if options.saved is not None:
        return _from_saved(options, options.saved, suites, callers, run)
    openssl = openssl_facts(run)
    postconf = _command("postconf", "postconf_command", options.postconf)
    command = _sendmail_command(options)
    files = options.sendmail_cf or (DEFAULT_CF,)
    candidate, sendmail_options = _split(options.candidate or {}, files)
    version = openssl["command"]["version"]
    postfix, sendmail = None, None
    if postconf and options.means("postfix"):
        from ansible_collections.postmaster.tls.plugins.module_utils._postfix._facts import (  # noqa: PLC0415
            postfix_facts,
        )

        postfix = postfix_facts(
            postconf,
            directories=options.directories,
            candidate=candidate,
            command_version=version,
            run=run,
            callers=callers,
        )
    if command and options.means("sendmail"):
        sendmail = _sendmail(command, files, sendmail_options, version, run, callers)
    mtas = [name for name, found in (("postfix", postconf), ("sendmail", command)) if found]
    return _gathered(options, suites, postfix, openssl, sendmail=sendmail, detected=mtas)


def _sendmail(
    command: str,
    files: t.Sequence[str],
    candidate: t.Mapping[str, t.Any],
    version: str | None,
    run: Runner,
    callers: t.Sequence[t.Any],
) -> SendmailFacts:
    from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._facts import (  # noqa: PLC0415
        sendmail_facts,
    )

    return sendmail_facts(
        command,
        files=files,
        candidate=candidate,
        command_version=version,
        run=run,
        callers=callers,
    )


def _wanted(why: t.Iterable[t.Any]) -> tuple[t.Sequence[t.Any], t.Sequence[t.Any]]:
    """The suites and the senders of the option C(why)."""
    senders = [one for one in why if isinstance(one, dict)]
    names = [str(one) for one in why if not isinstance(one, dict)]
    suites: t.Sequence[t.Any] = ()
    if names:
        from ansible_collections.postmaster.tls.plugins.module_utils._openssl._why import (  # noqa: PLC0415
            wanted_suites,
        )

        suites = wanted_suites(names)
    if not senders:
        return suites, ()
    from ansible_collections.postmaster.tls.plugins.module_utils._openssl._heard import (  # noqa: PLC0415
        callers_of,
    )

    return suites, callers_of(senders)


def _from_saved(
    options: HostOptions,
    saved: t.Mapping[str, t.Any],
    suites: t.Sequence[t.Any],
    callers: t.Sequence[t.Any],
    run: Runner,
) -> HostFacts:
    given = _given(options, saved)
    doubts = _missing(given)
    given.pop("complete", None)
    openssl = {"path": None, "version": given.get("openssl")}
    facts = {"command": openssl, "config": None, "crypto_policy": None}
    postfix, sendmail = None, None
    if "main" in given:
        from ansible_collections.postmaster.tls.plugins.module_utils._postfix._saved_facts import (  # noqa: PLC0415
            saved_facts as saved_postfix,
        )

        own = {name: value for name, value in given.items() if name not in _OF_SENDMAIL}
        postfix = saved_postfix(own, run, callers)
    if "sendmail_cf" in given:
        from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._saved import (  # noqa: PLC0415
            saved_facts as saved_sendmail,
        )

        sendmail = saved_sendmail(given, run, callers)
    mtas = [name for name, found in (("postfix", postfix), ("sendmail", sendmail)) if found]
    found = _gathered(options, suites, postfix, facts, sendmail=sendmail, detected=mtas)
    _say_what_to_save(found.facts)
    found.facts["findings"] += doubts
    return found


def _missing(given: t.Mapping[str, t.Any]) -> list[dict[str, str]]:
    """What was not saved, or may not have been, although the commands of docs/offline.md save it."""
    doubts = []
    if not given.get("complete"):
        doubts.append(
            "it has no end mark, the line 'complete: true' that the commands write last: it may be cut off, and what its"
            " end would have said is not determined"
        )
    if "main" in given and "parameters" not in given:
        doubts.append(
            "it has no parameters: the defaults of the release stand for those of that build"
        )
    return [
        finding("not-determined", where="saved", evidence=doubt, remedy=_SAVE_AGAIN).as_dict()
        for doubt in doubts
    ]


def _say_what_to_save(facts: dict[str, t.Any]) -> None:
    """What was not determined has a remedy that fits files of a host that nobody reaches."""
    instances = [*facts["postfix"], *facts["sendmail"]]
    parts = [facts, *(service for one in instances for service in one["services"])]
    usual = CATALOGUE["not-determined"].remedy
    for found in (one for part in parts for one in part["findings"]):
        if found["remedy"] == usual:
            found["remedy"] = _SAVE_MORE


def _given(options: HostOptions, saved: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """What was saved. Raises InvalidInput where it is of no use, or other options ask the host itself."""
    asked = (options.candidate, options.directories, options.postconf, options.sendmail)
    if any(asked) or options.sendmail_cf:
        raise InvalidInput(
            "saved cannot be used together with candidate, postfix_config_directories, postconf_command, sendmail_command"
            " or sendmail_cf: only a host that is reached can predict a change."
        )
    given = {name: value for name, value in saved.items() if value is not None}
    if ("main" in given) != ("master" in given) or not {"main", "sendmail_cf"} & set(given):
        raise InvalidInput(
            "saved needs main and master for a Postfix, or sendmail_cf and sendmail_build for a sendmail."
        )
    return given


def _answers(
    suites: t.Sequence[t.Any], instances: t.Sequence[dict[str, t.Any]]
) -> dict[str, t.Any]:
    if not suites:
        return {}
    from ansible_collections.postmaster.tls.plugins.module_utils._openssl._why import why  # noqa: PLC0415

    return {"why": why(tuple(suites), instances)}


def _with_authorities(
    findings: list[dict[str, str]],
    postfix: PostfixFacts | None,
    saved: t.Mapping[str, t.Any] | None,
) -> dict[str, t.Any]:
    """ca_files, and the findings with those about them. Of a host that is not this one, only saved files are known."""
    known = postfix.authorities if postfix else {}
    if not known:
        return {"ca_files": []}
    from ansible_collections.postmaster.tls.plugins.module_utils._openssl._authorities import (  # noqa: PLC0415
        authority_files,
    )

    files = None if saved is None else dict(saved.get("files") or {})
    described, found = authority_files(known, files, now=datetime.now(timezone.utc))
    return {"ca_files": described, "findings": [*findings, *(one.as_dict() for one in found)]}


def _gathered(
    options: HostOptions,
    suites: t.Sequence[t.Any],
    postfix: PostfixFacts | None,
    openssl: dict[str, t.Any],
    *,
    sendmail: SendmailFacts | None = None,
    detected: t.Sequence[str],
) -> HostFacts:
    parts = [one for one in (postfix, sendmail) if one is not None]
    instances = {"postfix": postfix.instances if postfix else []}
    instances["sendmail"] = sendmail.instances if sendmail else []
    facts: dict[str, t.Any] = {
        "detected": list(detected),
        **{name: found if name in options.subset else [] for name, found in instances.items()},
        "findings": [one.as_dict() for part in parts for one in part.findings],
        **_answers(suites, [one for part in parts for one in part.instances]),
    }
    described = sum(len(part.certificates) for part in parts)
    compact([*facts["postfix"], *facts["sendmail"]], certificates=described)
    if "openssl" in options.subset:
        facts["openssl"] = openssl
    material: list[dict[str, t.Any]] = []
    if "certificates" in options.subset:
        facts.update(_with_authorities(facts["findings"], postfix, options.saved))
        loaded = [(part, entry) for part in parts for entry in part.certificates]
        facts["certificates"] = [entry.as_dict() for _part, entry in loaded]
        for part, entry in loaded:
            names = (
                name.lower().rstrip(".") for name in part.expected(entry.file, options.mx_names)
            )
            material.append({"chain": list(entry.chain), "names": sorted(set(filter(None, names)))})
    return HostFacts(facts, material, [one for part in parts for one in part.heard])


__all__ = ["HostFacts", "HostOptions", "begin", "host_facts"]
