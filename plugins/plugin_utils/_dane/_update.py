# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""Dynamic updates of TLSA records (RFC 2136), signed (RFC 8945), and refused by the server when its set is another than was read."""

from __future__ import annotations

import binascii
import contextlib
import re
import typing as t
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ansible_collections.postmaster.tls.plugins.module_utils._errors import (
    CommandFailed,
    InvalidInput,
)
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._reading import read_file
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._exchange import Server
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._messages import MOST_TLSA
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._records import Record

with contextlib.suppress(ImportError):
    import dns.exception
    import dns.message
    import dns.name
    import dns.query
    import dns.rcode
    import dns.rdata
    import dns.rdataclass
    import dns.rdataset
    import dns.rdatatype
    import dns.tsig
    import dns.tsigkeyring
    import dns.update

_SECONDS: t.Final = 10.0
_LONGEST_TTL: t.Final = 0x7FFFFFFF
ALGORITHMS: t.Final = ("hmac-sha256", "hmac-sha384", "hmac-sha512", "hmac-sha224", "hmac-sha1")
#: What nsupdate(1) reads with -k, and tsig-keygen(8) and keymgr(8) write.
_KEY_FILE: t.Final = re.compile(
    r'key\s+"?(?P<name>[^"\s{]+)"?\s*\{(?=[^{}]*algorithm\s+"?(?P<algorithm>[\w.-]+?)\.?"?\s*;)'
    r'(?=[^{}]*secret\s+"?(?P<secret>[A-Za-z0-9+/=]+)"?\s*;)'
)
#: What stands in quotes, and the comments of such a file; base 64 has slashes too, in the midst of a word.
_QUOTED_OR_COMMENT: t.Final = re.compile(
    r'("[^"\n]*")|(?<![^\s;{}])(?:#|//)[^\n]*|/\*.*?(?:\*/|\Z)', re.DOTALL
)
_RACE: t.Final = ("NXRRSET", "YXRRSET", "YXDOMAIN", "NXDOMAIN")
#: What servers say to an update that nobody signed; it is also what those say that do not take it at all.
_UNSIGNED: t.Final = ("NOTAUTH", "REFUSED")
_SAID: t.Final = {
    "NOTAUTH": "does not know the key, or is no server of the zone: look at the name of the key and at 'server'",
    "REFUSED": "refuses: allow the key to update this name there",
    "NOTZONE": "says that the name is not in the zone: look at 'zone'",
    "NOTIMP": "does not take updates: look at 'server'",
    "SERVFAIL": "failed: its log says why",
}


@dataclass(frozen=True)
class Key:
    """A TSIG key; its secret is in base 64 and never shown."""

    name: str
    algorithm: str
    secret: str

    def __repr__(self) -> str:
        return f"Key({self.name}, {self.algorithm})"


@dataclass(frozen=True)
class Change:
    """A set as it was read, and as it shall be with this time to live."""

    zone: str
    owner: str
    before: tuple[Record, ...]
    after: tuple[Record, ...]
    ttl: int

    @property
    def needed(self) -> bool:
        """Whether the two sets differ, or the time to live does."""
        return _wires(self.before) != _wires(self.after) or any(
            one.ttl != self.ttl for one in self.before
        )

    @property
    def lines(self) -> list[str]:
        """The set that shall be, as lines of a zone file."""
        return zone_lines(self.owner, self.after, ttl=self.ttl)


#: Sends a message to a server and returns the answer, or raises what dnspython raises.
Sending = Callable[[t.Any, Server], t.Any]


def zone_lines(owner: str, records: Sequence[Record], *, ttl: int) -> list[str]:
    """Records as lines of a zone file, in a fixed order."""
    return [f"{owner} {ttl} IN TLSA {text}" for text in sorted(one.text for one in records)]


def key_in(path: str) -> Key:
    """The key of a file in the form of nsupdate(1). Raises InvalidInput."""
    try:
        text = read_file(path)
    except OSError as error:
        raise InvalidInput(
            f"The key file {path} cannot be read ({error.strerror}): give a file on the controller."
        ) from error
    found = _KEY_FILE.search(_QUOTED_OR_COMMENT.sub(lambda one: one[1] or " ", text))
    if found is None:
        raise InvalidInput(
            f'The key file {path} has no key: expected key "NAME" {{ algorithm hmac-sha256; secret "…"; }}; as tsig-keygen writes it.'
        )
    return key_of(found["name"], found["algorithm"], found["secret"])


