# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""The plan for a sendmail: which options have to change so that its daemons and its client follow their policies.

All daemons share one context, and the client shares their lists of suites: CipherList and CipherSuites are those of the
first lane that has a policy, in the order mx, submission, outbound. A finding tells each lane that gets another one than
its policy's. Source: inittls() in sendmail/tls.c, "TLSSrvOptions" to "DHParameters" in doc/op/op.me.
"""

from __future__ import annotations

import typing as t
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ansible_collections.postmaster.tls.plugins.module_utils._errors import InvalidInput
from ansible_collections.postmaster.tls.plugins.module_utils._findings import Finding, finding
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._options import (
    bits_by_name,
    has_option,
)
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._request import (
    OP_NO,
    read_ssl_options,
)
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._version import (
    Build,
    SendmailVersion,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol
from ansible_collections.postmaster.tls.plugins.plugin_utils._library import LibraryRelease
from ansible_collections.postmaster.tls.plugins.plugin_utils._policy import Policy

LANES: t.Final = ("mx", "submission", "outbound")
_PREFERENCE: t.Final = 1 << 22
_PREFERENCE_NAME: t.Final = "SSL_OP_CIPHER_SERVER_PREFERENCE"
_OP_NAMES: t.Final = {
    Protocol.SSLv3: "SSL_OP_NO_SSLv3",
    Protocol.TLSv1: "SSL_OP_NO_TLSv1",
    Protocol.TLSv1_1: "SSL_OP_NO_TLSv1_1",
    Protocol.TLSv1_2: "SSL_OP_NO_TLSv1_2",
    Protocol.TLSv1_3: "SSL_OP_NO_TLSv1_3",
}
_ALL_NO: t.Final = sum(OP_NO.values())
_LONG_PRIME: t.Final = SendmailVersion(8, 15, 2)
_LEVELS: t.Final = (1, 1, 0)
_DEFAULT_SUITES: t.Final = {
    "TLS_AES_256_GCM_SHA384",
    "TLS_CHACHA20_POLY1305_SHA256",
    "TLS_AES_128_GCM_SHA256",
}


@dataclass(frozen=True)
class Host:
    """One sendmail of the facts; ``options`` are those that its sendmail.cf sets, ``lanes`` those that it has, ``overrides``
    the options of the running daemon's command line, which no change of a file can reach.
    """

    cf: str
    build: Build
    library: LibraryRelease
    options: Mapping[str, str]
    lanes: tuple[str, ...]
    starttls_submission: bool
    overrides: Mapping[str, str]


@dataclass(frozen=True)
class Want:
    """The value that an option shall get (None: its default), the lane that asks for it, and why."""

    value: str | None
    lane: str
    reason: str


def read_hosts(facts: Mapping[str, t.Any]) -> tuple[Host, ...]:
    """Every sendmail of ``ansible_facts.mta_tls`` whose version is known. Raises InvalidInput for another shape."""
    found = facts.get("sendmail") or ()
    items = [found] if isinstance(found, Mapping) else list(found)
    try:
        return tuple(_host(item) for item in items if item.get("version"))
    except (AttributeError, KeyError) as error:
        raise InvalidInput(
            f"policy_plan: the facts of sendmail lack {error}: gather them again with mta_tls_facts."
        ) from error


def _host(item: Mapping[str, t.Any]) -> Host:
    services = item["services"]
    told = item.get("library") or {}
    library = LibraryRelease.parse(told.get("version"))
    options: dict[str, str] = {}
    overrides: dict[str, str] = {}
    for service in services:
        options.update(service.get("parameters") or {})
        overrides.update(service.get("overrides") or {})
    lanes = {str(service["lane"]) for service in services}
    return Host(
        cf=str(item["config_directory"]),
        build=Build(
            str(item["version"]),
            SendmailVersion.parse(str(item["version"])),
            frozenset(item.get("compiled_with") or ()),
            _headers(told.get("built_with"), library),
        ),
        library=library,
        options=options,
        lanes=tuple(lane for lane in LANES if lane in lanes),
        starttls_submission=any(
            listener.get("port") == 587
            for service in services
            if service["lane"] == "submission"
            for listener in service.get("listen") or ()
        ),
        overrides=overrides,
    )


def _headers(told: str | None, library: LibraryRelease) -> int:
    """The OPENSSL_VERSION_NUMBER that it was compiled with, or else that of its library."""
    if told:
        return int(told, 16)
    major, minor, patch = library.release or (3, 0, 0)
    return major << 28 | minor << 20 | (patch << 12 if major < 3 else 0)


def plan_host(host: Host, policies: Mapping[str, Policy]) -> dict[str, t.Any]:
    """``{parameters, services, changes, findings}`` of one sendmail; parameters are options of sendmail.cf."""
    governed = {lane: policies[lane] for lane in host.lanes if lane in policies}
    wanted = dict(_wants(host, governed))
    changed = {
        name: want
        for name, want in wanted.items()
        if has_option(name, host.build) and name not in host.overrides
        if host.options.get(name) != want.value
    }
    return {
        "parameters": {name: want.value for name, want in changed.items()},
        "services": {},
        "changes": [_change(host, name, want, governed) for name, want in changed.items()],
        "findings": [one.as_dict() for one in _findings(host, governed, wanted)],
    }


def _change(
    host: Host, name: str, want: Want, policies: Mapping[str, Policy]
) -> dict[str, str | None]:
    return {
        "instance": host.cf,
        "file": "sendmail.mc",
        "service": None,
        "parameter": name,
        "before": host.options.get(name),
        "after": want.value,
        "lane": want.lane,
        "policy": policies[want.lane].name,
        "reason": want.reason,
    }


def _wants(host: Host, policies: Mapping[str, Policy]) -> Iterator[tuple[str, Want]]:
    speaking = [(lane, one) for lane, one in policies.items() if one.defaults or one.cipher_list]
    for lane, policy in speaking[:1]:
        if policy.defaults:
            yield "CipherList", Want(None, lane, "the version's default")
        else:
            reason = "exactly the suites of the policy"
            yield "CipherList", Want(_cipher_list(policy, host.library), lane, reason)
    yield from _suite_wants(policies)
    servers = {lane: one for lane, one in policies.items() if lane != "outbound"}
    clients = {lane: one for lane, one in policies.items() if lane == "outbound"}
    for name, lanes in (("ServerSSLOptions", servers), ("ClientSSLOptions", clients)):
        if lanes:
            yield name, _ssl_options(host, name, lanes)
    prime = host.options.get("DHParameters", "")[:1]
    for lane, policy in [*servers.items()][:1]:
        if not _needs_prime(host, policy) or prime not in ("", "1", "5"):
            continue
        default = None if host.build.version >= _LONG_PRIME else "2048"
        yield "DHParameters", Want(default, lane, "DHE with a prime of 2048 bits")


def _needs_prime(host: Host, policy: Policy) -> bool:
    finite = any(suite.key_exchange == "DHE" for suite in policy.ciphers or ())
    return finite and (bool(host.options.get("DHParameters")) or host.build.version < _LONG_PRIME)


def _cipher_list(policy: Policy, library: LibraryRelease) -> str | None:
    """The list; old protocols need the lowest security level, which sendmail does not set by itself."""
    old = min(policy.protocols) < Protocol.TLSv1_2 and library.at_least(_LEVELS)
    return f"{policy.cipher_list}:@SECLEVEL=0" if old else policy.cipher_list


def _suite_wants(policies: Mapping[str, Policy]) -> Iterator[tuple[str, Want]]:
    """All three suites of TLS 1.3 are OpenSSL's default, so a policy that allows all of them needs no option."""
    for lane, policy in policies.items():
        if policy.defaults:
            yield "CipherSuites", Want(None, lane, "the version's default")
            return
        if policy.ciphersuites is not None and Protocol.TLSv1_3 in policy.protocols:
            names = [suite.name for suite in policy.ciphersuites]
            value = None if set(names) == _DEFAULT_SUITES else ":".join(names)
            yield "CipherSuites", Want(value, lane, "the suites of TLS 1.3 of the policy")
            return


