# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""The facts of every Postfix instance on a host, and of the certificates that they load."""

from __future__ import annotations

import contextlib
import os
import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._errors import (
    CommandFailed,
    InvalidInput,
    NotSupported,
)
from ansible_collections.postmaster.tls.plugins.module_utils._findings import Finding, finding
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._certificate_files import (
    CertificateFile,
    inspected,
)
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._command import read_text
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._config import system_policy
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._oracle import (
    Libraries,
    Oracle,
)
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._shapes import (
    NO_LIBRARY,
)
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._verdicts import (
    built_findings,
    library_findings,
)
from ansible_collections.postmaster.tls.plugins.module_utils._postfix import _lint, _verdicts
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._collect import (
    Instance,
    collect,
    config_directories,
    with_candidate,
)
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._describe import (
    HERE,
    Disk,
    describe_service,
    tls_settings,
)
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._macros import Macros
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._services import (
    TlsService,
    tls_services,
)
from ansible_collections.postmaster.tls.plugins.module_utils._records import dataclass, field
from ansible_collections.postmaster.tls.plugins.module_utils._run import Runner

Changes = t.Mapping[str, t.Mapping[str, t.Any]]
Callers = t.Sequence[t.Any]


@dataclass
class PostfixFacts:
    """What is found out about a host: one dictionary an instance, certificates once each, and every finding. `authorities` are
    the places of services by (CAfile or CApath, whether it is a directory).

    `names` are the host names of the instances; `hosts` and `served` tell those and the server names that the certificate in a
    file is expected to have. `heard` has what each inbound service
    answers to the callers, if there are any.
    """

    instances: list[dict[str, t.Any]] = field(default_factory=list)
    certificates: list[CertificateFile] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    heard: list[dict[str, t.Any]] = field(default_factory=list)
    authorities: dict[tuple[str, bool], list[str]] = field(default_factory=dict)
    hosts: dict[str, list[str]] = field(default_factory=dict)
    served: dict[str, list[str]] = field(default_factory=dict)

    def expected(self, file: str, more: t.Iterable[str]) -> list[str]:
        """The names that the certificate in a file should have; what only serves other names need not have C(more)."""
        hosts = self.hosts.get(file, [])
        return [*hosts, *(more if hosts else ()), *self.served.get(file, ())]


def _config(instance: Instance, oracle: Oracle) -> dict[str, t.Any] | None:
    """What the openssl.cnf that this instance reads sets for it; None without such a file."""
    file, name = instance.value("tls_config_file") or "default", instance.value("tls_config_name")
    if file == "none":
        return None
    path = os.path.join(oracle.library.directory, "openssl.cnf") if file == "default" else file
    policy = system_policy(path, read_text, name=name)
    return policy.as_dict() if policy else None


