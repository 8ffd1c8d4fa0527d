# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""One sentence on one probed service: is it proved, and if not, what disagrees."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

from ansible_collections.postmaster.tls.plugins.plugin_utils._agreement import agreement


def probe_verdict(
    probe: Mapping[str, t.Any],
    target: Mapping[str, t.Any] | None = None,
    *,
    expect: str = "agreement",
) -> dict[str, t.Any]:
    """``{label, agrees, message}`` for one result of ``starttls_probe`` at one target of ``probe_targets``.

    Without a target, the loop item that Ansible leaves in the result is taken. What was not determined does not
    prove anything: ``agrees`` is true only when everything that is expected was seen.
    """
    target = target if target is not None else probe[probe["ansible_loop_var"]]
    message = _complaint(probe, target, expect=expect)
    return {"label": target["label"], "agrees": message is None, "message": message or ""}


def _complaint(
    probe: Mapping[str, t.Any], target: Mapping[str, t.Any], *, expect: str
) -> str | None:
    label = target["label"]
    if "reached" not in probe:
        return f"{label}: the probe did not run: {probe.get('msg', 'no reason was given')}"
    if probe["reached"] is not True:
        return f"{label}: not reached: {probe.get('reason') or 'no reason was given'}"
    if expect == "reached":
        return None
    compared = agreement(probe, target["service"], certificates=target.get("certificates"))
    if compared["agrees"] is True:
        return None
    parts = [item["message"] for item in compared["disagreements"]]
    parts += [f"not determined: {item}" for item in compared["not_determined"]]
    return f"{label}: {'; '.join(parts)}"


__all__ = ["probe_verdict"]
