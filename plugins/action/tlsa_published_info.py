# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Asks the servers of a zone for TLSA records, and waits until all of them have the wanted ones."""

from __future__ import annotations

import time
import typing as t
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible_collections.postmaster.tls.plugins.module_utils._errors import InvalidInput
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._authority import (
    Asking,
    Served,
    lacking,
    named,
    owner_of,
    served,
    zone_of,
)
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._records import (
    LONGEST_KEPT,
    Record,
    kept,
    parsed,
)
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._resolver import (
    Resolver,
    given_or_own,
)
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._zone_task import WHICH, answered

Data = dict[str, t.Any]
_SPEC: t.Final[Data] = {
    **WHICH,
    "records": {"type": "list", "elements": "str", "default": []},
    "servers": {"type": "list", "elements": "str", "default": []},
    "timeout": {"type": "int", "default": 0},
    "until": {"type": "str"},
    "previous_ttl": {"type": "int"},
}
_TIME: t.Final = "%Y-%m-%dT%H:%M:%SZ"
_PAUSE: t.Final = 2.0
_BETWEEN_LINES: t.Final = 15.0


@dataclass(frozen=True)
class Watch:
    """The clock, how to sleep, whom to tell, and what asks a server."""

    now: Callable[[], datetime]
    sleep: Callable[[float], None]
    tell: Callable[[str], None]
    asking: Asking = Resolver


def watched(options: Mapping[str, t.Any], watch: Watch) -> Data:
    """Ask until every server has the records, or the time is up. Raises PostmasterTlsError."""
    owner = owner_of(options["name"], options["port"], owner=options["owner"])
    wanted = [parsed(text) for text in options["records"]]
    until = _time(options["until"])
    servers = named(options["servers"])
    if not servers:
        resolver = watch.asking(given_or_own(options["resolver"]))
        servers = zone_of(owner, resolver, without="'servers'").servers
    if until is not None:
        _sleep_until(until, owner, watch)
    start, told = watch.now(), None
    while True:
        answers = list(served(owner, servers, watch.asking))
        seen = _seen(owner, wanted, answers)
        seen |= _times(watch.now(), seen["ttl"], options["previous_ttl"])
        waited = (watch.now() - start).total_seconds()
        if seen["everywhere"] or waited + _PAUSE > options["timeout"]:
            return seen
        if told is None or waited - told >= _BETWEEN_LINES:
            watch.tell(_progress(seen, options["timeout"] - waited))
            told = waited
        watch.sleep(_PAUSE)


def _sleep_until(until: datetime, owner: str, watch: Watch) -> None:
    while (left := (until - watch.now()).total_seconds()) > 0:
        watch.tell(f"{owner}: caches may hold the older records for {left:.0f} s more")
        watch.sleep(min(left, _BETWEEN_LINES))


def _progress(seen: Data, left: float) -> str:
    ready = sum(1 for one in seen["servers"] if one["complete"])
    return (
        f"{seen['owner']} {ready} of {len(seen['servers'])} servers have the records; "
        f"{seen['reason']} ({left:.0f} s left)"
    )


def _times(now: datetime, ttl: int, previous_ttl: int | None) -> Data:
    """When the servers were asked, and when the last cache has dropped what they had before, by its rounded clock."""
    seconds = ttl if previous_ttl is None else previous_ttl
    until = now + timedelta(seconds=kept(seconds) + 1)
    found: Data = {"now": now.strftime(_TIME), "wait_until": until.strftime(_TIME)}
    if seconds > LONGEST_KEPT:
        warning = (
            f"The time to live of the records is {seconds} s, which may be a forgery: caches keep nothing for more than "
            f"a week (RFC 8767 section 4), so wait_until counts {LONGEST_KEPT} s. Set ttl to an hour or so."
        )
        found["warnings"] = [warning]
    return found


def _seen(owner: str, wanted: Sequence[Record], answers: Sequence[Served]) -> Data:
    entries = [_entry(one, wanted) for one in answers]
    lacks = [one for one in entries if one["complete"] is False]
    silent = [one for one in entries if one["complete"] is None]
    reasons = [f"{one['name']} ({one['address']}): {one['reason']}" for one in (*lacks, *silent)]
    texts = {text: None for one in entries for text in one["records"] or ()}
    return {
        "owner": owner,
        "everywhere": False if lacks else None if silent or not entries else True,
        "reason": "; ".join(reasons) or (None if entries else "the zone has no servers"),
        "ttl": max((one["ttl"] for one in entries), default=0),
        "records": list(texts),
        "servers": entries,
    }


def _entry(answer: Served, wanted: Sequence[Record]) -> Data:
    missing = answer.reason if answer.records is None else lacking(wanted, answer.records)
    return {
        "name": answer.server,
        "address": answer.address,
        "records": None if answer.records is None else [one.text for one in answer.records],
        "ttl": answer.ttl,
        "complete": None if answer.records is None else missing is None,
        "reason": missing,
    }


def _time(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        return datetime.strptime(text, _TIME).replace(tzinfo=UTC)
    except ValueError:
        raise InvalidInput(
            f"until is {text!r}: give a time in UTC such as 2026-11-22T05:00:00Z."
        ) from None


class ActionModule(ActionBase):
    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: Data | None = None) -> Data:
        result: Data = super().run(tmp, task_vars)
        watch = Watch(lambda: datetime.now(UTC), time.sleep, Display().display)
        found = answered(self, _SPEC, lambda options: watched(options, watch))
        return {**result, "changed": False, **found}
