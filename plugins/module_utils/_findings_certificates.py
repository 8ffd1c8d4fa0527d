# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""The part of the catalogue of findings that is about certificates and keys."""

from __future__ import annotations

import typing as t

#: Code, severity, title, explanation and remedy of each.
CERTIFICATES: t.Final[tuple[tuple[str, str, str, str, str], ...]] = (
    (
        "certificate-missing",
        "high",
        "TLS is on and no certificate is configured",
        "Only anonymous suites can be negotiated, and most senders do not offer them.",
        "Configure a certificate and its key.",
    ),
    (
        "certificate-key-mismatch",
        "critical",
        "The private key does not belong to the certificate",
        "The MTA cannot load the pair: it serves no TLS, or an older process still serves the old pair until the next restart.",
        "Install the key that the certificate was issued for.",
    ),
    (
        "certificate-unusable",
        "critical",
        "A certificate or key file cannot be loaded",
        "The library that the MTA is linked with refuses the file named in the evidence, so the MTA serves no TLS with it.",
        "Put a PEM certificate chain and an unencrypted PEM key where the configuration points to.",
    ),
    (
        "authority-expired",
        "low",
        "A certification authority that a service trusts has expired",
        "Chains that end at it are not verified any more; beside valid ones it does no harm, but the file is old.",
        "Update the file of authorities, or take the expired ones out of it.",
    ),
    (
        "certificate-expired",
        "critical",
        "The certificate has expired",
        "Senders that verify certificates refuse to deliver.",
        "Renew the certificate and reload the MTA.",
    ),
    (
        "certificate-not-yet-valid",
        "high",
        "The certificate is not valid yet",
        "Senders that verify certificates refuse to deliver until its first day.",
        "Check the clock of the host that issued it, or wait to install it.",
    ),
    (
        "certificate-expiring",
        "medium",
        "The certificate expires soon",
        "Senders that verify certificates will refuse to deliver when it has expired.",
        "Renew the certificate now; if it is renewed automatically, find out why it was not.",
    ),
    (
        "certificate-name-mismatch",
        "medium",
        "The certificate does not name this host",
        "Senders that verify by MTA-STS, or by DANE with usage 2, compare the MX name with the subject alternative names.",
        "Request a certificate whose subject alternative names include every MX name that points here.",
    ),
    (
        "chain-incomplete",
        "high",
        "An intermediate certificate is missing from what is served",
        "Senders that verify certificates cannot build a path to a root that they trust.",
        "Append every intermediate certificate to the certificate file, in order.",
    ),
    (
        "chain-unordered",
        "low",
        "The certificates of the chain are not in order",
        (
            "Each certificate has to be followed by that of its issuer. TLS 1.2 demands it (RFC 5246 section 7.4.2), and some "
            "older senders that verify certificates fail without it."
        ),
        "Write the server's certificate first, then each issuer after the certificate that it issued.",
    ),
    (
        "chain-expired",
        "medium",
        "A certificate of the chain is not valid now",
        (
            "An intermediate certificate has expired, or is not valid yet. Senders that verify certificates refuse to deliver, unless they find "
            "another way to a root that they trust."
        ),
        "Serve the intermediate certificate that the authority gives out now.",
    ),
    (
        "certificate-untrusted",
        "high",
        "The chain does not lead to a trusted root",
        "Senders that trust the roots that the probe was given, and no others, refuse to deliver where they verify certificates.",
        "Serve every intermediate certificate, of an authority that these senders trust; the evidence says where the chain ends.",
    ),
    (
        "certificate-not-for-servers",
        "high",
        "The certificate does not allow a TLS server to use it",
        (
            "Its extended key usage, its key usage or its basic constraints say that it is meant for something else, so senders "
            "that verify certificates refuse it."
        ),
        "Request a certificate with the extended key usage serverAuth, the key usage digitalSignature and CA:FALSE.",
    ),
    (
        "signature-weak",
        "medium",
        "A certificate of the chain is signed with a broken hash",
        (
            "Nobody who verifies certificates accepts signatures by MD5 or SHA-1, and OpenSSL 3 refuses to load them from "
            "security level 1 on."
        ),
        "Request a new certificate; every public authority signs with SHA-256 or better.",
    ),
    (
        "key-readable",
        "high",
        "The private key can be read by others",
        "Whoever can read the key can impersonate this server.",
        "Make the key file readable by its owner only: chmod 0600.",
    ),
    (
        "key-below-level",
        "medium",
        "One of the keys is too weak for the security level",
        (
            "OpenSSL loads it, and then ends every handshake in which it chooses a suite for it. Senders that do not know the other "
            "type of key get no session, nor do those up to TLS 1.2 that prefer this type, although a suite for the other is left."
        ),
        "Request a certificate for a larger key of this type, or take the pair out of the configuration.",
    ),
    (
        "key-weak",
        "medium",
        "The key of the certificate is too small",
        "Some senders, and every current guideline, refuse RSA keys below 2048 bits.",
        "Request a certificate for a new key: RSA with 3072 bits, or ECDSA with P-256.",
    ),
)

__all__ = ["CERTIFICATES"]
