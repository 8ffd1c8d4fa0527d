# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller half of starttls_probe: understands the served certificates and compares with a policy."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase
from ansible_collections.postmaster.tls.plugins.module_utils._errors import (
    InvalidInput,
    PostmasterTlsError,
)
from ansible_collections.postmaster.tls.plugins.module_utils._findings import finding
from ansible_collections.postmaster.tls.plugins.module_utils._probe._report import where
from ansible_collections.postmaster.tls.plugins.module_utils._probe._summary import summary
from ansible_collections.postmaster.tls.plugins.module_utils._probe._target import is_address
from ansible_collections.postmaster.tls.plugins.module_utils._tls._suites import Suite
from ansible_collections.postmaster.tls.plugins.plugin_utils._certificate_names import covers
from ansible_collections.postmaster.tls.plugins.plugin_utils._certificates import describe
from ansible_collections.postmaster.tls.plugins.plugin_utils._chain_building import (
    TrustStore,
    Verification,
    load_certificate,
    verify,
)
from ansible_collections.postmaster.tls.plugins.plugin_utils._cryptography import (
    require_cryptography,
)
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._options import (
    NAMES,
    Lookup,
    lookup_of,
)
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._probed import Surveys
from ansible_collections.postmaster.tls.plugins.plugin_utils._policy import Policy, load_policy
from ansible_collections.postmaster.tls.plugins.plugin_utils._staples import Staple, staple_of
from ansible_collections.postmaster.tls.plugins.plugin_utils._violations import (
    Violation,
    violations,
)

Data = dict[str, t.Any]
_OURS: t.Final = ("policy", "ca_file", "expiring_days", *NAMES)


@dataclass(frozen=True)
class Limits:
    """What the task asks of certificates: how long before their end they count as expiring, and whether by roots of its own."""

    expiring: timedelta | None = None
    given_roots: bool = False


def understood(
    result: Mapping[str, t.Any],
    *,
    name: str,
    trust: TrustStore | None,
    policy: Policy | None,
    now: datetime,
    limits: Limits = Limits(),
) -> Data:
    """The module's result with its raw chains described, verified and matched with ``name``, and the violations."""
    place = where(result["host"], result["port"])
    staples = result.get("_staples") or ()
    understand = partial(
        _certificate, staples=staples, name=name, trust=trust, now=now, limits=limits
    )
    certificates = [{"sni": result.get("sni"), **understand(one)} for one in result["_chains"]]
    nameless = result.get("_nameless_chains") or ()
    certificates += [{"sni": None, **_without_sni(understand(one))} for one in nameless]
    found = [
        {**one, "where": place} for certificate in certificates for one in certificate["findings"]
    ]
    complete: Data = {key: value for key, value in result.items() if not key.startswith("_")}
    complete["certificates"] = certificates
    complete["findings"] = [*result["findings"], *found]
    if policy is not None:
        asked = complete["handshake"] is not None
        complete["violations"] = _violations(policy, complete) if asked else None
        if complete["violations"]:
            if complete.get("policy"):
                complete["policy"] = {**complete["policy"], "compliant": False}
            evidence = "; ".join(violation["message"] for violation in complete["violations"])
            excess = finding("policy-violation", where=place, evidence=evidence)
            complete["findings"].append(excess.as_dict())
    return complete


def _violations(policy: Policy, complete: Data) -> list[Violation]:
    """Those that the module has evidence for by the check of that name, and those that the whole scan shows."""
    shown = [*(complete.get("violations") or ()), *violations(policy, complete)]
    kept: dict[tuple[t.Any, ...], Violation] = {}
    for one in shown:
        protocol = None if one["kind"] == "group" else one["protocol"]
        kept.setdefault((protocol, one["kind"], one["name"]), one)
    return list(kept.values())


def _certificate(
    chain: list[str],
    *,
    staples: Sequence[str],
    name: str,
    trust: TrustStore | None,
    now: datetime,
    limits: Limits,
) -> Data:
    names = [] if is_address(name) else [name]
    entry = describe(chain, now=now, names=names, trust=trust, expiring=limits.expiring)
    staple = None
    try:
        certificates = [load_certificate(pem) for pem in chain or ("",)]
        checked = verify(certificates, trust, now=now)
        matches = _name_matches(certificates[0], name)
        staple = staple_of(certificates, staples, now=now)
    except ValueError as error:
        checked, matches = Verification(None, f"a certificate cannot be read: {error}"), None
    return {
        **entry,
        "name_matches": matches,
        "verified": checked.verified,
        "verify_reason": checked.reason,
        "ocsp_staple": staple,
        "findings": [
            *entry["findings"],
            *_of_trust(checked, limits),
            *_of_staple(staple),
        ],
    }


