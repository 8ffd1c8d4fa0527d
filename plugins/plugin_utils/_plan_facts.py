# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""The facts of a Postfix instance as a plan needs them: who reads which parameter, and what is set where."""

from __future__ import annotations

import re
import typing as t
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from ansible_collections.postmaster.tls.plugins.module_utils._errors import InvalidInput
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._history import default_of
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._macros import Macros
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._version import PostfixVersion
from ansible_collections.postmaster.tls.plugins.plugin_utils._library import LibraryRelease
from ansible_collections.postmaster.tls.plugins.plugin_utils._violations import key_type

OPPORTUNISTIC: t.Final = "opportunistic"
MANDATORY: t.Final = "mandatory"
NO_TLS: t.Final = ("none", "")

_TABLES: t.Final = ("smtp_tls_policy_maps", "smtp_tls_per_site")
_BOTH_LEVELS: t.Final = ("dane",)
_AUTHENTICATION: t.Final = {"RSA": "rsa", "ECDSA": "ecdsa"}
_TWINS: t.Final = re.compile(r"^(?:tlsproxy|postscreen)_tls_")


@dataclass(frozen=True)
class Reader:
    """One program of master.cf that reads TLS parameters; ``entry`` is where its -o overrides are.

    ``prefix`` is that of its own parameters (smtpd_tls_); ``certificate_types`` of None were not determined. ``curves`` are
    those of the ECDSA keys that are known.
    """

    service: str
    entry: str
    prefix: str
    lane: str
    level: str | None
    values: Mapping[str, str]
    overrides: Mapping[str, str] = field(default_factory=dict)
    certificate_types: frozenset[str] | None = None
    rsa_bits: int | None = None
    curves: tuple[str, ...] = ()
    offered: tuple[str, ...] | None = None
    level_only: bool = False

    @property
    def inbound(self) -> bool:
        return self.lane != "outbound"

    @property
    def has_policy_table(self) -> bool:
        """Whether a table of smtp(8) can give a destination another level, and with it the other parameters."""
        return not self.inbound and any(self.values.get(name) for name in _TABLES)

    def own(self, parameter: str) -> str:
        """The name under which this program reads a parameter: tlsproxy_tls_ciphers for smtpd_tls_ciphers."""
        if parameter.startswith("smtpd_tls_") and self.inbound:
            return self.prefix + parameter.removeprefix("smtpd_tls_")
        return parameter

    def main_name(self, suffix: str) -> str:
        """The parameter of main.cf that every program of the same direction reads."""
        return f"{'smtpd' if self.inbound else 'smtp'}_tls_{suffix}"

    def modes(self, level: str | None) -> frozenset[str]:
        """Which of the two parameter sets it reads at a security level (smtpd.c, tlsproxy.c, smtp_tls_policy.c)."""
        if self.level_only or level is None:
            return frozenset()
        if self.has_policy_table or level in _BOTH_LEVELS:
            return frozenset((OPPORTUNISTIC, MANDATORY))
        if level in NO_TLS:
            return frozenset()
        return frozenset((OPPORTUNISTIC if level == "may" else MANDATORY,))


@dataclass(frozen=True)
class Instance:
    """One Postfix instance; ``main`` is what its main.cf sets, unexpanded, None if the facts do not say."""

    config_directory: str
    version: PostfixVersion
    library: LibraryRelease
    readers: tuple[Reader, ...]
    main: Mapping[str, str] | None

    def default(self, parameter: str) -> str | None:
        """The default of this version, references to other parameters followed; None if the build decides."""
        text = default_of(_TWINS.sub("smtpd_tls_", parameter), self.version)
        return None if text is None or "$" in text else text

    def in_main(self, parameter: str) -> str | None:
        """What main.cf sets, or None; where the facts do not say, a value that is not the default counts as set."""
        if self.main is not None:
            return self.main.get(parameter)
        for reader in self.readers:
            if reader.own(parameter) == parameter and parameter not in reader.overrides:
                value = reader.values.get(parameter)
                return None if value in (None, self.default(parameter)) else value
        return None

    def inherited(self, parameter: str) -> str | None:
        """The value that main.cf gives to a program without an override; None if it is not known."""
        for reader in self.readers:
            direct = reader.own(parameter) == parameter and parameter not in reader.overrides
            if direct and parameter in reader.values:
                return reader.values[parameter]
        raw = self.in_main(parameter)
        if raw is not None and self.main is not None:
            return Macros(self.main).expand(raw).strip()
        return self.default(parameter) if raw is None else raw


def _mapping(value: t.Any, where: str) -> Mapping[str, t.Any]:
    if not isinstance(value, Mapping):
        raise InvalidInput(
            f"policy_plan: {where} is a {type(value).__name__}, expected a dictionary: "
            "give it ansible_facts.mta_tls as mta_tls_facts returns it."
        )
    return value


