# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller half of mta_tls_facts: describes the certificates that the module found on the host.

Ansible loads this file before it forks for a host, so what every host needs is loaded here once, not once a host.
"""

from __future__ import annotations

import json
import typing as t
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from ansible_collections.postmaster.tls.plugins.module_utils import _facts_task
from ansible_collections.postmaster.tls.plugins.module_utils._errors import PostmasterTlsError
from ansible_collections.postmaster.tls.plugins.plugin_utils._certificates import UNKNOWN, describe
from ansible_collections.postmaster.tls.plugins.plugin_utils._chain_building import TrustStore
from ansible_collections.postmaster.tls.plugins.plugin_utils._cryptography import (
    require_cryptography,
)
from ansible_collections.postmaster.tls.plugins.plugin_utils._direct_action import DirectAction
from ansible_collections.postmaster.tls.plugins.plugin_utils._payload import Payload
from ansible_collections.postmaster.tls.plugins.plugin_utils._quiet import refuse_keys, without_keys

#: Compares facts with TLSA records: facts, the material of their certificates, and the time, to facts.
Comparison = Callable[
    [dict[str, t.Any], t.Sequence[t.Mapping[str, t.Any]], datetime], dict[str, t.Any]
]
LOOKUP: t.Final = ("domain", "resolver", "trust_resolver", "validate", "trust_anchor")


def with_certificates(
    facts: dict[str, t.Any],
    material: t.Sequence[t.Mapping[str, t.Any]],
    *,
    now: datetime,
    trust: TrustStore | None = None,
) -> dict[str, t.Any]:
    """The facts with every certificate described; findings about certificates stand there and in the list of all."""
    certificates, found = [], list(facts.get("findings", ()))
    for entry, raw in zip(facts.get("certificates", ()), material, strict=True):
        described: dict[str, t.Any] = {**UNKNOWN, "chain": [], "chain_complete": None}
        if raw["chain"]:
            described = describe(raw["chain"], now=now, names=raw["names"], trust=trust)
        findings = [{**one, "where": entry["file"]} for one in described.get("findings", ())]
        certificates.append({**described, **entry, "findings": [*entry["findings"], *findings]})
        found += findings
    return {**facts, "certificates": certificates, "findings": found}


def with_hellos_of_senders(arguments: Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The arguments of the module; senders to explain come with their hellos. Raises InvalidInput for an unknown one."""
    if "why" not in arguments:
        return dict(arguments)
    from ansible_collections.postmaster.tls.plugins.plugin_utils._sender_calls import (  # noqa: PLC0415 - seldom asked for
        with_hellos,
    )

    return {**arguments, "why": with_hellos(arguments["why"])}


def with_senders(
    facts: dict[str, t.Any], why: object, heard: t.Sequence[t.Mapping[str, t.Any]]
) -> dict[str, t.Any]:
    """The facts with an answer for each sender that C(why) has, behind the answers for suites."""
    entries = why if isinstance(why, list) else []
    names = [entry["sender"] for entry in entries if isinstance(entry, Mapping)]
    if not names:
        return facts
    from ansible_collections.postmaster.tls.plugins.plugin_utils._sender_why import (  # noqa: PLC0415 - seldom asked for
        sender_answers,
    )

    return {**facts, "why": [*facts.get("why", ()), *sender_answers(names, heard)]}


def without_dane(
    arguments: Mapping[str, t.Any],
) -> tuple[dict[str, t.Any], Comparison | None]:
    """The arguments of the module, and how to compare its certificates with TLSA records. Raises PostmasterTlsError."""
    own = {name: value for name, value in arguments.items() if name not in ("dane", *LOOKUP)}
    if not arguments.get("dane"):
        return own, None
    from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._on_disk import (  # noqa: PLC0415 - seldom asked for
        comparison,
    )

    return own, comparison(arguments)


def without_secrets(arguments: Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The arguments without what facts are not made of: private keys among the saved files, and entries of the access map
    that are not about TLS, such as passwords. Raises InvalidInput for a private key anywhere else.
    """
    own = dict(arguments)
    if isinstance(own.get("saved"), Mapping):
        own["saved"] = saved = without_keys(own["saved"])
        if isinstance(saved.get("access"), str):
            from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._access import (  # noqa: PLC0415 - seldom there
                parse_access,
            )

            lines = saved["access"].splitlines(keepends=True)
            saved["access"] = "".join(line for line in lines if parse_access(line))
    refuse_keys(own, remedy="facts are made without any, so take it out")
    return own


class ActionModule(DirectAction):
    payload = Payload.of(_facts_task)

    @staticmethod
    def unlogged(arguments: Mapping[str, t.Any]) -> Collection[str]:
        """The configuration of a host, which may have passwords of maps in it."""
        return ("saved",) if arguments.get("saved") else ()

    def run(
        self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None
    ) -> dict[str, t.Any]:
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        try:
            require_cryptography()
            asked = without_secrets(with_hellos_of_senders(self._task.args))
            arguments, comparison = without_dane(asked)
        except PostmasterTlsError as error:
            return {**result, "failed": True, "msg": str(error)}
        with ThreadPoolExecutor(max_workers=1) as aside:
            roots = aside.submit(TrustStore.system)
            result.update(self._execute_module(module_args=arguments, task_vars=task_vars))
        found = result.pop("found", None)
        if found is None:
            return result
        facts, material, heard = json.loads(found)
        facts = with_senders(facts, arguments.get("why"), heard)
        now = datetime.now(UTC)
        if "certificates" in facts:
            try:
                trust = roots.result()
            except PostmasterTlsError as error:
                return {**result, "failed": True, "msg": str(error)}
            facts = with_certificates(facts, material, now=now, trust=trust)
            facts = comparison(facts, material, now) if comparison else facts
        result["ansible_facts"] = {"mta_tls": facts}
        return result