def _without_sni(certificate: Data) -> Data:
    """Few senders send no name and look at the certificate all the same: what is wrong with it says whom it is shown."""
    findings = [
        {**one, "evidence": f"{one['evidence']} (what clients without SNI get)"}
        for one in certificate["findings"]
    ]
    return {**certificate, "findings": findings}


def _of_trust(checked: Verification, limits: Limits) -> list[Data]:
    """By the roots of the controller nobody can tell what senders trust; by those that were given for it, one can."""
    if checked.verified is not False or not limits.given_roots:
        return []
    evidence = checked.reason or "no path to a trusted root"
    return [finding("certificate-untrusted", where="", evidence=evidence).as_dict()]


def _of_staple(staple: Staple | None) -> list[Data]:
    if staple is None:
        return []
    if staple["status"] == "revoked" and staple["verified"] is not False:
        evidence = f"revoked at {staple['revoked_at']}"
        evidence += f", reason {staple['reason']}" if staple["reason"] else ""
        return [finding("certificate-revoked", where="", evidence=evidence).as_dict()]
    if staple["verified"] is False:
        evidence = f"{staple['status']}, and its signature is not that of the issuer"
    elif staple["status"] == "unreadable":
        evidence = f"unreadable: {staple['reason']}"
    elif staple["status"] != "good":
        evidence = f"{staple['status']}, next update {staple['next_update']}"
    else:
        return []
    return [finding("staple-unusable", where="", evidence=evidence).as_dict()]


def _name_matches(certificate: t.Any, name: str) -> bool | None:
    """For an address, only a certificate that names it says anything: senders look for the MX name."""
    matches = covers(certificate, name)
    return True if matches else None if is_address(name) else False


@dataclass(frozen=True)
class Reading:
    """How the result of one target is understood.

    ``finder`` are the name servers that know its addresses, where the task names some, and ``every`` asks for each of these.
    """

    name: str
    trust: TrustStore | None
    policy: Policy | None
    lookup: Lookup | None = None
    domain: str | None = None
    limits: Limits = Limits()
    finder: Lookup | None = None
    every: bool = False


class Readings:
    """Takes from the arguments what only the controller can use, once for each policy and file that they name."""

    def __init__(self) -> None:
        self._policies: dict[str, Policy] = {}
        self._stores: dict[str, TrustStore] = {}

    def split(self, arguments: Data) -> tuple[Data, list[Reading]]:
        """The arguments of the module, and a reading for each target. Raises PostmasterTlsError."""
        targets = arguments.get("targets")
        if isinstance(targets, str):
            targets = [word.strip() for word in targets.split(",")]
        if not isinstance(targets, Sequence):
            own, reading = self._one(arguments, {})
            return own, [reading]
        readings, elements = [], []
        for number, element in enumerate(targets, 1):
            options = element if isinstance(element, Mapping) else {"host": element}
            try:
                own, reading = self._one(options, arguments)
            except PostmasterTlsError as error:
                place = f"Target {number} of {len(targets)} ({options.get('host')})"
                raise InvalidInput(f"{place}: {error}") from None
            elements.append(own if isinstance(element, Mapping) else element)
            readings.append(reading)
        return {**self._one(arguments, {})[0], "targets": elements}, readings

    def _one(
        self, options: Mapping[str, t.Any], defaults: Mapping[str, t.Any]
    ) -> tuple[Data, Reading]:
        merged = {**defaults, **options}
        policy, ca_file = merged.get("policy"), merged.get("ca_file")
        name = str(merged.get("sni") or merged.get("host") or "")
        own = {key: value for key, value in options.items() if key not in _OURS}
        checks, dane = without_dane(own.get("checks", merged.get("checks")))
        if dane:
            own["checks"] = checks
        rule = self._policy(policy) if policy else None
        if rule is not None and "policy" in (merged.get("checks") or ()):
            own["policy"] = plain(rule)
        finding = merged.get("resolver") and merged.get("address") is None
        lookup = lookup_of(merged) if dane or finding else None
        return own, Reading(
            name,
            self._store(str(ca_file)) if ca_file else None,
            rule,
            lookup if dane else None,
            merged.get("domain"),
            Limits(_expiring(merged.get("expiring_days")), bool(ca_file)),
            lookup if finding else None,
            boolean(merged.get("every_address") or False, strict=False),
        )

    def _store(self, path: str) -> TrustStore:
        if path not in self._stores:
            self._stores[path] = TrustStore.load(path)
        return self._stores[path]

    def _policy(self, wanted: t.Any) -> Policy:
        key = repr(wanted)
        if key not in self._policies:
            self._policies[key] = load_policy(wanted)
        return self._policies[key]