def _certificates(
    facts: Mapping[str, t.Any], service: Mapping[str, t.Any]
) -> tuple[frozenset[str] | None, int | None]:
    """The key types that a service has certificates of, and the size of its smallest RSA key."""
    files = service.get("certificate_files")
    if files is None:
        return None, None
    known = {item.get("file"): item for item in facts.get("certificates") or ()}
    described = [known[file] for file in files if file in known and key_type(known[file])]
    if len(described) == len(files):
        sizes = [
            item["key_bits"]
            for item in described
            if key_type(item) == "rsa" and item.get("key_bits")
        ]
        return frozenset(str(key_type(item)) for item in described), min(sizes, default=None)
    suites = service.get("ciphers") or ()
    seen = {_AUTHENTICATION.get(str(suite.get("authentication"))) for suite in suites} - {None}
    return (frozenset(str(word) for word in seen) if seen else None), None


def _curves(facts: Mapping[str, t.Any], service: Mapping[str, t.Any]) -> tuple[str, ...]:
    files = set(service.get("certificate_files") or ())
    found = (
        item.get("key_curve")
        for item in facts.get("certificates") or ()
        if item.get("file") in files
    )
    return tuple(sorted({str(curve) for curve in found if curve}))


def _offered(service: Mapping[str, t.Any]) -> tuple[str, ...] | None:
    suites = service.get("ciphers")
    if suites is None:
        return None
    return tuple(
        str(suite["name"]) for suite in suites if "TLSv1.3" in (suite.get("protocols") or ())
    )


def _readers(facts: Mapping[str, t.Any], service: Mapping[str, t.Any]) -> list[Reader]:
    name, lane, level = str(service["name"]), str(service["lane"]), service.get("security_level")
    types, bits = _certificates(facts, service)
    postscreen = "postscreen" in (service.get("daemons") or ())
    values = {str(key): str(value) for key, value in (service.get("parameters") or {}).items()}
    proxy = values.get("tlsproxy_service_name") or "tlsproxy"
    prefix = "smtpd_tls_" if lane != "outbound" else "smtp_tls_"
    reader = Reader(
        service=name,
        entry=f"{proxy}/unix" if postscreen else name,
        prefix="tlsproxy_tls_" if postscreen else prefix,
        lane=lane,
        level=level,
        values=values,
        overrides=dict(service.get("overrides") or {}),
        certificate_types=types,
        rsa_bits=bits,
        curves=_curves(facts, service),
        offered=_offered(service),
    )
    if not postscreen:
        return [reader]
    screen = Reader(
        service=name,
        entry=name,
        prefix="postscreen_tls_",
        lane=lane,
        level=level,
        values={"postscreen_tls_security_level": level or ""},
        certificate_types=types,
        level_only=True,
    )
    return [reader, screen]


def _told_apart(readers: Sequence[Reader], version: PostfixVersion) -> tuple[Reader, ...]:
    """The same readers, those without known overrides with the ones that their values give away.

    A value that differs from the default, while another program of that prefix has the default, is an override; where
    nobody has the default, main.cf is taken to have the value of the first program.
    """
    found: list[Reader] = []
    for reader in readers:
        others = [other.values for other in readers if other.prefix == reader.prefix]
        guessed = {}
        for name, value in reader.values.items():
            seen = [values[name] for values in others if name in values]
            default = default_of(name, version)
            if value != (default if default in seen else seen[0]):
                guessed[name] = value
        found.append(replace(reader, overrides=guessed))
    return tuple(found)


def _instance(facts: Mapping[str, t.Any], data: Mapping[str, t.Any]) -> Instance:
    services = [_mapping(service, "a service") for service in data["services"]]
    version = PostfixVersion.parse(str(data["version"]))
    readers = tuple(reader for service in services for reader in _readers(facts, service))
    if not any("overrides" in service for service in services):
        readers = _told_apart(readers, version)
    return Instance(
        config_directory=str(data["config_directory"]),
        version=version,
        library=LibraryRelease.parse((data.get("library") or {}).get("version")),
        readers=readers,
        main=data.get("parameters"),
    )


def read_instances(facts: t.Any) -> tuple[Instance, ...]:
    """The Postfix instances of ``ansible_facts.mta_tls`` whose version is known.

    Raises InvalidInput if that is not what it is, or if it has no Postfix.
    """
    postfix = _mapping(facts, "the input").get("postfix")
    if not isinstance(postfix, Sequence) or isinstance(postfix, str) or not postfix:
        raise InvalidInput(
            "policy_plan: the facts have no Postfix instance: gather them with mta_tls_facts on a host with Postfix."
        )
    instances = []
    for item in postfix:
        data = _mapping(item, "an item of postfix")
        if not data.get("version"):
            continue
        try:
            instances.append(_instance(facts, data))
        except KeyError as error:
            raise InvalidInput(
                f"policy_plan: the facts of a Postfix instance lack {error}: gather them again with mta_tls_facts."
            ) from error
    return tuple(instances)


__all__ = ["MANDATORY", "NO_TLS", "OPPORTUNISTIC", "Instance", "Reader", "read_instances"]
