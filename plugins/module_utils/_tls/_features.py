# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""What a server does beside suites and chains, as far as flights show it that were seen anyway."""

from __future__ import annotations

import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._tls._answers import ServerHello
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol
from ansible_collections.postmaster.tls.plugins.module_utils._tls._sights import Sight

Verdict = t.Optional[bool]
_ANSWERED: t.Final[dict[str, int]] = {
    "secure_renegotiation": 0xFF01,
    "extended_master_secret": 23,
    "encrypt_then_mac": 22,
    "session_tickets": 35,
    "heartbeat": 15,
}
_STATUS_REQUEST: t.Final = 5


class Seen(t.NamedTuple):
    """What flights show: verdicts by name, and the DER names of the authorities that a client certificate may be of."""

    verdicts: dict[str, Verdict]
    authorities: tuple[bytes, ...] = ()


class Asked(t.NamedTuple):
    """What questions of their own show: verdicts by name, why one is not determined, and the whole handshakes."""

    verdicts: dict[str, Verdict]
    reasons: dict[str, str]
    hellos: tuple[ServerHello, ...] = ()


def seen(sights: t.Iterable[Sight], hellos: t.Iterable[ServerHello] = ()) -> Seen:
    """The verdicts of flights up to TLS 1.2 and of handshakes to their end; None where no flight could have shown it."""
    clear = [one for one in sights if one.version < Protocol.TLSv1_3]
    whole = list(hellos)
    verdicts: dict[str, Verdict] = {
        name: _any(
            kind in one.answered
            for one in clear
            if kind in one.offered and (one.block or name != "encrypt_then_mac")
        )
        for name, kind in _ANSWERED.items()
    }
    verdicts["session_ids"] = _session_ids(clear)
    requests = [one.requested for one in clear] + [one.certificate_requested for one in whole]
    verdicts["client_certificate"] = _any(requests)
    staples = [bool(one.staple) for one in clear if _STATUS_REQUEST in one.offered]
    verdicts["ocsp_staple"] = _any(staples + [bool(one.staple) for one in whole])
    named = [one.authorities for one in clear] + [one.authorities for one in whole]
    return Seen(verdicts, tuple(dict.fromkeys(name for names in named for name in names)))


def _any(signs: t.Iterable[bool]) -> Verdict:
    listed = list(signs)
    return any(listed) if listed else None


def _session_ids(clear: t.Sequence[Sight]) -> Verdict:
    """A server that is about to give a ticket may leave the session id out: only a flight without one is evidence."""
    if any(one.session for one in clear):
        return True
    ticket = _ANSWERED["session_tickets"]
    return False if any(ticket not in one.answered for one in clear) else None


__all__ = ["Asked", "Seen", "Verdict", "seen"]