def _allowed(policies: Sequence[Policy]) -> frozenset[Protocol]:
    return frozenset().union(*(policy.protocols for policy in policies))


def _ssl_options(host: Host, name: str, policies: Mapping[str, Policy]) -> Want:
    """The option with the protocols of the policies, and every other word that it has now."""
    lane, first = next(iter(policies.items()))
    if all(policy.defaults for policy in policies.values()):
        return Want(None, lane, "the version's default")
    names = bits_by_name(host.build)
    current = host.options.get(name)
    governing = [policy for policy in policies.values() if not policy.defaults]
    allowed = _allowed(governing)
    spoken = host.library.protocols
    closed = [
        one
        for one in _OP_NAMES
        if one not in allowed and (one in spoken if spoken is not None else one > Protocol.SSLv3)
    ]
    bits = read_ssl_options(current or "", 0, names)[0]
    preference = bits & _PREFERENCE
    if name == "ServerSSLOptions" and first.preference:
        preference = _PREFERENCE if first.preference == "server" else 0
    target = sum(OP_NO[one] for one in closed) | preference
    labels = ", ".join(one.label for one in sorted(allowed))
    reason = f"allows {labels}"
    if bits & (_ALL_NO | _PREFERENCE) == target:
        return Want(current, lane, reason)
    words = _kept(current or "", names)
    words += [f"+{_named(_OP_NAMES[one], OP_NO[one], names)}" for one in closed]
    words += [f"+{_PREFERENCE_NAME}"] if preference else []
    return Want(" ".join(words) or None, lane, reason)


