# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""What the access map says of everybody: the entries without a peer, which count for whoever has none of his own.

Source: srv_features, try_tls, tls_client, tls_server and OperatorChars in cf/m4/proto.m4; srvfeatures() in
sendmail/srvrsmtp.c; prescan() in parseaddr.c.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._records import dataclass

_WORD: t.Final = re.compile(r"[^\s.:%@!^/\[\]+()<>,;]+")
_DEMAND: t.Final = re.compile(r"(?:(?:PERM|TEMP)\+)?(?:ENCR|VERIFY)\b")


@dataclass(frozen=True)
class Everybody:
    """The letters of Srv_Features in order, whether TLS is never tried with a server, and what is demanded of the TLS of
    clients and of servers; empty where nothing is.
    """

    letters: tuple[str, ...] = ()
    never_tried: bool = False
    of_clients: str = ""
    of_servers: str = ""

    def switched(self, upper: str, *, default: bool) -> bool:
        """A feature that a capital letter of C(upper) turns off, and its small one on; the last one counts."""
        for letter in self.letters:
            if letter.upper() in upper:
                default = letter.islower()
        return default


def feature_words(value: str) -> tuple[str, ...]:
    """The words of a value of Srv_Features, of which sendmail reads the first letters. Rulesets end a word not only at a blank, but
    also at a comma or another operator.
    """
    return tuple(_WORD.findall(value))


def of_everybody(policies: t.Iterable[t.Mapping[str, str]]) -> Everybody:
    """Read it from the entries of the access map; of several equal ones makemap takes the first."""
    values: dict[str, str] = {}
    for one in policies:
        if not one["peer"]:
            values.setdefault(one["tag"], one["value"])
    demands = {
        tag: values[tag] if _DEMAND.match(values.get(tag, "")) else ""
        for tag in ("TLS_Clt", "TLS_Srv")
    }
    return Everybody(
        tuple(word[0] for word in feature_words(values.get("Srv_Features", ""))),
        values.get("Try_TLS", "").upper() == "NO",
        demands["TLS_Clt"],
        demands["TLS_Srv"],
    )


__all__ = ["Everybody", "feature_words", "of_everybody"]
