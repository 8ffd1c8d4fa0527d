# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""Which value of which parameter a policy wants for one program, at the level and in the version at hand."""

from __future__ import annotations

import re
import typing as t
from collections.abc import Iterator
from dataclasses import dataclass

from ansible_collections.postmaster.tls.plugins.module_utils._postfix._cipher_string import items
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._history import exists
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._protocol_list import (
    spell,
    understand,
)
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._version import reached
from ansible_collections.postmaster.tls.plugins.plugin_utils._plan_facts import (
    MANDATORY,
    NO_TLS,
    OPPORTUNISTIC,
    Instance,
    Reader,
)
from ansible_collections.postmaster.tls.plugins.plugin_utils._policy import Policy

_AUTO_CURVES: t.Final = ((3, 2, 0),)
_GRADE_IGNORED: t.Final = ((3, 6, 0),)
_HYBRID_GROUPS: t.Final = ((3, 10, 0),)
_HYBRID: t.Final = re.compile("MLKEM|Kyber", re.IGNORECASE)


@dataclass(frozen=True)
class Want:
    """The value that a program shall get; None: the version's own default.

    ``accepted`` are values as good as it. ``keeps``: it is the value of now, of a lane that no policy governs.
    ``yields``: it counts only where nobody else wants anything.
    """

    value: str | None
    reason: str
    accepted: frozenset[str] = frozenset()
    keeps: bool = False
    yields: bool = False


def compact(parameter: str, value: str) -> str:
    """The same value without blanks, as a -o override needs it before Postfix 3.0."""
    if not re.search(r"\s", value):
        return value
    separator = ":" if parameter.endswith("cipherlist") else ","
    return separator.join(filter(None, re.split(r"[\s,]+", value)))


def satisfies(instance: Instance, parameter: str, current: str | None, want: Want) -> bool:
    """Whether a value in force does what is wanted: protocol lists by their meaning, other lists by their words."""
    wanted = instance.default(parameter) if want.value is None else want.value
    if current is None or wanted is None:
        return current == wanted
    if current in want.accepted:
        return True
    if want.keeps:
        return current == wanted
    if parameter.endswith("protocols"):
        return _same_protocols(instance, current, wanted)
    if parameter.endswith(("ciphers", "cipherlist", "curves", "groups")):
        return _words(current) == _words(wanted)
    return current.strip().lower() == wanted.strip().lower()


def _words(value: str) -> list[str]:
    return [word.lower() for word in items(value)]


def _same_protocols(instance: Instance, current: str, wanted: str) -> bool:
    library = instance.library.protocols
    now = understand(current, instance.version, library=library)
    then = understand(wanted, instance.version, library=library)
    if now.invalid or now.mixed or now.blank_bound:
        return _words(current) == _words(wanted)
    return now.protocols == then.protocols


def wanted_level(reader: Reader) -> str | None:
    """The security level under a policy: never lower than now, `may` at least, `encrypt` for submission."""
    if reader.level is None:
        return None
    if reader.inbound and reader.certificate_types == frozenset() and reader.level in NO_TLS:
        return reader.level
    if reader.lane == "submission" and reader.level in (*NO_TLS, "may"):
        return "encrypt"
    return "may" if reader.level in NO_TLS else reader.level


def level_want(reader: Reader) -> dict[str, Want]:
    level = wanted_level(reader)
    if level is None or level == reader.level:
        return {}
    reason = "users' passwords and mail must not travel in plaintext"
    if level == "may":
        reason = (
            "TLS is offered to whoever can" if reader.inbound else "TLS is used with whoever can"
        )
    return {reader.main_name("security_level"): Want(level, reason)}


def wants(policy: Policy, instance: Instance, reader: Reader) -> dict[str, Want]:
    """What a policy wants of one program, by the name of the parameter in main.cf."""
    found = level_want(reader)
    modes = reader.modes(wanted_level(reader))
    if not modes:
        return found
    found.update(_protocol_wants(policy, instance, reader, modes))
    found.update(_cipher_wants(policy, reader, modes))
    found.update(_shared_wants(policy, instance, reader, modes))
    return {
        name: want
        for name, want in found.items()
        if exists(name, instance.version) and exists(reader.own(name), instance.version)
    }


def keeps(instance: Instance, reader: Reader) -> dict[str, Want]:
    """The values of now of everything that a program reads: what a lane without a policy wants."""
    modes = reader.modes(reader.level)
    names = [reader.main_name("security_level")]
    if modes:
        names += [*_named(reader, "protocols", modes), *_named(reader, "ciphers", modes)]
        names += [
            reader.main_name("exclude_ciphers"),
            "tls_eecdh_auto_curves",
            "tls_ffdhe_auto_groups",
        ]
        names += [reader.main_name("mandatory_exclude_ciphers")] if MANDATORY in modes else []
        names += ["tls_preempt_cipherlist"] if reader.inbound else []
        names += [reader.main_name("eecdh_grade")] if reader.inbound else []
        names += [f"tls_{grade}_cipherlist" for grade in _grades(reader, modes)]
    found = {}
    for name in names:
        value = reader.values.get(reader.own(name))
        if value is not None and exists(name, instance.version):
            found[name] = Want(value, "keeps its value", keeps=True)
    return found


def silent(policy: Policy, kept: dict[str, Want]) -> dict[str, Want]:
    """Of the values of now, those that stay under a policy unless it wants another: lists it leaves behind do not."""
    speaks = _speaks_of_ciphers(policy)
    return {
        name: want for name, want in kept.items() if not (speaks and name.endswith("cipherlist"))
    }


def _grades(reader: Reader, modes: frozenset[str]) -> list[str]:
    if reader.has_policy_table:
        return ["high", "medium", "low", "export"]
    values = [reader.values.get(reader.own(name), "") for name in _named(reader, "ciphers", modes)]
    return sorted({value.lower() for value in values} & {"high", "medium", "low", "export"})