def addressed(arguments: Data, readings: Sequence[Reading], surveys: Surveys) -> Data:
    """The arguments with the addresses of each host by the name servers that the task names."""
    targets = arguments.get("targets")
    if not isinstance(targets, list):
        return {**arguments, **_address(arguments, readings[0], surveys)}
    elements = []
    for element, reading in zip(targets, readings, strict=True):
        options = element if isinstance(element, Mapping) else {"host": element}
        found = _address({**arguments, **options}, reading, surveys)
        elements.append({**options, **found} if found else element)
    return {**arguments, "targets": elements}


def _address(options: Data, reading: Reading, surveys: Surveys) -> Data:
    if reading.finder is None:
        return {}
    port = str(options.get("port"))
    asked = surveys.to_ask(
        str(options.get("host")),
        int(port) if port.isdecimal() else 25,
        reading.finder,
        domain=reading.domain,
    )
    return {} if asked is None else {"address": list(asked.addresses)}


def _expiring(days: t.Any) -> timedelta | None:
    if days is None:
        return None
    try:
        found = int(days)
    except (TypeError, ValueError):
        found = -1
    if not 0 <= found <= 3650:
        raise InvalidInput(f"expiring_days is {days!r}, and has to be a number of days up to 3650.")
    return timedelta(days=found)


def without_dane(checks: t.Any) -> tuple[t.Any, bool]:
    """The checks that the module makes for these, and whether the check dane is among them, which needs certificates."""
    listed = checks.split(",") if isinstance(checks, str) else checks
    words = [str(one).strip() for one in listed or ()] if isinstance(listed, Sequence) else []
    if "dane" not in words:
        return checks, False
    others = (one for one in words if one != "dane")
    return list(dict.fromkeys((*others, "handshake", "certificates"))), True


def plain(policy: Policy) -> Data:
    """What the module needs to know of a policy in order to offer only what it forbids."""
    return {
        "name": policy.name,
        "protocols": [protocol.label for protocol in sorted(policy.protocols)],
        "ciphers": _names(policy.ciphers),
        "ciphersuites": _names(policy.ciphersuites),
        "groups": None if policy.groups is None else list(policy.groups),
    }


def _names(suites: tuple[Suite, ...] | None) -> list[str] | None:
    return None if suites is None else [suite.name for suite in suites]


class ActionModule(ActionBase):
    _supports_check_mode = True

    def run(
        self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None
    ) -> dict[str, t.Any]:
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        try:
            require_cryptography()
            arguments, readings = Readings().split(dict(self._task.args))
        except PostmasterTlsError as error:
            return {**result, "failed": True, "msg": str(error)}
        now = datetime.now(UTC)
        surveys = Surveys(now)
        arguments = addressed(arguments, readings, surveys)
        result.update(self._execute_module(module_args=arguments, task_vars=task_vars))
        return all_understood(result, readings, surveys=surveys, now=now)


def all_understood(
    result: Data, readings: Sequence[Reading], *, now: datetime, surveys: Surveys | None = None
) -> Data:
    """The module's result, of one target or of many, with all that can be understood on the controller."""
    if "results" not in result and "_chains" not in result:
        return result
    system = TrustStore.system()
    known = surveys or Surveys(now)

    def read(raw: Mapping[str, t.Any], reading: Reading, *, first: bool = True) -> Data:
        complete = understood(
            raw,
            name=reading.name,
            trust=reading.trust or system,
            policy=reading.policy,
            now=now,
            limits=reading.limits,
        )
        if reading.finder is not None:
            complete = known.resolved(
                complete, reading.finder, domain=reading.domain, left_out=reading.every and first
            )
        if reading.lookup is None:
            return complete
        dane, found = known.brief(raw, reading.lookup, domain=reading.domain)
        return {**complete, "dane": dane, "findings": [*complete["findings"], *found]}

    if "_chains" in result:
        return read(result, readings[0])
    results: list[Data] = []
    begun: set[int] = set()
    for raw in result["results"]:
        position = raw["_position"]
        bare = {key: value for key, value in raw.items() if key != "_position"}
        results.append(read(bare, readings[position], first=position not in begun))
        begun.add(position)
    return {**result, "results": results, "summary": summary(results)}
