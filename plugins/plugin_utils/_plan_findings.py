# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""What a postmaster must know before a plan is applied: who is shut out, and what cannot be said in this version."""

from __future__ import annotations

import typing as t
from collections.abc import Iterable, Iterator, Mapping

from ansible_collections.postmaster.tls.plugins.module_utils._findings import Finding, finding
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._history import exists
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._protocol_list import (
    spell,
    understand,
)
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._version import reached
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol
from ansible_collections.postmaster.tls.plugins.module_utils._tls._suites import Suite
from ansible_collections.postmaster.tls.plugins.plugin_utils._plan_facts import (
    OPPORTUNISTIC,
    Instance,
    Reader,
)
from ansible_collections.postmaster.tls.plugins.plugin_utils._plan_wants import (
    chooses_ciphers,
    group_list,
    wanted_level,
)
from ansible_collections.postmaster.tls.plugins.plugin_utils._policy import Policy

_AUTHENTICATES: t.Final = {
    "RSA": frozenset(("rsa",)),
    "ECDSA": frozenset(("ecdsa", "ed25519", "ed448")),
    "DSS": frozenset(("dsa",)),
}
_BIG_PRIME: t.Final = ((3, 1, 0),)


def instance_findings(instance: Instance, policies: Mapping[str, Policy]) -> Iterator[Finding]:
    """The findings of every program whose lane has a policy, each once."""
    seen = set()
    for reader in instance.readers:
        policy = policies.get(reader.lane)
        if policy is None or reader.level_only:
            continue
        for item in _Judge(policy, instance, reader).findings():
            if item not in seen:
                seen.add(item)
                yield item


def unknown_findings(facts: Mapping[str, t.Any]) -> Iterator[Finding]:
    """Instances that could not be asked, so that nothing is planned for them."""
    for item in facts["postfix"]:
        if not item.get("version"):
            reason = str(item.get("reason") or "the facts do not say why")
            yield finding("not-determined", where=str(item["config_directory"]), evidence=reason)


def impossible_findings(
    instance: Instance, impossible: Iterable[tuple[str, str]]
) -> Iterator[Finding]:
    """What stays as it is, because its default is known to the build only and another program needs another value."""
    for service, parameter in impossible:
        yield finding(
            "policy-not-expressible",
            where=f"{instance.config_directory} {service}",
            evidence=f"{parameter}: only the build of this Postfix knows its default",
            message=f"{parameter} stays as it is",
            remedy=f"Set {parameter} in main.cf to the value that 'postconf -d {parameter}' prints.",
        )


