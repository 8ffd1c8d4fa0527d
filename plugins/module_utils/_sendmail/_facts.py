# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""The facts of the sendmail of a host, as it is configured or as it would be with other options in force."""

from __future__ import annotations

import contextlib
import os
import pwd
import stat
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
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._config import (
    system_policy,
)
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._oracle import (
    Libraries,
    Oracle,
)
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._server import Library
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._shapes import (
    NO_LIBRARY,
)
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._verdicts import (
    library_findings,
)
from ansible_collections.postmaster.tls.plugins.module_utils._records import (
    dataclass,
    field,
    replace,
)
from ansible_collections.postmaster.tls.plugins.module_utils._run import Runner
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._access import (
    access_policies,
)
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._cf import (
    ConfigurationFile,
    parse_cf,
)
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._chains import (
    as_served,
    chains_sent,
)
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._daemons import (
    AddressOf,
    HostAddresses,
)
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._describe import (
    Asker,
    describe_service,
)
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._drift import drift_findings
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._everybody import (
    of_everybody,
)
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._files import Standards
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._program import (
    DEFAULT_CF,
    program_of,
)
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._request import Sendmail
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._running import (
    as_running,
    running,
    spelled_out,
    with_candidate,
)
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._services import (
    services_of,
)
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._version import (
    Build,
    build_of,
    single_curve,
)

_LONGEST_ID: t.Final = 10
_OPENSSL_CONF: t.Final = "OPENSSL_CONF"


@dataclass
class SendmailFacts:
    """What is found out about a host: one dictionary for each sendmail.cf, certificates once each, every finding, and
    the names that a certificate is expected to have. `heard` has what each daemon answers to the senders that were asked for.
    """

    instances: list[dict[str, t.Any]] = field(default_factory=list)
    certificates: list[CertificateFile] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    heard: list[dict[str, t.Any]] = field(default_factory=list)

    def expected(self, _file: str, more: t.Iterable[str]) -> list[str]:
        """The names that a certificate should have."""
        return [*self.names, *more]


@dataclass(frozen=True)
class Disk:
    """Where certificates and the access map are read, names looked up, and sendmail.cf compared with sendmail.mc: on this host,
    or among what was saved on another.
    """

    inspected: t.Callable[[Library | None, str, t.Sequence[str]], tuple[CertificateFile, ...]]
    policies: t.Callable[[Sendmail], tuple[list[dict[str, str]], list[Finding]]]
    drift: t.Callable[[Sendmail], list[Finding]]
    address_of: AddressOf


def _here(run: Runner) -> Disk:
    def drift(sendmail: Sendmail) -> list[Finding]:
        return drift_findings(sendmail.file, run)

    return Disk(inspected, access_policies, drift, HostAddresses())


def _uid(name: str) -> int | None:
    user = name.partition(":")[0].strip()
    if user.isascii() and user.isdigit() and len(user) <= _LONGEST_ID:
        return int(user)
    try:
        return pwd.getpwnam(user).pw_uid
    except (KeyError, ValueError):
        return None


def _standards(cf: ConfigurationFile) -> Standards:
    users = (_uid(cf.value(name) or "") for name in ("RunAsUser", "TrustedUser"))
    blame = ",".join(cf.values("DontBlameSendmail"))
    return Standards.of(blame, [uid for uid in users if uid is not None])


def library_environment(program: str, cf: ConfigurationFile) -> tuple[tuple[str, str], ...]:
    """The variables of E lines that OpenSSL heeds: none where the program changes its user or group as it starts."""
    path = cf.environment.get(_OPENSSL_CONF)
    try:
        status = os.stat(program)
    except OSError:
        return ()
    changes = (status.st_mode & stat.S_ISGID and status.st_gid != 0) or (
        status.st_mode & stat.S_ISUID and status.st_uid != 0
    )
    return ((_OPENSSL_CONF, path),) if path and not changes else ()


def read_sendmail(build: Build, file: str, program: str) -> Sendmail:
    """What one sendmail.cf sets for one sendmail. Raises InvalidInput if the file cannot be read."""
    text = read_text(file)
    if text is None:
        raise InvalidInput(
            f"{file} cannot be read: name the sendmail.cf that the daemon reads, or become root."
        )
    cf = spelled_out(parse_cf(text), build)
    return Sendmail(build, cf, file, _standards(cf), bool(single_curve(program)))


