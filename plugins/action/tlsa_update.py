# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Publishes TLSA records by dynamic update, from the controller."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping, Sequence
from functools import partial

from ansible.plugins.action import ActionBase
from ansible_collections.postmaster.tls.plugins.module_utils._errors import (
    CommandFailed,
    InvalidInput,
)
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._authority import (
    NameServer,
    addresses,
    owner_of,
    served,
    zone_of,
)
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._exchange import Server
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._messages import (
    MOST_RECORDS,
    MOST_TLSA,
)
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._records import (
    Record,
    kept,
    parsed,
)
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._resolver import (
    Resolver,
    given_or_own,
    servers_of,
)
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._update import (
    ALGORITHMS,
    Change,
    Key,
    apply,
    key_in,
    key_of,
    name_of,
    ttl_of,
    zone_lines,
)
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._zone_task import WHICH, answered

Data = dict[str, t.Any]
_USUAL_TTL: t.Final = 3600
_SPEC: t.Final[Data] = {
    **WHICH,
    "records": {"type": "list", "elements": "str", "required": True},
    "state": {"type": "str", "choices": ["present", "exact"], "default": "present"},
    "ttl": {"type": "int"},
    "server": {"type": "str"},
    "zone": {"type": "str"},
    "key_file": {"type": "path"},
    "key_name": {"type": "str"},
    "key_secret": {"type": "str", "no_log": True},
    "key_algorithm": {"type": "str", "choices": list(ALGORITHMS), "default": "hmac-sha256"},
}


def published(options: Mapping[str, t.Any], *, dry: bool) -> Data:
    """Make the set of a name the wanted one, unless ``dry``. Raises PostmasterTlsError."""
    owner = owner_of(options["name"], options["port"], owner=options["owner"])
    wanted = [parsed(text) for text in options["records"]]
    key = _key(options)
    ttl = None if options["ttl"] is None else ttl_of(options["ttl"])
    zone, server = _place(options, owner)
    before = _read(owner, server)
    present = {one.wire for one in wanted}
    others = (
        [one for one in before if one.wire not in present] if options["state"] == "present" else []
    )
    after = (*others, *_distinct(wanted))
    if len(after) > MOST_TLSA:
        raise InvalidInput(
            f"{owner} would have {len(after)} TLSA records, and senders read no more than {MOST_TLSA}: name those that count, with state exact."
        )
    change = Change(zone, owner, before, after, _ttl_of(before) if ttl is None else ttl)
    if change.needed and not dry:
        apply(change, server, key)
    return _result(change, server)


def _result(change: Change, server: Server) -> Data:
    before_ttl = max((one.ttl or 0 for one in change.before), default=0)
    shown = zone_lines(change.owner, change.before, ttl=before_ttl)
    return {
        "changed": change.needed,
        "owner": change.owner,
        "zone": change.zone,
        "server": str(server),
        "before": [one.text for one in change.before],
        "before_ttl": before_ttl,
        "after": [one.text for one in change.after],
        "lines": change.lines,
        "diff": {
            "before_header": change.owner,
            "after_header": change.owner,
            "before": "".join(f"{line}\n" for line in shown),
            "after": "".join(f"{line}\n" for line in change.lines),
        },
    }


def _ttl_of(before: Sequence[Record]) -> int:
    """The time to live of the set that is there, which may be a forgery."""
    return kept(max((one.ttl or 0 for one in before), default=_USUAL_TTL))


def _distinct(records: list[Record]) -> tuple[Record, ...]:
    return tuple({one.wire: one for one in records}.values())


def _key(options: Mapping[str, t.Any]) -> Key | None:
    if options["key_file"]:
        return key_in(options["key_file"])
    if not options["key_name"]:
        return None
    if not options["key_secret"]:
        raise InvalidInput("key_name is given without key_secret: give both, or key_file.")
    return key_of(options["key_name"], options["key_algorithm"], options["key_secret"])


def _place(options: Mapping[str, t.Any], owner: str) -> tuple[str, Server]:
    """The zone, and the server that takes its updates."""
    resolver = Resolver(given_or_own(options["resolver"]))
    if options["server"] and options["zone"]:
        return name_of(options["zone"], "zone"), servers_of([options["server"]])[0]
    zone = zone_of(owner, resolver, without="'zone' and 'server'")
    if options["server"]:
        return zone.name, servers_of([options["server"]])[0]
    found = addresses(zone.primary, resolver)
    if not found:
        raise CommandFailed(
            f"{zone.primary}, which {zone.name} names, has no address: set 'server'."
        )
    return zone.name, found[0]


def _read(owner: str, server: Server) -> tuple[Record, ...]:
    """All of the set, since one that is too large for senders can still be mended."""
    asking = partial(Resolver, most_tlsa=MOST_RECORDS)
    answer = next(served(owner, [NameServer(str(server), (server,))], asking))
    if answer.records is None:
        raise CommandFailed(f"{owner} at {server}: {answer.reason}.")
    return answer.records


class ActionModule(ActionBase):
    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: Data | None = None) -> Data:
        result: Data = super().run(tmp, task_vars)
        dry = self._task.check_mode
        return {**result, **answered(self, _SPEC, lambda options: published(options, dry=dry))}
