# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""Does what a probe saw agree with what the facts of a service say? Yes, no, or not determined."""

from __future__ import annotations

import typing as t
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field

from ansible_collections.postmaster.tls.plugins.module_utils._errors import InvalidInput
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol
from ansible_collections.postmaster.tls.plugins.plugin_utils._targets import is_wrapped

PROTOCOLS: t.Final = tuple(protocol.label for protocol in Protocol)
_NO_TLS: t.Final = ("none", "")


@dataclass(frozen=True)
class Disagreement:
    """One thing that was predicted and is otherwise."""

    what: str
    expected: list[str]
    got: list[str]
    message: str


@dataclass
class _Comparison:
    disagreements: list[Disagreement] = field(default_factory=list)
    not_determined: list[str] = field(default_factory=list)

    def differ(
        self, what: str, *, expected: Iterable[str], got: Iterable[str], message: str
    ) -> None:
        self.disagreements.append(Disagreement(what, list(expected), list(got), message))

    def as_dict(self) -> dict[str, t.Any]:
        agrees = None if self.not_determined else True
        return {
            "agrees": False if self.disagreements else agrees,
            "disagreements": [asdict(item) for item in self.disagreements],
            "not_determined": list(self.not_determined),
        }


def agreement(
    probe: Mapping[str, t.Any],
    service: Mapping[str, t.Any],
    *,
    certificates: Sequence[Mapping[str, t.Any]] | None = None,
) -> dict[str, t.Any]:
    """``{agrees, disagreements, not_determined}`` of one result of ``starttls_probe`` and one service of the facts.

    ``certificates`` are those of the facts; without them, or without digests on both sides, certificates are left
    out. Raises InvalidInput when one of the two is not what it should be.
    """
    for name, value in (("probe", probe), ("service", service)):
        if not isinstance(value, Mapping):
            raise InvalidInput(
                f"probe_agreement: the {name} is a {type(value).__name__}, expected a dictionary: "
                "give a result of starttls_probe and one service of the facts of mta_tls_facts."
            )
    comparison = _Comparison()
    if not probe.get("reached"):
        reason = probe.get("reason") or "no reason was given"
        comparison.not_determined.append(f"the service was not reached: {reason}")
    elif _starttls(comparison, probe, service):
        _protocols(comparison, probe, service)
        _ciphers(comparison, probe, service)
        _certificate(comparison, probe, service, certificates or ())
    return comparison.as_dict()


def _starttls(
    comparison: _Comparison, probe: Mapping[str, t.Any], service: Mapping[str, t.Any]
) -> bool:
    """Compares the offer of TLS; whether there is TLS that is worth comparing further."""
    level = service.get("security_level")
    if is_wrapped(service):
        return True
    offered = (probe.get("smtp") or {}).get("starttls")
    if level is None or offered is None:
        side = (
            "the facts have no security level" if level is None else "the probe did not get so far"
        )
        comparison.not_determined.append(f"STARTTLS: {side}")
        return bool(offered)
    expected = level not in _NO_TLS
    if bool(offered) is not expected:
        comparison.differ(
            "starttls",
            expected=["offered" if expected else "not offered"],
            got=["offered" if offered else "not offered"],
            message=f"STARTTLS is {'' if offered else 'not '}offered, but the security level is {level or 'empty'}",
        )
    return expected and bool(offered)


def _protocols(
    comparison: _Comparison, probe: Mapping[str, t.Any], service: Mapping[str, t.Any]
) -> None:
    expected = service.get("protocols")
    if expected is None:
        comparison.not_determined.append("protocols: the facts could not determine them")
        return
    seen = {item["name"]: item for item in probe.get("protocols") or ()}
    for name in PROTOCOLS:
        item = seen.get(name, {})
        accepted = item.get("accepted")
        if accepted is None:
            if name in expected or name != "SSLv2":
                reason = item.get("reason") or "it was not probed"
                comparison.not_determined.append(f"{name}: {reason}")
        elif accepted is not (name in expected):
            comparison.differ(
                "protocols",
                expected=expected,
                got=[other for other in PROTOCOLS if seen.get(other, {}).get("accepted")],
                message=f"{name} is accepted and was not predicted"
                if accepted
                else f"{name} was predicted and is not accepted",
            )


def _accepted(probe: Mapping[str, t.Any]) -> list[str]:
    return [item["name"] for item in probe.get("protocols") or () if item.get("accepted")]


def _ciphers(
    comparison: _Comparison, probe: Mapping[str, t.Any], service: Mapping[str, t.Any]
) -> None:
    predicted = service.get("ciphers")
    if predicted is None:
        comparison.not_determined.append("ciphers: the facts could not determine them")
        return
    for protocol in _accepted(probe):
        if protocol not in (service.get("protocols") or ()):
            continue
        expected = [item["name"] for item in predicted if protocol in (item.get("protocols") or ())]
        suites = (probe.get("ciphers") or {}).get(protocol)
        if suites is None:
            comparison.not_determined.append(
                f"ciphers of {protocol}: they were not probed to the end"
            )
            continue
        got = [item["name"] for item in suites]
        open_ = {item["name"] for item in (probe.get("undetermined") or {}).get(protocol) or ()}
        if open_:
            comparison.not_determined.append(
                f"ciphers of {protocol}: {len(open_)} suites were not probed to the end"
            )
            expected = [name for name in expected if name not in open_]
        by_server = (probe.get("preference") or {}).get(protocol) == "server"
        _compare_suites(comparison, protocol, expected, got, ordered=by_server)


def _compare_suites(
    comparison: _Comparison, protocol: str, expected: list[str], got: list[str], *, ordered: bool
) -> None:
    more, less = sorted(set(got) - set(expected)), sorted(set(expected) - set(got))
    if more or less:
        parts = [f"{', '.join(more)} not predicted"] if more else []
        parts += [f"{', '.join(less)} predicted and not accepted"] if less else []
        message = f"{protocol}: {'; '.join(parts)}"
    elif ordered and expected != got:
        message = f"{protocol}: the server prefers {got[0]}, the facts say {expected[0]}"
        if got[0] == expected[0]:
            message = f"{protocol}: the server's order of suites is not the predicted one"
    else:
        return
    comparison.differ("ciphers", expected=expected, got=got, message=message)


def _certificate(
    comparison: _Comparison,
    probe: Mapping[str, t.Any],
    service: Mapping[str, t.Any],
    certificates: Sequence[Mapping[str, t.Any]],
) -> None:
    files = set(service.get("certificate_files") or ())
    installed = [
        item["sha256"] for item in certificates if item.get("file") in files and item.get("sha256")
    ]
    served = [item["sha256"] for item in probe.get("certificates") or () if item.get("sha256")]
    if not installed or not served:
        return
    strange = sorted(set(served) - set(installed))
    if strange:
        comparison.differ(
            "certificate",
            expected=installed,
            got=served,
            message=f"the certificate with SHA-256 {strange[0]} is served and is not in {', '.join(sorted(files))}",
        )


__all__ = ["PROTOCOLS", "Disagreement", "agreement"]