class Describer:
    """Describes one instance after the other into one PostfixFacts."""

    def __init__(
        self,
        facts: PostfixFacts,
        libraries: Libraries,
        command_version: str | None,
        disk: Disk = HERE,
        callers: Callers = (),
    ) -> None:
        self.disk = disk
        self.callers = callers
        self.facts = facts
        self.libraries = libraries
        self.command_version = command_version
        self.loaded: dict[tuple[str, ...], list[str]] = {}

    def describe(self, instance: Instance) -> None:
        directory = instance.config_directory
        library, findings = self._library(instance)
        services = tls_services(instance.services, instance.parameters, self.disk.addresses_of)
        described = [self._service(instance, service) for service in services]
        findings += _verdicts.tlsproxy_findings(services, lambda one: f"{directory} {one.name}")
        findings += _verdicts.unused_findings(instance, _texts(instance), directory)
        overridden = [name for service in services for name in service.overrides]
        written = {*instance.main, *overridden}
        findings += _lint.deprecated_findings(written, instance.version, directory)
        findings += _lint.option_findings(services, directory)
        if any(one.direction == "inbound" and one.level != "none" for one in services):
            findings += _lint.injection_findings(instance.version, directory)
        self.facts.findings += findings
        self.facts.names.append(instance.value("myhostname"))
        self.facts.instances.append(
            {
                "version": str(instance.version),
                "config_directory": directory,
                "instance": instance.value("multi_instance_name") or "-",
                "queue_directory": instance.value("queue_directory"),
                "library": library,
                "parameters": tls_settings(instance.main),
                "services": described,
            }
        )

    def _library(self, instance: Instance) -> tuple[dict[str, t.Any], list[Finding]]:
        directory = instance.config_directory
        facts: dict[str, t.Any] = {**NO_LIBRARY, "built_with": instance.built_with}
        try:
            oracle = self._oracle(instance, instance.parameters)
        except NotSupported as error:
            return facts, [finding("not-determined", where=directory, evidence=str(error))]
        version = oracle.library.version
        findings = library_findings(version, self.command_version, directory)
        facts["path"], facts["version"] = oracle.library.linked.libssl, version
        facts["config"] = _config(instance, oracle)
        if self.command_version is not None:
            facts["differs_from_command"] = bool(findings)
        return facts, findings + built_findings(version, instance.built_with, directory)

    def _oracle(self, instance: Instance, values: t.Mapping[str, str]) -> Oracle:
        program = os.path.join(instance.value("daemon_directory"), "smtpd")
        linked = self.libraries.linked(program)
        value = Macros(values).value
        return self.libraries.oracle(linked, value("tls_config_file"), value("tls_config_name"))

    def _service(self, instance: Instance, service: TlsService) -> dict[str, t.Any]:
        where = f"{instance.config_directory} {service.name}"
        oracle, reason = None, ""
        try:
            oracle = self._oracle(instance, service.values)
        except NotSupported as error:
            reason = str(error)
        facts, certificates, findings = describe_service(
            service,
            instance.version,
            oracle,
            where=where,
            reason=reason,
            written=instance.main,
            disk=self.disk,
        )
        self._authorities(service, where)
        for key in certificates:
            self._certificate(key, oracle)
        self._expect(instance, facts.get("server_names", ()), certificates)
        self.facts.findings += findings
        if self.callers and service.direction == "inbound":
            self.facts.heard.append(self._heard(instance, service, facts, oracle))
        return {**facts, "findings": [one.as_dict() for one in findings]}

    def _heard(
        self,
        instance: Instance,
        service: TlsService,
        facts: t.Mapping[str, t.Any],
        oracle: Oracle | None,
    ) -> dict[str, t.Any]:
        from ansible_collections.postmaster.tls.plugins.module_utils._openssl._heard import (  # noqa: PLC0415 - seldom asked for
            service_heard,
        )
        from ansible_collections.postmaster.tls.plugins.module_utils._postfix._heard import (  # noqa: PLC0415 - seldom asked for
            answers,
        )

        def ask(asked: Oracle) -> dict[str, t.Any]:
            return answers(service, instance.version, asked, self.callers, self.disk)

        return service_heard(facts, oracle, ask, config=instance.config_directory)

    def _authorities(self, service: TlsService, where: str) -> None:
        if service.level not in (None, "none"):
            for name, directory in (("CAfile", False), ("CApath", True)):
                path = service.macros.value(f"{service.prefix}_{name}")
                if path:
                    self.facts.authorities.setdefault((path, directory), []).append(where)

    def _certificate(self, key: tuple[str, ...], oracle: Oracle | None) -> None:
        if key in self.loaded:
            return
        kind, *files = key
        elsewhere = self.disk is not HERE
        found = (
            self.disk.chains(kind, files)
            if elsewhere
            else inspected(oracle.library if oracle else None, kind, files)
        )
        self.loaded[key] = [entry.file for entry in found]
        self.facts.certificates += found
        self.facts.findings += [one for entry in found for one in entry.findings]

    def _expect(
        self,
        instance: Instance,
        served: t.Sequence[t.Mapping[str, t.Any]],
        certificates: t.Sequence[tuple[str, ...]],
    ) -> None:
        """Note the names that certificates should have; those for single server names stand last, in the same order."""
        host = instance.value("myhostname")
        own = len(certificates) - len(served)
        for key in certificates[:own]:
            for file in self.loaded[key]:
                self.facts.hosts.setdefault(file, []).append(host)
        for one, key in zip(served, certificates[own:]):
            if not one["name"].startswith("."):
                for file in self.loaded[key]:
                    self.facts.served.setdefault(file, []).append(one["name"])