class _Judge:
    """One program under one policy."""

    def __init__(self, policy: Policy, instance: Instance, reader: Reader) -> None:
        self.policy, self.instance, self.reader = policy, instance, reader
        self.where = f"{instance.config_directory} {reader.service}"
        self.modes = reader.modes(wanted_level(reader))
        library = instance.library.protocols
        spelled = spell(policy.minimum, policy.maximum, instance.version, library=library)
        self.meaning = understand(spelled, instance.version, library=library)
        self.spelled = spelled
        known = [s for s in policy.ciphers or () if instance.library.has_suite(s)]
        self.suites = [s for s in known if any(s.minimum <= p <= s.maximum for p in self.allowed)]

    @property
    def allowed(self) -> frozenset[Protocol]:
        return self.meaning.protocols & self.policy.protocols

    @property
    def tls13(self) -> bool:
        return Protocol.TLSv1_3 in self.allowed

    def findings(self) -> Iterator[Finding]:
        if self.reader.level is None:
            yield self._finding(
                "not-determined", f"{self.reader.service}: its security level is not known"
            )
        elif (
            self.reader.inbound and self.reader.certificate_types == frozenset() and not self.modes
        ):
            yield self._finding("certificate-missing", "no certificate file is configured")
        if not self.modes or self.policy.defaults:
            return
        yield from self._protocols()
        yield from self._fit()
        yield from self._fallback()
        yield from self._inexpressible()

    def _finding(self, code: str, evidence: str, **texts: str) -> Finding:
        return finding(code, where=self.where, evidence=evidence, **texts)

    def _protocols(self) -> Iterator[Finding]:
        version = self.instance.version
        if not self.allowed:
            yield self._finding(
                "protocol-list-empty",
                f"{self.policy.name} asks for {_labels(self.policy.protocols)}; "
                f"{self.instance.library.text} and Postfix {version} leave {_labels(self.meaning.protocols)}",
            )
        extra = self.meaning.protocols - self.policy.protocols
        if extra:
            yield self._finding(
                "policy-not-expressible",
                f"'{self.spelled}' comes nearest",
                message=f"Postfix {version} cannot switch off {_labels(extra)}",
            )

    def _fit(self) -> Iterator[Finding]:
        policy, types = self.policy, self.reader.certificate_types
        known = policy.ciphers is not None
        restricted = known and any(chooses_ciphers(policy, mode) for mode in self.modes)
        if restricted and not self.suites and not self.tls13:
            evidence = f"{self.instance.library.text} has none of {policy.cipher_list}"
            yield self._finding("policy-unfit-library", evidence)
        if not self.reader.inbound or not types:
            return
        asked = policy.certificate.types
        fitting = [suite for suite in self.suites if _fits(suite, types)]
        installed = " and ".join(sorted(types)).upper()
        if asked and not types & set(asked):
            yield self._unfit(f"{policy.name} asks for {_any_of(asked)}; installed: {installed}")
        elif restricted and self.suites and not fitting and not self.tls13:
            needed = sorted({suite.authentication.lower() for suite in self.suites})
            yield self._unfit(
                f"the suites of {policy.name} need {_any_of(needed)}; installed: {installed}"
            )
        elif restricted and self.suites and not fitting and OPPORTUNISTIC in self.modes:
            evidence = f"without TLS 1.3 no suite of {policy.name} fits; installed: {installed}"
            yield self._finding("plaintext-fallback", evidence)
        bits, least = self.reader.rsa_bits, policy.certificate.rsa_bits
        if bits and least and bits < least:
            yield self._finding("key-weak", f"RSA with {bits} bits; {policy.name} asks for {least}")
        allowed = policy.certificate.curves
        for curve in self.reader.curves:
            if allowed and curve not in allowed:
                asks = f"{policy.name} asks for {' or '.join(allowed)}"
                yield self._finding("key-weak", f"an ECDSA key on {curve}; {asks}")

    def _unfit(self, evidence: str) -> Finding:
        return self._finding("policy-unfit-certificate", evidence)

    def _fallback(self) -> Iterator[Finding]:
        if OPPORTUNISTIC not in self.modes:
            return
        if Protocol.TLSv1_2 not in self.policy.protocols:
            yield self._finding("plaintext-fallback", f"{self.policy.name} does not allow TLSv1.2")
        elif self.policy.advice and self.policy.opportunistic_ciphers:
            yield self._finding("plaintext-fallback", f"{self.policy.source}: {self.policy.advice}")

    def _inexpressible(self) -> Iterator[Finding]:
        for message, evidence in (
            *self._suites13(),
            *self._groups(),
            *self._order(),
            *self._prime(),
        ):
            yield self._finding("policy-not-expressible", evidence, message=message)

    def _suites13(self) -> Iterator[tuple[str, str]]:
        rule, offered = self.policy.ciphersuites, self.reader.offered
        if rule is None or not offered or not self.tls13:
            return
        extra = [name for name in offered if name not in {suite.name for suite in rule}]
        if extra:
            yield (
                f"No parameter of Postfix takes away {', '.join(extra)}",
                "the suites of TLS 1.3 are those of the library; tls_config_file reaches them where it exists",
            )

    def _groups(self) -> Iterator[tuple[str, str]]:
        groups = self.policy.groups
        if groups is None:
            return
        version = self.instance.version
        if not exists("tls_eecdh_auto_curves", version):
            yield (
                f"Postfix {version} has no list of groups",
                "smtpd_tls_eecdh_grade chooses one curve",
            )
            return
        names = {self.instance.library.group_name(group) for group in groups}
        if not names & set(group_list(self.policy, self.instance)):
            yield f"{self.instance.library.text} has none of the groups", ", ".join(groups)

    def _order(self) -> Iterator[tuple[str, str]]:
        missing = not exists("tls_preempt_cipherlist", self.instance.version)
        if self.reader.inbound and self.policy.preference == "server" and missing:
            yield "The client chooses the suite", "tls_preempt_cipherlist came with Postfix 2.8"

    def _prime(self) -> Iterator[tuple[str, str]]:
        finite = any(suite.key_exchange == "DHE" for suite in self.suites)
        own = self.reader.values.get(self.reader.own("smtpd_tls_dh1024_param_file"))
        if (
            finite
            and self.reader.inbound
            and not own
            and not reached(self.instance.version, _BIG_PRIME)
        ):
            yield (
                "DHE suites use a prime of 1024 bits, some clients refuse it",
                "smtpd_tls_dh1024_param_file is empty: 'openssl dhparam 2048' makes a file for it",
            )


def _fits(suite: Suite, types: frozenset[str]) -> bool:
    return bool(_AUTHENTICATES.get(suite.authentication, frozenset()) & types)


def _labels(protocols: Iterable[Protocol]) -> str:
    return ", ".join(protocol.label for protocol in sorted(protocols)) or "nothing"


def _any_of(types: Iterable[str]) -> str:
    return "a certificate with " + " or ".join(word.upper() for word in types)


__all__ = ["impossible_findings", "instance_findings", "unknown_findings"]
