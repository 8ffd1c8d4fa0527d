# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""What a probed server accepts that a policy does not allow: a set difference, protocol by protocol."""

from __future__ import annotations

import typing as t
from collections.abc import Iterator, Mapping

from ansible_collections.postmaster.tls.plugins.module_utils._probe._survey_parts import violation
from ansible_collections.postmaster.tls.plugins.module_utils._tls._suites import Suite
from ansible_collections.postmaster.tls.plugins.plugin_utils._policy import Policy

_KEY_TYPES: t.Final = {"ec": "ecdsa", "ecc": "ecdsa", "eckey": "ecdsa", "id-ecpublickey": "ecdsa"}

Violation = dict[str, t.Any]


def key_type(certificate: Mapping[str, t.Any]) -> str | None:
    """rsa, ecdsa, ed25519, … of a described certificate; None if it is not known."""
    word = str(certificate.get("key_type") or "").lower()
    return _KEY_TYPES.get(word, word) or None


def violations(policy: Policy, result: Mapping[str, t.Any]) -> list[Violation]:
    """``[{protocol, kind, name, message}]``; kind is protocol, cipher, group or certificate.

    ``result`` is one of ``starttls_probe``. What is null or missing in it was not determined: never a violation, so that
    an empty list says only that nothing was seen that is too much.
    """
    return [
        *_protocols(policy, result),
        *_ciphers(policy, result),
        *_groups(policy, result),
        *_certificates(policy, result),
    ]


def _accepted(result: Mapping[str, t.Any], key: str) -> Iterator[str]:
    for item in result.get(key) or ():
        if item.get("accepted") is True:
            yield item["name"]


def _protocols(policy: Policy, result: Mapping[str, t.Any]) -> Iterator[Violation]:
    allowed = {protocol.label for protocol in policy.protocols}
    for name in _accepted(result, "protocols"):
        if name not in allowed:
            yield violation(policy.name, "protocol", name, name)


def _ciphers(policy: Policy, result: Mapping[str, t.Any]) -> Iterator[Violation]:
    for protocol, suites in (result.get("ciphers") or {}).items():
        rule = policy.ciphersuites if protocol == "TLSv1.3" else policy.ciphers
        if rule is None:
            continue
        codes = _codes(rule)
        for suite in suites or ():
            if int(str(suite["code"]), 16) not in codes:
                yield violation(policy.name, "cipher", suite["name"], protocol)


def _codes(suites: tuple[Suite, ...]) -> set[int]:
    return {suite.code for suite in suites}


def _groups(policy: Policy, result: Mapping[str, t.Any]) -> Iterator[Violation]:
    if policy.groups is None:
        return
    for name in _accepted(result, "groups"):
        if name not in policy.groups:
            yield violation(policy.name, "group", name, None)


def _certificates(policy: Policy, result: Mapping[str, t.Any]) -> Iterator[Violation]:
    rule = policy.certificate
    for certificate in result.get("certificates") or ():
        kind, bits = key_type(certificate), certificate.get("key_bits")
        if kind and rule.types and kind not in rule.types:
            message = f"an {kind.upper()} certificate is served, {policy.name} asks for {' or '.join(rule.types)}"
            yield _of_certificate(kind, message)
        elif kind == "rsa" and bits and rule.rsa_bits and bits < rule.rsa_bits:
            message = f"an RSA key of {bits} bits is served, {policy.name} asks for {rule.rsa_bits}"
            yield _of_certificate(f"rsa {bits}", message)
        curve = certificate.get("key_curve")
        if curve and rule.curves and curve not in rule.curves:
            message = f"an ECDSA key on {curve} is served, {policy.name} asks for {' or '.join(rule.curves)}"
            yield _of_certificate(f"ecdsa {curve}", message)


def _of_certificate(name: str, message: str) -> Violation:
    return {"protocol": None, "kind": "certificate", "name": name, "message": message}


__all__ = ["Violation", "key_type", "violations"]