def key_of(name: str, algorithm: str, secret: str) -> Key:
    """A key from its parts. Raises InvalidInput without showing the secret."""
    if algorithm.lower() not in ALGORITHMS:
        raise InvalidInput(
            f"The algorithm {algorithm!r} of the key {name} is not known: use one of {', '.join(ALGORITHMS)}."
        )
    try:
        binascii.a2b_base64(secret, strict_mode=True)
    except binascii.Error:
        raise InvalidInput(f"The secret of the key {name} is not in base 64.") from None
    name_of(name, "key")
    return Key(name, algorithm.lower(), secret)


def name_of(text: str, what: str) -> str:
    """The name of a key or a zone, as the DNS has it. Raises InvalidInput."""
    try:
        return str(dns.name.from_text(text))
    except (dns.exception.DNSException, UnicodeError) as error:
        raise InvalidInput(
            f"The name of the {what} is {text!r}, which is no name ({error}): give it as the server has it."
        ) from None


def ttl_of(seconds: int) -> int:
    """A time to live (RFC 2181 section 8). Raises InvalidInput."""
    if not 0 <= seconds <= _LONGEST_TTL:
        raise InvalidInput(f"ttl is {seconds}: give seconds, from 0 to {_LONGEST_TTL}.")
    return seconds


def send(message: t.Any, server: Server) -> t.Any:
    """Over TCP, as an answer over UDP could be lost after the update was made."""
    return dns.query.tcp(message, server.address, timeout=_SECONDS, port=server.port)


def apply(change: Change, server: Server, key: Key | None, *, sending: Sending = send) -> None:
    """Make a change. Raises CommandFailed when the server does not, above all when its set is not the one that was read."""
    message = message_of(change, key)
    where = f"{server} did not update {change.owner}"
    try:
        message.to_wire()
    except dns.exception.TooBig:
        raise CommandFailed(
            f"{where}: its {len(change.before)} records do not fit into an update: remove some of them at the server itself."
        ) from None
    try:
        answer = sending(message, server)
    except dns.tsig.PeerBadTime:
        raise CommandFailed(f"{where}: its clock and that of the controller differ.") from None
    except (dns.tsig.PeerError, dns.tsig.BadSignature, dns.message.UnknownTSIGKey):
        raise CommandFailed(
            f"{where}: it does not accept the signature of the key {key.name if key else ''}: "
            "look at its name, algorithm and secret."
        ) from None
    except (dns.exception.DNSException, OSError, EOFError) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise CommandFailed(f"{where}: no usable answer ({reason}).") from error
    said = dns.rcode.to_text(answer.rcode())
    if said in _RACE:
        raise CommandFailed(
            f"{where}: somebody else changed these records since they were read ({said}); nothing was changed: run again."
        )
    if said in _UNSIGNED and key is None:
        raise CommandFailed(
            f"{where}: it says {said}, and the update was sent without a TSIG key: set 'key_file', if it asks for one, or 'server', if it is another."
        )
    if said != "NOERROR":
        raise CommandFailed(f"{where}: it {_SAID.get(said, f'answers {said}')}.")


def message_of(change: Change, key: Key | None) -> t.Any:
    """The message: what must still be there, what goes and what comes (RFC 2136 sections 2.4 and 2.5)."""
    update = dns.update.UpdateMessage(dns.name.from_text(change.zone))
    owner = dns.name.from_text(change.owner)
    before, after = ([_rdata(one) for one in side] for side in (change.before, change.after))
    if before:
        update.present(owner, dns.rdataset.from_rdata_list(0, before))
    else:
        update.absent(owner, dns.rdatatype.TLSA)
    gone = before if _ttl_changes(change) else [one for one in before if one not in after]
    come = after if _ttl_changes(change) else [one for one in after if one not in before]
    if gone and (not after or len(gone) > MOST_TLSA):
        update.delete(owner, dns.rdatatype.TLSA)
        come = after
    else:
        for one in gone:
            update.delete(owner, one)
    for one in come:
        update.add(owner, change.ttl, one)
    if key is not None:
        keyring = dns.tsigkeyring.from_text({key.name: (key.algorithm, key.secret)})
        update.use_tsig(keyring, keyname=key.name)
    return update


def _ttl_changes(change: Change) -> bool:
    return any(one.ttl != change.ttl for one in change.before)


def _rdata(record: Record) -> t.Any:
    """As octets, since a record that is malformed must be named as it is in order to be removed."""
    return dns.rdata.GenericRdata(dns.rdataclass.IN, dns.rdatatype.TLSA, record.wire)


def _wires(records: Sequence[Record]) -> set[bytes]:
    return {one.wire for one in records}


__all__ = [
    "ALGORITHMS",
    "Change",
    "Key",
    "apply",
    "key_in",
    "key_of",
    "message_of",
    "name_of",
    "send",
    "ttl_of",
    "zone_lines",
]
