# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller half of starttls_probe: understands the served certificates and compares with a policy."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping
from datetime import UTC, datetime

from ansible.plugins.action import ActionBase
from ansible_collections.postmaster.tls.plugins.module_utils._errors import PostmasterTlsError
from ansible_collections.postmaster.tls.plugins.module_utils._findings import finding
from ansible_collections.postmaster.tls.plugins.module_utils._probe._report import where
from ansible_collections.postmaster.tls.plugins.module_utils._probe._target import is_address
from ansible_collections.postmaster.tls.plugins.plugin_utils._certificate_names import covers
from ansible_collections.postmaster.tls.plugins.plugin_utils._certificates import describe
from ansible_collections.postmaster.tls.plugins.plugin_utils._chain_building import (
    TrustStore,
    Verification,
    load,
    verify,
)
from ansible_collections.postmaster.tls.plugins.plugin_utils._cryptography import (
    require_cryptography,
)
from ansible_collections.postmaster.tls.plugins.plugin_utils._policy import Policy
from ansible_collections.postmaster.tls.plugins.plugin_utils._policy import load as load_policy
from ansible_collections.postmaster.tls.plugins.plugin_utils._violations import violations

Data = dict[str, t.Any]


def understood(
    result: Mapping[str, t.Any],
    *,
    name: str,
    trust: TrustStore | None,
    policy: Policy | None,
    now: datetime,
) -> Data:
    """The module's result with its raw chains described, verified and matched with ``name``, and the violations."""
    place = where(result["host"], result["port"])
    certificates = [
        _certificate(chain, name=name, trust=trust, now=now) for chain in result["_chains"]
    ]
    found = [
        {**one, "where": place} for certificate in certificates for one in certificate["findings"]
    ]
    complete: Data = {key: value for key, value in result.items() if key != "_chains"}
    complete["certificates"] = certificates
    complete["findings"] = [*result["findings"], *found]
    if policy is not None:
        complete["violations"] = violations(policy, complete)
        if complete["violations"]:
            evidence = "; ".join(violation["message"] for violation in complete["violations"])
            excess = finding("policy-violation", where=place, evidence=evidence)
            complete["findings"].append(excess.as_dict())
    return complete


def _certificate(chain: list[str], *, name: str, trust: TrustStore | None, now: datetime) -> Data:
    names = [] if is_address(name) else [name]
    entry = describe(chain, now=now, names=names, trust=trust)
    try:
        certificates = [load(pem) for pem in chain]
        checked = verify(certificates, trust, now=now)
        matches = _name_matches(certificates[0], name)
    except ValueError as error:
        checked, matches = Verification(None, f"a certificate cannot be read: {error}"), None
    return {
        **entry,
        "name_matches": matches,
        "verified": checked.verified,
        "verify_reason": checked.reason,
    }


def _name_matches(certificate: t.Any, name: str) -> bool | None:
    """For an address, only a certificate that names it says anything: senders look for the MX name."""
    matches = covers(certificate, name)
    return True if matches else None if is_address(name) else False


class ActionModule(ActionBase):
    _supports_check_mode = True

    def run(
        self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None
    ) -> dict[str, t.Any]:
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        arguments = dict(self._task.args)
        try:
            require_cryptography()
            policy = arguments.pop("policy", None)
            wanted = load_policy(policy) if policy else None
            ca_file = arguments.pop("ca_file", None)
            trust = TrustStore.load(str(ca_file)) if ca_file else None
        except PostmasterTlsError as error:
            return {**result, "failed": True, "msg": str(error)}
        result.update(self._execute_module(module_args=arguments, task_vars=task_vars))
        if "_chains" not in result:
            return result
        trust = trust or TrustStore.system()
        name = str(arguments.get("sni") or arguments["host"])
        return understood(result, name=name, trust=trust, policy=wanted, now=datetime.now(UTC))
