# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

from ansible_collections.postmaster.tls.plugins.plugin_utils import _audit


def audit_host(
    result: dict[str, t.Any],
    host: str,
    *,
    probes: t.Sequence[dict[str, t.Any]] = (),
    dane: t.Sequence[dict[str, t.Any]] = (),
) -> dict[str, t.Any]:
    return _audit.host_report(result, host=host, probes=probes, dane=dane)


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"audit_host": audit_host}
