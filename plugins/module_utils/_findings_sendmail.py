# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""The part of the catalogue of findings that is about sendmail."""

from __future__ import annotations

import typing as t

#: Code, severity, title, explanation and remedy of each.
SENDMAIL: t.Final[tuple[tuple[str, str, str, str, str], ...]] = (
    (
        "cipher-list-ignored",
        "high",
        "OpenSSL rejects the CipherList, and sendmail goes on without it",
        (
            "The library finds nothing in the list that it knows. sendmail writes one line to its log and serves what the "
            "evidence says instead, so the list protects nobody although everything seems to work."
        ),
        "Use names that this library knows: 'openssl ciphers' with the list shows whether it does.",
    ),
    (
        "list-cut-off",
        "high",
        "sendmail reads only the beginning of a list",
        (
            "A value longer than 2047 characters is cut off without a word: what stands behind is not in force, and the last name "
            "may be a torn one."
        ),
        "Shorten the list: keywords such as ECDHE+AESGCM stand for many names.",
    ),
    (
        "cipher-suites-ignored",
        "medium",
        "OpenSSL rejects the CipherSuites, and sendmail goes on without them",
        "The library does not know a name in the list for TLS 1.3, so its own default list stays in force.",
        "Use the names of TLS 1.3 suites, such as TLS_AES_256_GCM_SHA384, separated by colons.",
    ),
    (
        "dh-ignored",
        "medium",
        "OpenSSL does not take the parameters for DHE",
        (
            "At the security level of the library they are too small, so no suite with DHE can be negotiated, even where the "
            "cipher list lowers the level: sendmail hands the parameters over before the list."
        ),
        "Use parameters with 2048 bits or more, or leave DHParameters out.",
    ),
    (
        "second-certificate-ignored",
        "high",
        "A certificate or key cannot be loaded, and sendmail goes on without it",
        "A client's certificate, or the second one behind the comma, is not used; sendmail only writes a line to its log.",
        "Compare the certificate and the key that belong together, and look at the permissions of both.",
    ),
    (
        "chain-not-served",
        "high",
        "sendmail does not send the intermediate certificates of its certificate file",
        (
            "sendmail loads the first certificate of ServerCertFile alone; OpenSSL completes the chain with what CACertFile and "
            "CACertPath hold. Intermediates that only follow in the certificate file are not sent, and whoever verifies the "
            "certificate, DANE senders with a record of usage 2 among them, finds no path to a root."
        ),
        "Append the intermediate certificates to the file that confCACERT names.",
    ),
    (
        "certificate-unsafe",
        "critical",
        "sendmail refuses a file because others could have changed or read it",
        (
            "sendmail loads no certificate, key or list of authorities that somebody other than its owner may write, and no key "
            "that others may read: it then has no TLS at all, and offers no STARTTLS."
        ),
        "Correct owner and permissions of the file and of the directories above it; of a key, 0600 and root.",
    ),
    (
        "sendmail-option-unknown",
        "critical",
        "sendmail does not start with an option that it does not know",
        (
            "A name or value that this version does not have is an error in sendmail.cf: the daemon ends as soon as it has read "
            "the file. The running daemon goes on with the old one until it is restarted."
        ),
        "Leave the option out, or use a form that this version has.",
    ),
    (
        "tls-setup-fails",
        "critical",
        "sendmail cannot set up TLS with an option, and goes on without",
        (
            "CertFingerprintAlgorithm names a digest that OpenSSL does not have, or CRLPath is empty. sendmail writes a line to its "
            "log, offers no STARTTLS, and its client sends in plaintext."
        ),
        "Correct the option in the evidence, or leave it out.",
    ),
    (
        "sendmail-without-tls",
        "high",
        "This sendmail is compiled without TLS",
        "'sendmail -d0.1 -bt' does not name STARTTLS, so no option about TLS has any effect.",
        "Install a sendmail that is compiled with STARTTLS.",
    ),
    (
        "cf-not-of-mc",
        "high",
        "sendmail.cf is not what sendmail.mc would build",
        (
            "Somebody edited sendmail.cf itself, or sendmail.mc and has not built it: the next run of make, or the next update "
            "of the package, replaces what is in force now."
        ),
        "Bring the difference into sendmail.mc, and build sendmail.cf with the make of /etc/mail.",
    ),
    (
        "command-line-option",
        "medium",
        "The daemon was started with an option of its own",
        (
            "An option on the command line counts, and the lines of sendmail.cf that set it do not, however often they are "
            "changed; with -C another file does."
        ),
        "Take the option out of what starts the daemon (its unit, /etc/default/sendmail, rc.conf), and set it in sendmail.mc.",
    ),
    (
        "access-map-unread",
        "medium",
        "The access map has entries about TLS that sendmail does not look up",
        (
            "Without FEATURE(`access_db') the map is not read at all, and TLS_Srv_features and TLS_Clt_features are only heeded "
            "with FEATURE(`tls_session_features')."
        ),
        "Add the feature that the evidence names to sendmail.mc, or take the entries out of the map.",
    ),
    (
        "access-map-stale",
        "medium",
        "The access map is older than its text",
        (
            "sendmail reads the database that makemap(8) writes, so what was changed in the text since has no effect."
        ),
        "Run the make of /etc/mail, or 'makemap hash /etc/mail/access < /etc/mail/access'.",
    ),
    (
        "listens-on-loopback",
        "info",
        "Port 25 is open to this host alone",
        "The daemon listens on the loopback interface, as Debian installs it: no mail from elsewhere arrives.",
        "Leave Addr out of DAEMON_OPTIONS if this host is to receive mail.",
    ),
)

__all__ = ["SENDMAIL"]