class Describer:
    """Collects the facts of one sendmail after the other; with C(predicted), as if a candidate were in force."""

    def __init__(
        self,
        libraries: Libraries,
        program: str,
        command_version: str | None,
        callers: t.Sequence[t.Any] = (),
        *,
        disk: Disk,
        predicted: bool = False,
    ) -> None:
        self.callers = callers
        self.disk = disk
        self.predicted = predicted
        self.facts = SendmailFacts()
        self.libraries = libraries
        self.program = program
        self.command_version = command_version
        self.loaded: set[tuple[str, ...]] = set()

    def describe(self, sendmail: Sendmail) -> None:
        policies, odd = self.disk.policies(sendmail)
        self.facts.findings += odd
        sendmail = replace(sendmail, everybody=of_everybody(policies))
        asker = self._asker(sendmail)
        library, findings = self._library(sendmail, asker)
        self.facts.findings += findings
        described = []
        for service in services_of(sendmail, self.disk.address_of):
            where = f"{sendmail.file} {service.name}"
            asker = self._asker(sendmail)
            facts, certificates, found = describe_service(sendmail, service, asker, where=where)
            described.append({**facts, "findings": [one.as_dict() for one in found]})
            self.facts.findings += found
            if self.callers and not service.client:
                self._hear(sendmail, facts, asker)
            chains = None if service.client else chains_sent(sendmail, asker.oracle)
            for kind, *files in certificates:
                self._certificate(kind, files, asker.oracle, chains)
        if not self.predicted:
            self.facts.findings += self.disk.drift(sendmail)
        name = sendmail.cf.macros.get("j", "")
        self.facts.names.append(name if name and "$" not in name else sendmail.build.host)
        self.facts.instances.append(
            {
                "version": sendmail.build.text,
                "config_directory": sendmail.file,
                "instance": "-",
                "queue_directory": sendmail.value("QueueDirectory"),
                "compiled_with": sorted(sendmail.build.options),
                "library": library,
                "services": described,
                "access_policies": policies,
            }
        )

    def _hear(self, sendmail: Sendmail, facts: dict[str, t.Any], asker: Asker) -> None:
        from ansible_collections.postmaster.tls.plugins.module_utils._openssl._heard import (  # noqa: PLC0415 - seldom asked for
            service_heard,
        )
        from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._heard import (  # noqa: PLC0415 - seldom asked for
            answers,
        )

        def ask(oracle: Oracle) -> dict[str, t.Any]:
            return answers(sendmail, oracle, asker.policy, self.callers)

        found = service_heard(facts, asker.oracle, ask, config=sendmail.file)
        self.facts.heard.append(found)

    def _asker(self, sendmail: Sendmail) -> Asker:
        environment = library_environment(self.program, sendmail.cf)
        try:
            linked = self.libraries.linked(self.program)
            oracle = self.libraries.oracle(linked, environment=environment)
        except NotSupported as error:
            return Asker(None, str(error))
        default = os.path.join(oracle.library.directory, "openssl.cnf")
        path = dict(environment).get(_OPENSSL_CONF, default)
        return Asker(oracle, policy=system_policy(path, read_text))

    def _library(self, sendmail: Sendmail, asker: Asker) -> tuple[dict[str, t.Any], list[Finding]]:
        facts = dict(NO_LIBRARY)
        if sendmail.build.compiled:
            facts["built_with"] = f"0x{sendmail.build.compiled:08x}"
        if asker.oracle is None:
            where = sendmail.file
            return facts, [finding("not-determined", where=where, evidence=asker.reason)]
        library = asker.oracle.library
        findings = library_findings(library.version, self.command_version, sendmail.file)
        facts["path"], facts["version"] = library.linked.libssl, library.version
        facts["config"] = asker.policy.as_dict() if asker.policy else None
        if self.command_version is not None:
            facts["differs_from_command"] = bool(findings)
        return facts, findings

    def _certificate(
        self,
        kind: str,
        files: list[str],
        oracle: Oracle | None,
        chains: t.Sequence[t.Sequence[str]] | None,
    ) -> None:
        key = (kind, *files)
        if key in self.loaded or not all(files):
            return
        self.loaded.add(key)
        found = self.disk.inspected(oracle.library if oracle else None, kind, files)
        if chains is not None:
            found = tuple(as_served(entry, chains) for entry in found)
        self.facts.certificates += found
        self.facts.findings += [one for entry in found for one in entry.findings]


def sendmail_facts(
    sendmail: str,
    *,
    files: t.Sequence[str] = (DEFAULT_CF,),
    candidate: t.Mapping[str, t.Any] | None = None,
    command_version: str | None = None,
    run: Runner,
    callers: t.Sequence[t.Any] = (),
) -> SendmailFacts:
    """Collect and understand what each sendmail.cf sets, as it is or with other options in force.

    A sendmail that does not tell its version stays in the list with the reason. Raises InvalidInput for a file that
    cannot be read.
    """
    program = program_of(sendmail)
    with contextlib.ExitStack() as stack:
        describer = Describer(
            Libraries(run, stack),
            program,
            command_version,
            callers,
            disk=_here(run),
            predicted=bool(candidate),
        )
        try:
            build = build_of(sendmail, run)
        except CommandFailed as error:
            describer.facts.instances += [_unknown(file, str(error)) for file in files]
            evidence = str(error)
            describer.facts.findings.append(
                finding("not-determined", where=files[0], evidence=evidence)
            )
            return describer.facts
        for file in files:
            found = read_sendmail(build, file, program)
            if candidate:
                found = replace(found, cf=with_candidate(found.cf, candidate))
                found = replace(found, standards=_standards(found.cf))
            found, findings = as_running(found, running(found.cf.value("PidFile"), read_text))
            describer.facts.findings += findings
            describer.describe(found)
        return describer.facts


def _unknown(file: str, reason: str) -> dict[str, t.Any]:
    return {
        "version": None,
        "config_directory": file,
        "instance": None,
        "queue_directory": None,
        "compiled_with": None,
        "library": dict(NO_LIBRARY),
        "services": [],
        "reason": reason,
    }


__all__ = [
    "Describer",
    "Disk",
    "SendmailFacts",
    "library_environment",
    "read_sendmail",
    "sendmail_facts",
    "with_candidate",
]
