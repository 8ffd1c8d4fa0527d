# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""What a failed handshake leaves in the logs of both sides, as far as the wording is known.

The numbers and texts of OpenSSL: openssl errstr(1) of 1.0.2, 1.1.1, 3.0 and 3.5, and the logs of the senders that
tests/integration/senders runs; 1000 is added to the number of an alert that was received. Those of Schannel: events
36887 (received) and 36888 (sent), Microsoft Learn, Schannel events. Those of Java: sun.security.ssl.TransportContext.
"""

from __future__ import annotations

import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._tls._answers import ALERTS

HANDSHAKE_FAILURE: t.Final = 40
ILLEGAL_PARAMETER: t.Final = 47
PROTOCOL_VERSION: t.Final = 70
INSUFFICIENT_SECURITY: t.Final = 71
INTERNAL_ERROR: t.Final = 80

# The alerts that SSL 3.0 had already; OpenSSL names the others after TLS 1.0.
_OF_SSLV3: t.Final = frozenset((10, 20, 30, 40, 41, 42, 43, 44, 45, 46, 47))


class Refusal(t.NamedTuple):
    """A reason for which a server refuses a hello: what OpenSSL 1.0, 1.1 and 3 log, and what it is called there."""

    text: str
    old: str
    middle: str
    new: str


#: By the alert that the server sends.
_SERVER_REFUSALS: t.Final[dict[int, Refusal]] = {
    HANDSHAKE_FAILURE: Refusal(
        "no shared cipher",
        "error:1408A0C1:SSL routines:SSL3_GET_CLIENT_HELLO:no shared cipher",
        "error:1417A0C1:SSL routines:tls_post_process_client_hello:no shared cipher",
        "error:0A0000C1:SSL routines::no shared cipher",
    ),
    PROTOCOL_VERSION: Refusal(
        "unsupported protocol",
        "error:140760FC:SSL routines:SSL23_GET_CLIENT_HELLO:unknown protocol",
        "error:14209102:SSL routines:tls_early_post_process_client_hello:unsupported protocol",
        "error:0A000102:SSL routines::unsupported protocol",
    ),
}


class OwnRefusal(t.NamedTuple):
    """A reason for which a sender refuses a server's flight: the alert that it sends and the error that it logs."""

    alert: int
    text: str
    numbers: t.Mapping[str, str]
    java: str = ""
    gnutls: str = ""


_V11: t.Final = "openssl-1.1.1"
_V3: t.Final = "openssl-3"
_V10: t.Final = "openssl-1.0"
OWN_REFUSALS: t.Final[dict[str, OwnRefusal]] = {
    "dh-key-too-small": OwnRefusal(
        HANDSHAKE_FAILURE,
        "dh key too small",
        {
            _V10: "14082174:SSL routines:SSL3_CHECK_CERT_AND_ALGORITHM",
            _V11: "141A318A:SSL routines:tls_process_ske_dhe",
            _V3: "0A00018A:SSL routines:",
        },
        java="DH ServerKeyExchange does not comply to algorithm constraints",
        gnutls="The Diffie-Hellman prime sent by the server is not acceptable (not long enough).",
    ),
    "legacy-signature": OwnRefusal(
        INTERNAL_ERROR,
        "legacy sigalg disallowed or unsupported",
        {_V3: "0A00014D:SSL routines:"},
    ),
    "unsafe-renegotiation": OwnRefusal(
        HANDSHAKE_FAILURE,
        "unsafe legacy renegotiation disabled",
        {_V3: "0A000152:SSL routines:"},
    ),
    "wrong-signature": OwnRefusal(
        ILLEGAL_PARAMETER,
        "wrong signature type",
        {
            _V11: "1414D172:SSL routines:tls12_check_peer_sigalg",
            _V3: "0A000172:SSL routines:",
        },
        java="Unsupported signature algorithm",
        gnutls="The signature algorithm is not supported.",
    ),
    "wrong-curve": OwnRefusal(
        ILLEGAL_PARAMETER,
        "wrong curve",
        {
            _V10: "1408D17A:SSL routines:SSL3_GET_KEY_EXCHANGE",
            _V11: "141A417A:SSL routines:tls_process_ske_ecdhe",
            _V3: "0A00017A:SSL routines:",
        },
        java="Unsupported named group",
        gnutls="The curve is unsupported.",
    ),
    "unsupported-protocol": OwnRefusal(
        PROTOCOL_VERSION,
        "unsupported protocol",
        {
            _V10: "14077102:SSL routines:SSL23_GET_SERVER_HELLO",
            _V11: "1425F102:SSL routines:ssl_choose_client_version",
            _V3: "0A000102:SSL routines:",
        },
        java="The server selected a protocol version that the client does not accept",
        gnutls="A packet with illegal or unsupported version was received.",
    ),
}


