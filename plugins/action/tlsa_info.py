# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Compares the TLSA records of a mail server with its certificates, on the controller."""

from __future__ import annotations

import typing as t
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from ansible.plugins.action import ActionBase
from ansible_collections.postmaster.tls.plugins.module_utils._errors import (
    InvalidInput,
    PostmasterTlsError,
)
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._reading import read_file
from ansible_collections.postmaster.tls.plugins.plugin_utils._cryptography import (
    require_cryptography,
)
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._addresses import (
    leading_back,
    to_ask,
)
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._chains import (
    Chain,
    chain_in,
    chain_of,
    public_key_in,
)
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._options import lookup_of
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._outcome import Coming, whole
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._state import Published
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._survey import Survey, survey

Data = dict[str, t.Any]
_SPEC: t.Final[Data] = {
    "name": {"type": "str", "required": True},
    "port": {"type": "int", "default": 25},
    "certificate": {"type": "str"},
    "certificate_path": {"type": "path"},
    "next_certificate": {"type": "str"},
    "next_public_key": {"type": "str"},
    "addresses": {"type": "list", "elements": "str", "default": []},
    "tls_mode": {"type": "str", "choices": ["starttls", "implicit"], "default": "starttls"},
    "timeout": {"type": "float", "default": 60},
    "published_at": {"type": "str"},
    "previous_ttl": {"type": "int"},
    "domain": {"type": "str"},
    "resolver": {"type": "list", "elements": "str"},
    "trust_resolver": {"type": "bool", "default": False},
    "validate": {"type": "str", "choices": ["resolver", "self"], "default": "resolver"},
    "trust_anchor": {"type": "path"},
}


@dataclass(frozen=True)
class Seen:
    """The chains of a server, and of each address without one why there is none; ``findings`` are about whom was asked."""

    chains: tuple[Chain, ...]
    unseen: tuple[str, ...] = ()
    findings: tuple[dict[str, str], ...] = ()


def given(options: Mapping[str, t.Any]) -> Seen | None:
    """The chain that the options hold or point to, None where the server is to be asked. Raises InvalidInput."""
    if options["certificate"]:
        return Seen((chain_in(options["certificate"], "certificate"),))
    path = options["certificate_path"]
    if not path:
        return None
    try:
        content = read_file(path, encoding="ascii")
    except OSError as error:
        raise InvalidInput(
            f"certificate_path {path} cannot be read ({error.strerror}): give a PEM file on the controller."
        ) from error
    return Seen((chain_in(content, path),))


def coming(options: Mapping[str, t.Any]) -> Coming | None:
    """The next certificate or key. Raises InvalidInput."""
    if options["next_certificate"]:
        return Coming(chain=chain_in(options["next_certificate"], "next_certificate"))
    if options["next_public_key"]:
        return Coming(key=public_key_in(options["next_public_key"], "next_public_key"))
    return None


def published(options: Mapping[str, t.Any]) -> Published | None:
    """Since when the records are there. Raises InvalidInput."""
    text = options["published_at"]
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInput(
            f"published_at is {text!r}, and has to be a time as 2026-11-22T04:00:00Z."
        ) from None
    return Published(at if at.tzinfo else at.replace(tzinfo=UTC), options["previous_ttl"])


def targets(options: Mapping[str, t.Any], found: Survey) -> list[Data]:
    """What to ask the probe: every address, by the name that a validating sender asks for (RFC 7672 section 8.1).

    Where the DNS has none at all, the machine that probes may know the name by itself, unless the task says whose word counts.
    """
    shared = {
        "host": options["name"].rstrip("."),
        "sni": found.base,
        "port": options["port"],
        "tls_mode": options["tls_mode"],
        "timeout": options["timeout"],
        "checks": ["handshake", "certificates"],
    }
    if _left_to_the_probe(options, found):
        return [{**shared, "every_address": True}]
    addresses = options["addresses"] or to_ask(found).addresses
    return [{**shared, "address": address} for address in addresses]


def unasked(options: Mapping[str, t.Any], found: Survey) -> tuple[str, ...]:
    """Why addresses are not asked."""
    left = options["addresses"] or _left_to_the_probe(options, found)
    return () if left else to_ask(found).unasked


def _left_to_the_probe(options: Mapping[str, t.Any], found: Survey) -> bool:
    return bool(found.nowhere and not (options["addresses"] or options["resolver"]))


def served(
    results: Sequence[Mapping[str, t.Any]], unasked: Sequence[str] = (), *, named: bool = False
) -> Seen:
    """The chains of the probe's results; ``unasked`` says why it was not asked about others, ``named`` that the task has the addresses."""
    chains, unseen, findings = [], [*unasked], []
    for result in results:
        address = str(result["address"] or result["host"])
        shown = f"[{address}]" if ":" in address else address
        place = f"{shown}:{result['port']}"
        if not named:
            findings += leading_back(result)
        chains += [chain_of(pems, place) for pems in result["_chains"]]
        if not result["_chains"]:
            unseen.append(f"{place} showed no certificate: {_why(result)}")
        elif open_question := _open_question(result):
            unseen.append(f"{place} may have another certificate: {open_question}")
    return Seen(tuple(chains), tuple(unseen), tuple(findings))


def _open_question(result: Mapping[str, t.Any]) -> str | None:
    """What the probe asked about certificates and got no answer to."""
    doubts = (one for one in result["findings"] if one["code"] == "not-determined")
    return next((str(one["evidence"]) for one in doubts), None)


def _why(result: Mapping[str, t.Any]) -> str:
    handshake = result.get("handshake") or {}
    words: Iterator[t.Any] = iter((result.get("message"), handshake.get("reason")))
    return str(next((one for one in words if one), "nothing was answered"))


class ActionModule(ActionBase):
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: Data | None = None) -> Data:
        result: Data = super().run(tmp, task_vars)
        now = datetime.now(UTC)
        try:
            options = self._options()
            require_cryptography()
            seen, following, since = given(options), coming(options), published(options)
            look = lookup_of(options).begun(now=now)
            found = survey(look, options["name"], options["port"], domain=options["domain"])
            if seen is None:
                wanted = targets(options, found)
                probed = self._probed(wanted, task_vars) if wanted else {"results": []}
                if "results" not in probed:
                    return {**result, **probed}
                seen = served(
                    probed["results"], unasked(options, found), named=bool(options["addresses"])
                )
            told = whole(
                found,
                seen.chains,
                now=now,
                unseen=seen.unseen,
                coming=following,
                published=since,
            )
        except PostmasterTlsError as error:
            return {**result, "failed": True, "msg": str(error)}
        return {
            **result,
            "changed": False,
            "name": options["name"],
            "port": options["port"],
            **told,
            "findings": [*told["findings"], *seen.findings],
        }

    def _options(self) -> Data:
        checked: Data = ActionBase.validate_argument_spec(
            self,
            argument_spec=_SPEC,
            mutually_exclusive=[
                ("certificate", "certificate_path"),
                ("next_certificate", "next_public_key"),
            ],
        )[1]
        return checked

    def _probed(self, wanted: list[Data], task_vars: Data | None) -> Data:
        """The raw results of the probe, which runs where the task does."""
        probed: Data = self._execute_module(
            module_name="postmaster.tls.starttls_probe",
            module_args={"targets": wanted},
            task_vars=task_vars,
        )
        return probed
