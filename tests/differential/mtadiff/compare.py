# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares what is predicted with what is seen; says every disagreement in one sentence."""

from __future__ import annotations

import typing as t

from mtadiff import features

Told = t.Mapping[str, t.Any]
Suites = dict[str, list[str]]
_ADDRESS = "127.0.0.1"
_NEVER_STARTS = "sendmail-option-unknown"


def predicted_suites(told: Told) -> Suites:
    """The suites by protocol in the predicted order."""
    found: Suites = {}
    for suite in told["ciphers"] or ():
        for protocol in suite["protocols"]:
            found.setdefault(protocol, []).append(suite["name"])
    return found


def seen_suites(told: Told | None) -> Suites:
    """The suites by protocol in the order of the probe; none of a server that did not start."""
    if told is None:
        return {}
    return {
        protocol: [suite["name"] for suite in suites]
        for protocol, suites in told["ciphers"].items()
        if suites
    }


def disagreements(entry: Told) -> list[str]:
    """Return nothing where both agree. What either of them could not determine is a disagreement as well."""
    predicted, seen = entry["predicted"], entry["seen"]
    ended = any(one["code"] == _NEVER_STARTS for one in predicted["findings"])
    if seen is None:
        return [] if ended else [f"the daemon did not start: {entry['said']}"]
    if ended:
        return [f"the daemon started although {predicted['findings']}"]
    if predicted["ciphers"] is None:
        return [f"the facts did not determine it: {predicted['findings']}"]
    expected, got = predicted_suites(predicted), seen_suites(seen)
    found = [*_unasked(seen, bool(expected)), *_elsewhere(predicted)]
    for protocol in sorted({*expected, *got}):
        found += _of_protocol(protocol, expected.get(protocol, []), got.get(protocol, []), seen)
    if sorted(predicted["protocols"]) != sorted(got):
        found.append(f"protocols: predicted {predicted['protocols']}, seen {sorted(got)}")
    if not found and got:
        found += _of_groups(predicted, seen)
    if not found and expected and seen["features"]:
        found += features.disagreements(predicted, seen["features"])
    return found


def _elsewhere(predicted: Told) -> t.Iterator[str]:
    for one in predicted.get("listen", ()):
        if one["address"] != _ADDRESS:
            yield f"it listens at {_ADDRESS}, not at {one['address']}"


def _unasked(seen: Told, expected: bool) -> t.Iterator[str]:
    """A server that has no TLS, although it announces it, cuts every connection: a verdict where nothing is expected."""
    if not seen["reached"]:
        yield f"the probe did not reach the server: {seen['message']}"
    if not expected and (seen["starttls"] is False or seen["cut"]):
        return
    if seen["undetermined"]:
        yield f"the probe did not determine suites of {', '.join(seen['undetermined'])}"
    doubtful = [name for name, accepted in seen["protocols"].items() if accepted is None]
    if doubtful not in ([], ["SSLv2"]):
        yield f"the probe did not determine {', '.join(doubtful)}: {seen['message']}"


def _of_groups(predicted: Told, seen: Told) -> t.Iterator[str]:
    """Of groups that the probe did not determine nothing is said: without TLS 1.3, a server that has nothing but ECDSA may
    insist on the curve of its certificate, and no client can tell whether it has others too.
    """
    expected, got = set(predicted["groups"]) - set(seen["doubtful groups"]), set(seen["groups"])
    if expected != got:
        yield f"groups: predicted {predicted['groups']}, seen {seen['groups']}"


def _of_protocol(protocol: str, expected: list[str], got: list[str], seen: Told) -> t.Iterator[str]:
    missing = [name for name in expected if name not in got]
    extra = [name for name in got if name not in expected]
    if missing:
        yield f"{protocol}: predicted and not seen: {' '.join(missing)}"
    if extra:
        yield f"{protocol}: seen and not predicted: {' '.join(extra)}"
    decides = seen["preference"].get(protocol) == "server"
    if not missing and not extra and decides and expected != got:
        yield f"{protocol}: another order: predicted {' '.join(expected)}, seen {' '.join(got)}"
