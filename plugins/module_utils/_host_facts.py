# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""The facts of a host: the openssl command, every mail server, and the certificates."""

from __future__ import annotations

import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._errors import InvalidInput
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._command import openssl_facts
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._compact import compact
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._facts import (
    PostfixFacts,
    postfix_facts,
    saved_facts,
)
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._saved import Saved
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._why import (
    Suites,
    wanted_suites,
    why,
)
from ansible_collections.postmaster.tls.plugins.module_utils._records import dataclass
from ansible_collections.postmaster.tls.plugins.module_utils._run import Runner, find_command


@dataclass(frozen=True)
class HostOptions:
    """What to gather, where, and with which candidate in force."""

    subset: frozenset[str]
    directories: tuple[str, ...] = ()
    postconf: str | None = None
    candidate: t.Mapping[str, t.Any] | None = None
    why: tuple[t.Any, ...] = ()
    saved: t.Mapping[str, t.Any] | None = None


@dataclass(frozen=True)
class HostFacts:
    """The facts, and the raw material for the controller: for each certificate its PEM chain and the expected names, and
    what services answer to senders.
    """

    facts: dict[str, t.Any]
    material: list[dict[str, t.Any]]
    heard: list[dict[str, t.Any]]


def _postconf(options: HostOptions) -> str | None:
    if options.postconf is None:
        return find_command("postconf")
    found = find_command(options.postconf)
    if found is None:
        raise InvalidInput(
            f"postconf_command: {options.postconf} is not a command that this user can run: "
            f"name the full path of postconf, or leave the option out."
        )
    return found


def host_facts(options: HostOptions, *, run: Runner) -> HostFacts:
    """Gather the facts; empty lists on a host without a mail server. Raises InvalidInput for unfit options."""
    suites, callers = _wanted(options.why)
    if options.saved is not None:
        return _gathered(options, suites, *_from_saved(options, options.saved, callers, run))
    openssl = openssl_facts(run)
    postconf = _postconf(options)
    postfix = PostfixFacts()
    if postconf and options.subset & {"postfix", "certificates"}:
        postfix = postfix_facts(
            postconf,
            directories=options.directories,
            candidate=options.candidate or {},
            command_version=openssl["command"]["version"],
            run=run,
            callers=callers,
        )
    return _gathered(options, suites, postfix, openssl, detected=bool(postconf))


def _wanted(why: t.Iterable[t.Any]) -> tuple[Suites, t.Sequence[t.Any]]:
    """The suites and the senders of the option C(why)."""
    senders = [one for one in why if isinstance(one, dict)]
    suites = wanted_suites(str(one) for one in why if not isinstance(one, dict))
    if not senders:
        return suites, ()
    from ansible_collections.postmaster.tls.plugins.module_utils._openssl._heard import (  # noqa: PLC0415 - seldom asked for
        callers_of,
    )

    return suites, callers_of(senders)


def _from_saved(
    options: HostOptions,
    saved: t.Mapping[str, t.Any],
    callers: t.Sequence[t.Any],
    run: Runner,
) -> tuple[PostfixFacts, dict[str, t.Any]]:
    if options.candidate or options.directories or options.postconf:
        raise InvalidInput(
            "saved cannot be used together with candidate, postfix_config_directories or postconf_command: "
            "only a host that is reached can predict a change."
        )
    given = {name: value for name, value in saved.items() if value is not None}
    version = given.get("openssl")
    openssl = {"command": {"path": None, "version": version}, "config": None, "crypto_policy": None}
    return saved_facts(Saved(**given), run, callers), openssl


def _gathered(
    options: HostOptions,
    suites: Suites,
    postfix: PostfixFacts,
    openssl: dict[str, t.Any],
    *,
    detected: bool = True,
) -> HostFacts:
    facts: dict[str, t.Any] = {
        "detected": ["postfix"] if detected else [],
        "postfix": postfix.instances if "postfix" in options.subset else [],
        "findings": [one.as_dict() for one in postfix.findings],
    }
    if suites:
        facts["why"] = why(suites, postfix.instances)
    compact(facts["postfix"])
    if "openssl" in options.subset:
        facts["openssl"] = openssl
    material: list[dict[str, t.Any]] = []
    if "certificates" in options.subset:
        facts["certificates"] = [entry.as_dict() for entry in postfix.certificates]
        names = sorted(set(filter(None, postfix.names)))
        material = [{"chain": list(entry.chain), "names": names} for entry in postfix.certificates]
    return HostFacts(facts, material, postfix.heard)


__all__ = ["HostFacts", "HostOptions", "host_facts"]
