# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares what the facts say beside protocols and suites: signatures, tickets, renegotiation, client certificates, DHE.

What a server without the protocol in question cannot show, the probe has as null: that is no disagreement. Whether it lets
a client renegotiate is seen only with a suite that the probe can compute, and where no client certificate is required;
what it signs with, only where it has one of the usual curves.
"""

from __future__ import annotations

import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._tls import _groups
from ansible_collections.postmaster.tls.plugins.module_utils._tls._cipher_specs import spec

Told = t.Mapping[str, t.Any]
#: A server that has found one of its keys too weak for its level.
_FAULT = "alert internal_error"
FACTS = ("signatures", "session_tickets", "renegotiation", "client_certificate", "dh")
CHECKS = ("signatures", "features")


def seen(report: Told) -> dict[str, t.Any]:
    """What of a report of the probe is compared."""
    features = report["features"] or {}
    certificate = features.get("client_certificate") or {}
    return {
        "signatures": [one["name"] for one in report["signatures"] if one["accepted"]],
        "doubtful signatures": [
            one["name"] for one in report["signatures"] if one["accepted"] is None
        ],
        "session_tickets": features.get("session_tickets"),
        "renegotiation": features.get("client_renegotiation"),
        "client_certificate": certificate.get("requested"),
        "dh": sorted({one["bits"] for one in report["dh"]}),
        "reason": (features.get("reasons") or {}).get("client_renegotiation"),
    }


def _finishes(predicted: Told) -> bool:
    """Tell whether the probe can make a whole handshake of a version that renegotiates."""
    older = [one for one in predicted["protocols"] if one != "TLSv1.3"]
    suites = [one for one in predicted["ciphers"] if older and max(older) in one["protocols"]]
    computable = any(spec(int(one["code"], 16)) for one in suites)
    return computable and predicted["client_certificate"] != "required"


def _verdicts(predicted: Told) -> dict[str, bool | None]:
    """Whoever has no certificate where one is required is sent away before anything else shows."""
    found = {
        "session_tickets": predicted["session_tickets"],
        "client_certificate": predicted["client_certificate"] != "none",
    }
    if predicted["client_certificate"] != "required":
        found["renegotiation"] = predicted["renegotiation"]
    return found


def _sizes(dh: Told | None) -> list[int]:
    return [] if dh is None else dh.get("sizes", [dh["bits"]])


def disagreements(predicted: Told, got: Told) -> t.Iterator[str]:
    """Say every disagreement in one sentence."""
    usual = {_groups.name_of(code) for code in _groups.USUAL}
    curves = {name for name in predicted["groups"] if not name.startswith("ffdhe")}
    plain = not curves or usual & curves
    if plain and sorted(predicted["signatures"]) != sorted(got["signatures"]):
        yield f"signatures: predicted {predicted['signatures']}, seen {got['signatures']}"
    if got["doubtful signatures"]:
        yield f"signatures: the probe did not determine {got['doubtful signatures']}"
    for name, expected in _verdicts(predicted).items():
        if got[name] is not None and got[name] is not expected:
            yield f"{name}: predicted {expected}, seen {got[name]}"
    sizes = _sizes(predicted["dh"])
    if sizes != got["dh"]:
        yield f"dh: predicted {sizes} bits, seen {got['dh']}"
    if got["reason"] not in (None, _FAULT) and _finishes(predicted):
        yield f"renegotiation: the probe did not determine it: {got['reason']}"
