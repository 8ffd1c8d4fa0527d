# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""What the commands of Postfix say about an instance: raw material, nothing understood yet."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._errors import (
    CommandFailed,
    InvalidInput,
)
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._macros import Macros
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._master import (
    Service,
    parse_master,
)
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._questions import (
    instances_command,
    questions,
)
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._version import PostfixVersion
from ansible_collections.postmaster.tls.plugins.module_utils._records import dataclass, replace
from ansible_collections.postmaster.tls.plugins.module_utils._run import (
    Completed,
    Runner,
    run_all,
)

_UNUSED: t.Final = re.compile(
    r"warning: (?P<file>\S+): unused parameter: (?P<text>.*)$", re.MULTILINE
)
_PAIR: t.Final = re.compile(r"^(?P<name>[^\s=]+) =(?: (?P<value>.*))?$")


@dataclass(frozen=True)
class Instance:
    """One Postfix instance: every parameter with its value in force, every service, and what postconf warns about.

    `main` are the parameters that main.cf sets. `unused` are (file, "name=value") of parameters that this version
    does not know. `built_with` is the OpenSSL of its headers, None where this version does not tell. Values are not
    expanded.
    """

    config_directory: str
    parameters: t.Mapping[str, str]
    main: t.Mapping[str, str]
    services: tuple[Service, ...]
    unused: tuple[tuple[str, str], ...] = ()
    built_with: str | None = None

    @property
    def version(self) -> PostfixVersion:
        return PostfixVersion.parse(self.parameters.get("mail_version", ""))

    def value(self, name: str) -> str:
        return Macros(self.parameters).value(name)


def parse_parameters(text: str) -> dict[str, str]:
    """Read what `postconf` prints: one "name = value" a line."""
    found = {}
    for line in text.splitlines():
        match = _PAIR.match(line)
        if match:
            found[match["name"]] = match["value"] or ""
    return found


def parse_unused(text: str) -> tuple[tuple[str, str], ...]:
    """The parameters that `postconf` calls unused on its standard error, each once."""
    return tuple(dict.fromkeys((one["file"], one["text"]) for one in _UNUSED.finditer(text)))


def parse_instances(text: str) -> tuple[str, ...]:
    """The configuration directories that `postmulti -l` prints."""
    return tuple(line.split()[3] for line in text.splitlines() if len(line.split()) >= 4)


def _checked(command: t.Sequence[str], run: Runner) -> Completed:
    return _sound(command, run(command))


def _sound(command: t.Sequence[str], done: Completed) -> Completed:
    if done.code != 0:
        reason = done.stderr.strip().splitlines()[-1:] or [f"it ended with {done.code}"]
        raise CommandFailed(f"'{' '.join(command)}' failed: {reason[0]}.")
    return done


def config_directories(postconf: str, run: Runner) -> tuple[str, ...]:
    """Every instance that postmulti(1) lists, else the default one."""
    command = instances_command(postconf)
    if command:
        done = run(command)
        found = parse_instances(done.stdout) if done.code == 0 else ()
        if found:
            return found
    return (_checked([postconf, "-dh", "config_directory"], run).stdout.strip(),)


def collect(postconf: str, directory: str, run: Runner) -> Instance:
    """Ask postconf(1) about one instance. Raises CommandFailed with its own words.

    A mail_version of main.cf is what the banner says; the version is the one that is compiled in.
    """
    commands = questions(postconf, directory)
    everything, main, master, built = run_all(commands, run)
    for command, done in zip(commands, (everything, main, master)):
        _sound(command, done)
    written, values = parse_parameters(main.stdout), parse_parameters(everything.stdout)
    if "mail_version" in written:
        values.update(_defaults(postconf, ["mail_version"], run))
    return Instance(
        config_directory=directory,
        parameters=values,
        main=written,
        services=parse_master(master.stdout),
        unused=parse_unused(main.stderr),
        built_with=_built_with(built),
    )


def _built_with(done: Completed) -> str | None:
    text = done.stdout.strip()
    return text if done.code == 0 and text.startswith("OpenSSL ") else None


def _defaults(postconf: str, names: t.Sequence[str], run: Runner) -> dict[str, str]:
    if not names:
        return {}
    return parse_parameters(_checked([postconf, "-d", *names], run).stdout)


def with_candidate(
    instance: Instance, changes: t.Mapping[str, t.Any], *, postconf: str, run: Runner
) -> Instance:
    """The instance as it would be with {parameters, services} in force; None removes. Changes nothing on the host.

    Raises InvalidInput for a service that master.cf does not have.
    """
    wanted: t.Mapping[str, t.Any] = changes.get("parameters") or {}
    by_service: t.Mapping[str, t.Mapping[str, t.Any]] = changes.get("services") or {}
    _check_services(instance, by_service)
    values = {name: str(value) for name, value in wanted.items() if value is not None}
    removed = [name for name in wanted if name not in values]
    defaults = {**dict.fromkeys(removed, ""), **_defaults(postconf, removed, run)}
    kept = {name: value for name, value in instance.main.items() if name not in wanted}
    file = f"{instance.config_directory}/main.cf"
    unknown = [
        (file, f"{name}={values[name]}") for name in values if name not in instance.parameters
    ]
    still = [one for one in instance.unused if one[1].partition("=")[0] not in wanted]
    return replace(
        instance,
        parameters={**instance.parameters, **defaults, **values},
        main={**kept, **values},
        services=tuple(_changed(service, by_service) for service in instance.services),
        unused=(*still, *unknown),
    )


def _check_services(instance: Instance, names: t.Iterable[str]) -> None:
    known = {service.name for service in instance.services}
    for name in names:
        if name not in known:
            raise InvalidInput(
                f"candidate: {instance.config_directory} has no service {name} in master.cf: "
                f"use a name that 'postconf -M' shows, with its type after a slash."
            )


def _changed(service: Service, by_service: t.Mapping[str, t.Mapping[str, t.Any]]) -> Service:
    changes = by_service.get(service.name)
    if not changes:
        return service
    return service.with_overrides(
        {name: None if value is None else str(value) for name, value in changes.items()}
    )


__all__ = [
    "Instance",
    "collect",
    "config_directories",
    "parse_instances",
    "parse_parameters",
    "parse_unused",
    "with_candidate",
]
