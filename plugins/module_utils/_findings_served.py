# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""The part of the catalogue of findings that is about what a server shows to its senders."""

from __future__ import annotations

import typing as t

#: Code, severity, title, explanation and remedy of each.
SERVED: t.Final[tuple[tuple[str, str, str, str, str], ...]] = (
    (
        "no-shared-protocol",
        "critical",
        "No protocol version is accepted that a sender of today knows",
        "Senders of today offer TLS 1.2 or 1.3, and the server refuses both: mail arrives in plaintext, or not at all.",
        "Allow TLSv1.2 at least; an OpenSSL that does not know it must be updated with the MTA.",
    ),
    (
        "sslv2-accepted",
        "high",
        "SSL 2.0 is accepted",
        "It breaks sessions of newer versions too, with every server that has the same RSA key (CVE-2016-0800, DROWN).",
        "Exclude SSLv2 from the protocols of every service that uses this key.",
    ),
    (
        "sslv3-accepted",
        "medium",
        "SSL 3.0 is accepted",
        (
            "It can be broken (CVE-2014-3566). On port 25 it is still better than the plaintext that a sender without anything newer "
            "would fall back to; users' programs do not need it."
        ),
        "Exclude SSLv3 on submission services; on port 25 read the mail log for senders that have nothing newer, then exclude it.",
    ),
    (
        "null-ciphers",
        "medium",
        "Suites that encrypt nothing are accepted",
        "A session with such a suite is plaintext, and both sides call it TLS.",
        "Exclude eNULL from the cipher list.",
    ),
    (
        "export-ciphers",
        "medium",
        "Suites of export strength are accepted",
        (
            "Their keys of 40 or 56 bits are broken in no time, and somebody on the path can bring senders with old libraries to use "
            "them (CVE-2015-0204, CVE-2015-4000). On port 25 they are no better than plaintext."
        ),
        "Exclude EXPORT from the cipher list.",
    ),
    (
        "anonymous-ciphers",
        "info",
        "Suites without a certificate are accepted",
        "They protect against listening only, as opportunistic TLS on port 25 does anyway. A client that verifies certificates does not offer them.",
        "Nothing is to be done on port 25; on submission services exclude aNULL.",
    ),
    (
        "weak-dh",
        "high",
        "The Diffie-Hellman group is too small for senders of today",
        "Current OpenSSL and GnuTLS end the handshake at a prime below 1024 bits (dh key too small).",
        "Give the MTA a group of 2048 bits or more, or let it use its library's own.",
    ),
    (
        "common-dh-prime",
        "medium",
        "A published Diffie-Hellman prime below 2048 bits is used",
        (
            "Many servers share it, so work spent once on this prime breaks sessions with all of them (weakdh.org). Debian's and Red Hat's "
            "stricter settings of OpenSSL refuse it."
        ),
        "Give the MTA a group of 2048 bits or more, or let it use its library's own.",
    ),
    (
        "short-dh",
        "low",
        "The Diffie-Hellman group has fewer than 2048 bits",
        "Senders with a stricter setting of OpenSSL (security level 2) end the handshake at it.",
        "Give the MTA a group of 2048 bits or more, or let it use its library's own.",
    ),
    (
        "compression-on",
        "medium",
        "TLS compression is on",
        "The length of a compressed message tells what is in it (CVE-2012-4929), passwords on a submission service included.",
        "Update OpenSSL, where it is off since 1.1.0, or set NO_COMPRESSION among the options of the MTA.",
    ),
    (
        "insecure-renegotiation",
        "high",
        "Secure renegotiation is missing",
        "The server does not know RFC 5746 (CVE-2009-3555). Clients with OpenSSL 3 end the handshake before TLS 1.3.",
        "Update the library of the MTA, or the proxy in front of it.",
    ),
    (
        "client-renegotiation",
        "low",
        "A client may begin a new handshake within a session",
        "Each handshake costs the server more than the client.",
        "Set NO_RENEGOTIATION among the options of the MTA where its OpenSSL has it (1.1.0h and later).",
    ),
    (
        "client-certificate-requested",
        "low",
        "The server asks for a client certificate",
        "Most senders go on without one. A few end the handshake, and a long list of authorities makes it longer than some can read.",
        "Do not ask on port 25 (smtpd_tls_ask_ccert = no), unless relaying depends on it.",
    ),
    (
        "heartbeat-on",
        "low",
        "The heartbeat extension is on",
        "OpenSSL 1.0.1 before 1.0.1g gives away memory by it (CVE-2014-0160); this probe does not try that.",
        "Update OpenSSL, which leaves it out since 1.1.1.",
    ),
    (
        "command-injection",
        "high",
        "A command sent before the handshake is obeyed after it",
        "Somebody on the path can put commands in front of an encrypted session (CVE-2011-0411).",
        "Update the MTA; look for a proxy in front of it.",
    ),
    (
        "sender-refused",
        "low",
        "Senders of a known kind get no TLS session",
        "Their mail arrives in plaintext, or not at all where they insist on TLS; where this service insists, they cannot use it.",
        (
            "Read the log of this service for such clients. What current senders or programs need is worth allowing; those that speak SSL "
            "3.0 or TLS 1.0 only are to be updated, or given up: nothing old is to be switched on for them."
        ),
    ),
    (
        "certificate-revoked",
        "critical",
        "The certificate has been revoked",
        "The OCSP response that the server staples says so itself, and senders that ask for it refuse to deliver.",
        "Find out why the authority revoked it, and request a certificate for a new key.",
    ),
    (
        "staple-unusable",
        "medium",
        "The stapled OCSP response is of no use",
        "It is out of date, for another certificate or not signed by its issuer; a sender that insists on one refuses to deliver.",
        "See that the MTA, or whatever fetches the response for it, reaches the OCSP responder of the authority.",
    ),
)

__all__ = ["SERVED"]