def _named(reader: Reader, suffix: str, modes: frozenset[str]) -> Iterator[str]:
    if OPPORTUNISTIC in modes:
        yield reader.main_name(suffix)
    if MANDATORY in modes:
        yield reader.main_name(f"mandatory_{suffix}")


def _protocol_wants(
    policy: Policy, instance: Instance, reader: Reader, modes: frozenset[str]
) -> Iterator[tuple[str, Want]]:
    value = spell(
        policy.minimum, policy.maximum, instance.version, library=instance.library.protocols
    )
    labels = ", ".join(protocol.label for protocol in sorted(policy.protocols))
    reason = "the version's default" if policy.defaults else f"allows {labels}"
    for name in _named(reader, "protocols", modes):
        yield name, Want(None if policy.defaults else value, reason)


def chooses_ciphers(policy: Policy, mode: str) -> bool:
    """Whether the policy restricts suites where TLS is opportunistic or mandatory."""
    return bool(policy.cipher_list) and (policy.opportunistic_ciphers or mode == MANDATORY)


def _speaks_of_ciphers(policy: Policy) -> bool:
    return policy.defaults or policy.cipher_list is not None


def _cipher_wants(
    policy: Policy, reader: Reader, modes: frozenset[str]
) -> Iterator[tuple[str, Want]]:
    if not _speaks_of_ciphers(policy):
        return
    for mode in sorted(modes):
        infix = "mandatory_" if mode == MANDATORY else ""
        chosen = chooses_ciphers(policy, mode)
        grade = Want("high", "the grade whose list the policy sets") if chosen else None
        yield reader.main_name(f"{infix}ciphers"), grade or Want(None, "the version's default")
        if mode == MANDATORY:
            name = reader.main_name("mandatory_exclude_ciphers")
            yield (
                name,
                Want(None, "the list says all, exclusions would take suites of the policy away"),
            )
    name = reader.main_name("exclude_ciphers")
    yield name, Want(None, "the list says all, exclusions would take suites of the policy away")


def _shared_wants(
    policy: Policy, instance: Instance, reader: Reader, modes: frozenset[str]
) -> Iterator[tuple[str, Want]]:
    if any(chooses_ciphers(policy, mode) for mode in modes):
        yield "tls_high_cipherlist", Want(policy.cipher_list, "exactly the suites of the policy")
    elif policy.defaults:
        unread = not reader.has_policy_table
        yield "tls_high_cipherlist", Want(None, "the version's default", yields=unread)
    restricted = all(chooses_ciphers(policy, mode) for mode in modes)
    if not restricted and _speaks_of_ciphers(policy):
        yield "tls_medium_cipherlist", Want(None, "the version's default")
    if reader.inbound and policy.preference:
        value = "yes" if policy.preference == "server" else "no"
        yield "tls_preempt_cipherlist", Want(value, f"the {policy.preference} chooses the suite")
    elif reader.inbound and policy.defaults:
        yield "tls_preempt_cipherlist", Want(None, "the version's default")
    yield from _group_wants(policy, instance)
    if reader.inbound and not reached(instance.version, _GRADE_IGNORED):
        yield from _grade_wants(policy, instance, reader)


def group_list(policy: Policy, instance: Instance) -> list[str]:
    """The policy's groups that this Postfix and its library can serve, in OpenSSL's names.

    A hybrid goes behind the first classical group, unless the policy lets the server choose: the first group is what
    smtp(8) sends a key share of, and some servers cannot take the large hello (postconf(5), tls_eecdh_auto_curves).
    """
    groups = list(policy.groups or ())
    if not reached(instance.version, _HYBRID_GROUPS) or instance.library.release is None:
        groups = [group for group in groups if not _HYBRID.search(group)]
    if policy.preference != "server":
        classical = [group for group in groups if not _HYBRID.search(group)]
        groups = classical[:1] + [group for group in groups if group not in classical[:1]]
    named = [instance.library.group_name(group) for group in groups]
    return [name for name in named if name]


def _group_wants(policy: Policy, instance: Instance) -> Iterator[tuple[str, Want]]:
    if policy.defaults:
        for name in ("tls_eecdh_auto_curves", "tls_ffdhe_auto_groups"):
            yield name, Want(None, "the version's default")
    if policy.groups is None or not reached(instance.version, _AUTO_CURVES):
        return
    groups = group_list(policy, instance)
    curves = [group for group in groups if not group.startswith("ffdhe")]
    if curves:
        yield "tls_eecdh_auto_curves", Want(",".join(curves), "the groups of the policy")
    if instance.library.at_least((3, 0, 0)):
        finite = [group for group in groups if group.startswith("ffdhe")]
        yield "tls_ffdhe_auto_groups", Want(",".join(finite), "the groups of the policy")


def _grade_wants(policy: Policy, instance: Instance, reader: Reader) -> Iterator[tuple[str, Want]]:
    name = reader.main_name("eecdh_grade")
    if policy.defaults:
        yield name, Want(None, "the version's default")
        return
    if not instance.library.at_least((1, 0, 0)):
        return
    automatic = reached(instance.version, _AUTO_CURVES) and instance.library.at_least((1, 0, 2))
    accepted = {"auto"} if automatic and policy.groups else {"auto", "strong", "ultra"}
    if not automatic:
        accepted -= {"auto"}
    reason = "ECDHE suites need a curve"
    yield name, Want("auto" if automatic else "strong", reason, frozenset(accepted))


__all__ = [
    "Want",
    "chooses_ciphers",
    "compact",
    "group_list",
    "keeps",
    "level_want",
    "satisfies",
    "silent",
    "wanted_level",
    "wants",
]
