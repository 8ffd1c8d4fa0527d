# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""The part of the catalogue of findings that is about DANE: TLSA records, and the certificates that they are for."""

from __future__ import annotations

import typing as t

#: Code, severity, title, explanation and remedy of each.
DANE: t.Final[tuple[tuple[str, str, str, str, str], ...]] = (
    (
        "stale-tlsa",
        "critical",
        "The TLSA records are not those of the certificate that is served",
        (
            "Senders that validate DANE refuse the certificate and keep their mail. Those that let OpenSSL refuse end the handshake with alert "
            "42, which the log here shows as 'bad certificate'; Postfix finishes it and quits. Mail from everybody else flows, so nobody "
            "notices. It happens when a certificate with a new key is served before its record is published, and the old record has left every "
            "cache."
        ),
        (
            "Publish the record of the key that is served (publish has the line), and wait for the old time to live; or serve the old "
            "certificate and key again until then, if they are still there."
        ),
    ),
    (
        "tlsa-unfit",
        "critical",
        "A TLSA record is for this chain, and validating senders refuse it all the same",
        (
            "A record of usage 2 (DANE-TA) asks for a whole, valid chain from the server's certificate to the one that the record is for, "
            "and for the name of the server in it. Senders that validate DANE keep their mail."
        ),
        "Mend what the evidence says of the chain, or publish a record 3 1 1 of the key that is served: that one asks for nothing else.",
    ),
    (
        "tlsa-unusable",
        "high",
        "No TLSA record can be used",
        (
            "Senders that validate DANE then insist on TLS, and verify no certificate (RFC 7672 section 2.2): mail arrives, without the "
            "protection that the records are there for."
        ),
        "Publish a record 3 1 1 of the key that is served (publish has the line), and remove the others.",
    ),
    (
        "tlsa-malformed",
        "low",
        "One of the TLSA records cannot be used",
        "Senders ignore it and go by the others.",
        "Remove it, or publish it again as the evidence says that it has to be.",
    ),
    (
        "tlsa-combination",
        "low",
        "A combination of TLSA parameters has no record of what is served",
        (
            "Not every sender knows every combination of usage, selector and matching type, so each that is published has to fit by itself "
            "(RFC 7671 section 8). Senders that know another one of these records deliver."
        ),
        (
            "Publish the record of what is served for the combination in the evidence too, or remove its records. Announce a next certificate "
            "with combinations that fit the one of today."
        ),
    ),
    (
        "tlsa-without-dnssec",
        "medium",
        "TLSA records are published where DNSSEC does not protect them",
        (
            "Senders ignore TLSA records that are not signed, and do not look for them where the addresses of the server are not signed "
            "(RFC 7672 section 2.2.2), so they protect nothing."
        ),
        "Sign the zone and publish its DS record in the parent zone, that of an alias and its target too; or remove the TLSA records.",
    ),
    (
        "mx-without-dnssec",
        "low",
        "The MX records of the domain are not protected by DNSSEC",
        (
            "Somebody on the path can lead senders to another server than this one, so what its TLSA records prove is less "
            "(RFC 7672 section 2.2.1)."
        ),
        "Sign the zone of the domain, and publish its DS record in the parent zone.",
    ),
    (
        "mx-elsewhere",
        "medium",
        "Mail for the domain does not come to this server",
        (
            "No MX record of the domain names it, so senders of mail for the domain never ask for its TLSA records, however right they are."
        ),
        "Ask about the servers in the evidence instead; or mend the MX records, or the domain that was given.",
    ),
    (
        "dane-bogus",
        "critical",
        "The DNS answers for this server fail DNSSEC validation",
        (
            "To a validating resolver the server's name or its TLSA records do not exist, so senders with one keep all mail for it, whether they "
            "use DANE or not."
        ),
        "Sign the zone anew, and compare its DS record in the parent zone with its keys; the evidence says what does not hold.",
    ),
    (
        "dane-lookup-failed",
        "high",
        "The look-up of the TLSA records fails",
        "Senders that validate DANE cannot tell whether there are records, so they keep their mail (RFC 7672 section 2.1.2).",
        "Ask the authoritative servers of the zone for the record in the evidence; a firewall or an old server may refuse unknown types.",
    ),
)

__all__ = ["DANE"]
