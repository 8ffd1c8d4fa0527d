# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""TLS policies: dated data with a source, by name from the files beside this one, or from the user's dictionary."""

from __future__ import annotations

import functools
import typing as t
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ansible.module_utils.common.yaml import yaml_load
from ansible_collections.postmaster.tls.plugins.module_utils._errors import InvalidInput
from ansible_collections.postmaster.tls.plugins.module_utils._tls._groups import (
    NAMES as GROUP_NAMES,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol
from ansible_collections.postmaster.tls.plugins.module_utils._tls._suites import Suite, by_name

_DIRECTORY: t.Final = Path(__file__).parent / "_policies"
_KEY_TYPES: t.Final = ("rsa", "ecdsa", "ed25519", "ed448")
_KEYS: t.Final = (
    "name",
    "short_name",
    "title",
    "date",
    "source",
    "defaults",
    "opportunistic",
    "protocols",
    "preference",
    "cipher_string",
    "ciphers",
    "ciphersuites",
    "groups",
    "certificate",
)


@dataclass(frozen=True)
class CertificateRule:
    """What a policy asks of certificates; no value: nothing is asked."""

    types: tuple[str, ...] = ()
    rsa_bits: int | None = None
    curves: tuple[str, ...] = ()


@dataclass(frozen=True)
class Policy:
    """One policy. ``None`` for ciphers, ciphersuites or groups: it says nothing of them.

    ``ciphers`` are suites of TLS 1.2 and older in order, ``ciphersuites`` those of TLS 1.3. ``cipher_string``, where
    given, is what is configured, and ``ciphers`` what OpenSSL makes of it. ``defaults``: the MTA's own defaults.
    ``opportunistic_ciphers`` is False where the source restricts suites only where TLS is mandatory.
    """

    name: str
    title: str
    date: str
    source: str
    protocols: frozenset[Protocol]
    ciphers: tuple[Suite, ...] | None = None
    cipher_string: str | None = None
    ciphersuites: tuple[Suite, ...] | None = None
    groups: tuple[str, ...] | None = None
    preference: str | None = None
    certificate: CertificateRule = CertificateRule()
    advice: str | None = None
    opportunistic_ciphers: bool = True
    defaults: bool = False

    @property
    def minimum(self) -> Protocol:
        return min(self.protocols)

    @property
    def maximum(self) -> Protocol | None:
        """The highest protocol, None where the policy has no ceiling."""
        newest = max(self.protocols)
        return None if newest == max(Protocol) else newest

    @property
    def cipher_list(self) -> str | None:
        """The value for OpenSSL, separated by colons; None where there is nothing to configure."""
        if self.cipher_string:
            return self.cipher_string
        return ":".join(suite.name for suite in self.ciphers) if self.ciphers else None


def _fail(policy: str, complaint: str) -> t.NoReturn:
    raise InvalidInput(f"Policy {policy}: {complaint}.")


def _text(policy: str, data: Mapping[str, t.Any], key: str, *, default: str | None = None) -> str:
    value = data.get(key, default)
    if not isinstance(value, str) or not value.strip():
        _fail(policy, f"{key} must be a text, not {value!r}")
    return value.strip()


def _words(policy: str, data: Mapping[str, t.Any], key: str) -> tuple[str, ...] | None:
    value = data.get(key)
    if value is None:
        return None
    if not isinstance(value, (list, tuple)) or not all(isinstance(word, str) for word in value):
        _fail(policy, f"{key} must be a list of names, or null")
    if len(set(value)) != len(value):
        _fail(policy, f"{key} has a name twice")
    return tuple(str(word) for word in value)


def _protocols(policy: str, data: Mapping[str, t.Any]) -> frozenset[Protocol]:
    labels = [protocol.label for protocol in Protocol]
    words = _words(policy, data, "protocols")
    if not words:
        _fail(policy, f"protocols must be a list of one or more of {', '.join(labels)}")
    for word in words:
        if word not in labels:
            _fail(policy, f"protocols: {word!r} is not one of {', '.join(labels)}")
    protocols = frozenset(Protocol.from_label(word) for word in words)
    gap = [p.label for p in Protocol if min(protocols) < p < max(protocols) and p not in protocols]
    if gap:
        _fail(
            policy,
            f"protocols leave a gap at {', '.join(gap)}: give all between lowest and highest",
        )
    return protocols


def _suites(policy: str, data: Mapping[str, t.Any], key: str) -> tuple[Suite, ...] | None:
    words = _words(policy, data, key)
    if words is None:
        return None
    suites = []
    for word in words:
        suite = by_name(word)
        if suite is None:
            _fail(policy, f"{key}: {word!r} is not a cipher suite: give names of OpenSSL or IANA")
        if (suite.minimum >= Protocol.TLSv1_3) is not (key == "ciphersuites"):
            other = "ciphers" if key == "ciphersuites" else "ciphersuites"
            _fail(policy, f"{key}: {word!r} belongs under {other}")
        suites.append(suite)
    return tuple(suites)


def _groups(policy: str, data: Mapping[str, t.Any]) -> tuple[str, ...] | None:
    words = _words(policy, data, "groups")
    if words == ():
        _fail(policy, "groups is empty: give at least one, or null")
    for word in words or ():
        if word not in GROUP_NAMES.values():
            _fail(
                policy,
                f"groups: {word!r} is not a name of IANA's registry, such as x25519 or secp256r1",
            )
    return words


def _certificate(policy: str, data: Mapping[str, t.Any]) -> CertificateRule:
    rule = data.get("certificate")
    if rule is None:
        return CertificateRule()
    if not isinstance(rule, Mapping) or set(rule) - {"types", "rsa_bits", "curves"}:
        _fail(policy, "certificate must be a dictionary of types, rsa_bits and curves")
    types = _words(policy, rule, "types") or ()
    for word in types:
        if word not in _KEY_TYPES:
            _fail(policy, f"certificate.types: {word!r} is not one of {', '.join(_KEY_TYPES)}")
    bits = rule.get("rsa_bits")
    if bits is not None and (not isinstance(bits, int) or isinstance(bits, bool)):
        _fail(policy, f"certificate.rsa_bits must be a number of bits, not {bits!r}")
    return CertificateRule(types, bits, _words(policy, rule, "curves") or ())


def _opportunistic(policy: str, data: Mapping[str, t.Any]) -> tuple[str | None, bool]:
    rule = data.get("opportunistic")
    if rule is None:
        return None, True
    if not isinstance(rule, Mapping) or set(rule) - {"advice", "ciphers"}:
        _fail(policy, "opportunistic must be a dictionary of advice and ciphers")
    if rule.get("ciphers", "policy") not in ("policy", "default"):
        _fail(policy, "opportunistic.ciphers must be policy or default")
    return _text(policy, rule, "advice"), rule.get("ciphers") != "default"


def _choice(policy: str, data: Mapping[str, t.Any], key: str, choices: tuple[t.Any, ...]) -> t.Any:
    value = data.get(key)
    if value is not None and value not in choices:
        _fail(
            policy, f"{key} must be one of {', '.join(str(choice) for choice in choices)}, or null"
        )
    return value


def _read(data: Mapping[str, t.Any]) -> Policy:
    name = str(data.get("name", "of your own"))
    unknown = sorted(str(key) for key in data if key not in _KEYS)
    if unknown:
        _fail(name, f"{unknown[0]!r} is not one of {', '.join(_KEYS)}")
    ciphers = _suites(name, data, "ciphers")
    protocols = _protocols(name, data)
    cipher_string = data.get("cipher_string")
    if cipher_string is not None:
        cipher_string = _text(name, data, "cipher_string")
        if " " in cipher_string:
            _fail(name, "cipher_string must be separated by colons, without blanks")
    if ciphers == () and min(protocols) < Protocol.TLSv1_3:
        _fail(name, f"ciphers is empty, but {min(protocols).label} needs some")
    advice, opportunistic_ciphers = _opportunistic(name, data)
    return Policy(
        name=_text(name, data, "name"),
        title=_text(name, data, "title", default=name),
        date=_text(name, data, "date", default="not dated"),
        source=_text(name, data, "source", default="the user"),
        protocols=protocols,
        ciphers=ciphers,
        cipher_string=cipher_string,
        ciphersuites=_suites(name, data, "ciphersuites"),
        groups=_groups(name, data),
        preference=_choice(name, data, "preference", ("server", "client")),
        certificate=_certificate(name, data),
        advice=advice,
        opportunistic_ciphers=opportunistic_ciphers,
        defaults=bool(_choice(name, data, "defaults", (True, False))),
    )


@functools.cache
def _shipped() -> dict[str, Mapping[str, t.Any]]:
    """The data of every shipped policy by full name, the oldest first."""
    files = sorted(_DIRECTORY.glob("*.yml"))
    loaded = [yaml_load(file.read_text(encoding="utf-8")) for file in files]
    return {data["name"]: data for data in sorted(loaded, key=lambda data: data["date"])}


def names() -> tuple[str, ...]:
    """Full and short names of the shipped policies, sorted."""
    return tuple(sorted({*_shipped(), *(data["short_name"] for data in _shipped().values())}))


def load_policy(policy: str | Mapping[str, t.Any]) -> Policy:
    """A shipped policy by full or short name (the newest of that short name), or the user's dictionary.

    Raises InvalidInput, with the names that there are, or with what is wrong in the dictionary.
    """
    if isinstance(policy, Mapping):
        return _read(policy)
    if not isinstance(policy, str):
        raise InvalidInput(
            f"A policy is a name or a dictionary, not a {type(policy).__name__}; known names: {', '.join(names())}."
        )
    found = _shipped().get(policy)
    for data in _shipped().values():
        if data["short_name"] == policy and policy not in _shipped():
            found = data
    if found is None:
        raise InvalidInput(f"There is no policy {policy!r}; known names: {', '.join(names())}.")
    return _read(found)


__all__ = ["CertificateRule", "Policy", "load_policy", "names"]