def server_log(alert: int, *, sent_by_server: bool) -> tuple[str, ...]:
    """What a Postfix on OpenSSL 1.0, 1.1 and 3, and a sendmail, log about an alert that ended the handshake."""
    refusal = _SERVER_REFUSALS.get(alert) if sent_by_server else None
    if refusal is None:
        if sent_by_server:
            return ()
        refusal = Refusal(
            alert_text("openssl-1.0", alert),
            received("openssl-1.0", alert),
            received("openssl-1.1.1", alert),
            received("openssl-3.0", alert),
        )
    library = (refusal.old, refusal.middle, refusal.new)
    return (
        *(f"warning: TLS library problem: {line}" for line in library),
        f"STARTTLS=server, error: accept failed=-1, reason={refusal.text}, SSL_error=1",
    )


def alert_text(library: str, alert: int) -> str:
    """The words of OpenSSL for an alert that it received; since 3.2 it speaks of ssl/tls where SSL 3.0 had the alert."""
    name = ALERTS.get(alert, str(alert)).replace("_", " ")
    if alert not in _OF_SSLV3:
        return f"tlsv1 alert {name}"
    return f"{'ssl/tls' if library in _SINCE_3_2 else 'sslv3'} alert {name}"


_SINCE_3_2: t.Final = ("openssl-3.5", "openssl-3.6")


def received(library: str, alert: int) -> str:
    """OpenSSL's line for an alert that it received."""
    text = alert_text(library, alert)
    if library.startswith("openssl-3"):
        return f"error:{0x0A000000 + 1000 + alert:08X}:SSL routines::{text}"
    reader = "SSL3_READ_BYTES" if library == "openssl-1.0" else "ssl3_read_bytes"
    return f"error:{0x14094000 + 1000 + alert:08X}:SSL routines:{reader}:{text}"


def client_log(mta: str, library: str, *, alert: int, own: str = "") -> str:
    """What the sender logs: about an alert that it received, or about its C(own) refusal (of OWN_REFUSALS).

    Two lines of a log are two lines here. NAME, ADDRESS and PORT stand for the server (postfix/src/tls/tls_client.c).
    """
    if library.startswith("java"):
        return _java(library, alert, own)
    if library == "schannel":
        if own:
            return f"Schannel event 36888: a fatal alert was generated and sent; code {alert}"
        return f"Schannel event 36887: a fatal alert was received; code {alert}"
    if library.startswith("gnutls"):
        return f"TLS session: (gnutls_handshake): {_gnutls(mta, alert, own)}"
    if library == "boringssl":
        return f"TLS Negotiation failed: {ALERTS.get(alert, alert)}".replace("_", " ")
    line, text = _openssl(library, alert, own)
    if mta == "postfix":
        return f"SSL_connect error to NAME[ADDRESS]:PORT: -1\nwarning: TLS library problem: {line}"
    if mta == "sendmail":
        return f"STARTTLS=client, error: connect failed=-1, reason={text}, SSL_error=1"
    return line


def _java(library: str, alert: int, own: str) -> str:
    name = ALERTS.get(alert, str(alert))
    what = OWN_REFUSALS[own].java if own else f"Received fatal alert: {name}"
    begin = f"({name}) " if library == "java-25" else ""
    return f"javax.net.ssl.SSLHandshakeException: {begin}{what}"


def _gnutls(mta: str, alert: int, own: str) -> str:
    """Exim names the alert since 4.96, and calls it one since 4.98."""
    if own:
        return OWN_REFUSALS[own].gnutls
    name = _GNUTLS_ALERTS.get(alert, ALERTS.get(alert, str(alert)))
    forms = {"exim-4.94": "A TLS fatal alert has been received.", "exim-4.96": name}
    return forms.get(mta, f"rxd alert: {name}")


# gnutls_alert_get_name(3)
_GNUTLS_ALERTS: t.Final[dict[int, str]] = {
    HANDSHAKE_FAILURE: "Handshake failed",
    ILLEGAL_PARAMETER: "Illegal parameter",
    PROTOCOL_VERSION: "Error in protocol version",
    INSUFFICIENT_SECURITY: "Insufficient security",
    INTERNAL_ERROR: "Internal error",
}


def _openssl(library: str, alert: int, own: str) -> tuple[str, str]:
    if not own:
        return received(library, alert), alert_text(library, alert)
    refusal = OWN_REFUSALS[own]
    number = refusal.numbers.get(_V3 if library.startswith(_V3) else library)
    return f"error:{number}:{refusal.text}" if number else refusal.text, refusal.text


__all__ = [
    "HANDSHAKE_FAILURE",
    "ILLEGAL_PARAMETER",
    "INSUFFICIENT_SECURITY",
    "INTERNAL_ERROR",
    "OWN_REFUSALS",
    "PROTOCOL_VERSION",
    "OwnRefusal",
    "Refusal",
    "alert_text",
    "client_log",
    "received",
    "server_log",
]