def _texts(instance: Instance) -> list[str]:
    overrides = [text for service in instance.services for text in service.overrides.values()]
    return [text for text in [*instance.parameters.values(), *overrides] if "$" in text]


def _unknown_instance(directory: str, reason: str) -> dict[str, t.Any]:
    return {
        "version": None,
        "config_directory": directory,
        "instance": None,
        "queue_directory": None,
        "library": dict(NO_LIBRARY),
        "parameters": None,
        "services": [],
        "reason": reason,
    }


def _directories(postconf: str, wanted: t.Sequence[str], run: Runner) -> tuple[str, ...]:
    for directory in wanted:
        if not os.path.isfile(os.path.join(directory, "main.cf")):
            raise InvalidInput(
                f"postfix_config_directories: {directory} has no main.cf: name directories of Postfix instances, "
                f"or leave the option out for every instance of this host."
            )
    return tuple(wanted) or config_directories(postconf, run)


def changes_by_instance(candidate: t.Mapping[str, t.Any], directories: t.Sequence[str]) -> Changes:
    """What a candidate means to each instance: a plan, {config_directory: changes}, or changes of the first instance.

    Raises InvalidInput for a directory that is not an instance of this host, or for any other shape.
    """
    if "instances" in candidate:
        candidate = candidate["instances"] or {}
    elif {"parameters", "services"} & set(candidate):
        candidate = dict.fromkeys(directories[:1], candidate)
    for directory, changes in candidate.items():
        if directory not in directories:
            raise InvalidInput(
                f"candidate: {directory} is not an instance of this host: expected one of {', '.join(directories)}."
            )
        if not isinstance(changes, dict) or not set(changes) <= {"parameters", "services"}:
            raise InvalidInput(
                f"candidate: {directory} needs a dictionary with parameters and services, as policy_plan returns it."
            )
    return candidate


def _add_instance(
    describer: Describer, directory: str, changes: Changes, *, postconf: str, run: Runner
) -> None:
    try:
        instance = collect(postconf, directory, run)
        if directory in changes:
            instance = with_candidate(instance, changes[directory], postconf=postconf, run=run)
        describer.describe(instance)
    except CommandFailed as error:
        describer.facts.instances.append(_unknown_instance(directory, str(error)))
        describer.facts.findings.append(
            finding("not-determined", where=directory, evidence=str(error))
        )


def postfix_facts(
    postconf: str,
    *,
    directories: t.Sequence[str],
    candidate: t.Mapping[str, t.Any],
    command_version: str | None,
    run: Runner,
    callers: Callers = (),
) -> PostfixFacts:
    """Collect and understand every instance, as it is or as it would be with the candidate in force.

    An instance that cannot be asked stays in the list with the reason. Raises InvalidInput for options that do not
    fit this host, CommandFailed if not even the instances can be listed.
    """
    facts = PostfixFacts()
    found = _directories(postconf, directories, run)
    changes = changes_by_instance(candidate, found)
    with contextlib.ExitStack() as stack:
        describer = Describer(facts, Libraries(run, stack), command_version, callers=callers)
        for directory in found:
            _add_instance(describer, directory, changes, postconf=postconf, run=run)
    return facts


__all__ = ["Callers", "Describer", "PostfixFacts", "changes_by_instance", "postfix_facts"]