def _kept(current: str, names: Mapping[str, int]) -> list[str]:
    """The words that say nothing of protocols or preference."""
    words = current.replace(",", " ").split()
    return [
        word
        for word in words
        if not read_ssl_options(word.lstrip("+-"), 0, names)[0] & (_ALL_NO | _PREFERENCE)
    ]


def _named(name: str, bit: int, names: Mapping[str, int]) -> str:
    """The name of a bit, or its number where this release does not know the name: it would not start with it."""
    return name if name.removeprefix("SSL_OP_").upper() in names else f"{bit:#x}"


def _findings(
    host: Host, policies: Mapping[str, Policy], wanted: Mapping[str, Want]
) -> Iterator[Finding]:
    for name, want in wanted.items():
        if want.value is not None and not has_option(name, host.build):
            yield _inexpressible(
                host,
                want.lane,
                f"sendmail {host.build.text} has no option {name}",
                f"{name} {want.value}; what the library allows by itself comes nearest",
            )
        elif host.overrides.get(name, want.value) != want.value:
            yield _inexpressible(
                host,
                want.lane,
                f"The daemon was started with -O {name}={host.overrides[name]}",
                f"{name} {want.value or '(its default)'} of a file would not count",
            )
    for lane, policy in policies.items():
        if policy.defaults:
            continue
        yield from _shared(host, lane, policy, policies, wanted)
        yield from _library(host, lane, policy)
        if policy.groups:
            yield _inexpressible(
                host,
                lane,
                "sendmail has no option for groups",
                "it was compiled with P-256 alone, or leaves them to OpenSSL",
            )
    if "submission" in policies and host.starttls_submission:
        yield _inexpressible(
            host,
            "submission",
            "sendmail cannot make TLS mandatory on one port",
            "port 587: AuthOptions=p keeps passwords out of plaintext, port 465 is TLS at once",
        )


def _shared(
    host: Host,
    lane: str,
    policy: Policy,
    policies: Mapping[str, Policy],
    wanted: Mapping[str, Want],
) -> Iterator[Finding]:
    ciphers = wanted.get("CipherList")
    if ciphers and ciphers.lane != lane and policy.cipher_list:
        own = _cipher_list(policy, host.library)
        if own != ciphers.value:
            yield _inexpressible(
                host,
                lane,
                "All daemons and the client share one CipherList",
                f"that of {policies[ciphers.lane].name} ({ciphers.lane}) comes nearest to {policy.name}",
            )
    together = [one for name, one in policies.items() if name != "outbound" and not one.defaults]
    if lane != "outbound" and _allowed(together) != policy.protocols:
        extra = ", ".join(one.label for one in sorted(_allowed(together) - policy.protocols))
        yield _inexpressible(
            host,
            lane,
            "All daemons share one ServerSSLOptions",
            f"{extra} stays for the other lane",
        )


def _library(host: Host, lane: str, policy: Policy) -> Iterator[Finding]:
    spoken = host.library.protocols
    if spoken is not None and not spoken & policy.protocols:
        yield finding(
            "policy-unfit-library",
            where=f"{host.cf} {lane}",
            evidence=f"{host.library.text} speaks none of the protocols of {policy.name}",
        )


def _inexpressible(host: Host, lane: str, message: str, evidence: str) -> Finding:
    where = f"{host.cf} {lane}"
    return finding("policy-not-expressible", where=where, evidence=evidence, message=message)


__all__ = ["LANES", "Host", "plan_host", "read_hosts"]
