# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""The catalogue of findings: the one source of codes, severities, explanations and remedies."""

from __future__ import annotations

import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._findings_certificates import (
    CERTIFICATES,
)
from ansible_collections.postmaster.tls.plugins.module_utils._findings_dane import DANE
from ansible_collections.postmaster.tls.plugins.module_utils._findings_sendmail import SENDMAIL
from ansible_collections.postmaster.tls.plugins.module_utils._findings_served import SERVED
from ansible_collections.postmaster.tls.plugins.module_utils._records import dataclass

SEVERITIES: t.Final = ("critical", "high", "medium", "low", "info")


@dataclass(frozen=True)
class Kind:
    """One entry of the catalogue. The code is stable over releases; the texts may be improved."""

    code: str
    severity: str
    title: str
    explanation: str
    remedy: str


@dataclass(frozen=True)
class Finding:
    """One thing found at one place: the shape that modules return and reports read."""

    code: str
    severity: str
    where: str
    message: str
    evidence: str
    remedy: str

    def as_dict(self) -> dict[str, str]:
        return dict(vars(self))


def _catalogue(*kinds: Kind) -> dict[str, Kind]:
    by_code = {kind.code: kind for kind in kinds}
    if len(by_code) != len(kinds):
        raise ValueError("two findings share a code")
    return by_code


CATALOGUE: t.Final[dict[str, Kind]] = _catalogue(
    Kind(
        "no-shared-cipher",
        "critical",
        "No cipher suite is left that a sender can get",
        "Nothing is left of what most senders offer (AES-GCM, ChaCha20, AES-CBC): the cipher list, the exclusions or the kind "
        "of the certificate keep it from being used. Such senders fail with 'no shared cipher', and keep their mail where they "
        "insist on TLS.",
        "Remove the exclusions named in the evidence, or apply a policy that fits the installed certificate.",
    ),
    Kind(
        "no-common-group",
        "critical",
        "No key exchange group is left that most senders offer",
        "Senders of today offer X25519, P-256, P-384 or P-521. With none of these the handshake fails although suites are "
        "left, and says so as 'handshake failure'.",
        "Put X25519 and prime256v1 into the list of groups: tls_eecdh_auto_curves in Postfix, Groups in openssl.cnf.",
    ),
    Kind(
        "cipher-list-rejected",
        "critical",
        "OpenSSL rejects the cipher list",
        "The library that the MTA is linked with finds no suite in the list, so the MTA serves no TLS at all.",
        "Use names that this library knows: see the cipher list in the evidence.",
    ),
    Kind(
        "handshake-breaks-off",
        "critical",
        "OpenSSL breaks off every handshake after it has chosen a suite",
        "The certificate is too weak for the security level: the library answers the first message, finds that when it is "
        "about to send the certificate, and ends the handshake with an internal error. A scan for suites sees nothing of it.",
        "Lower @SECLEVEL in the cipher list, or install a certificate with a larger key.",
    ),
    Kind(
        "protocol-list-invalid",
        "critical",
        "The protocol list has a name that this version does not know",
        "Postfix answers an unknown protocol name by switching TLS off, so mail falls back to plaintext or is refused.",
        "Use only the names and forms that this version knows, or let the policy spell the list.",
    ),
    Kind(
        "protocol-list-mixed",
        "high",
        "The protocol list mixes included and excluded names",
        "A list with an included name excludes every protocol that it does not include, newer ones too: the exclusions "
        "beside it say nothing more, and TLS 1.3 is off.",
        "Use '>=TLSv1.2' from Postfix 3.6 on, before that a list of exclusions only.",
    ),
    Kind(
        "protocol-list-empty",
        "critical",
        "No protocol is left",
        "The protocol list and the library together leave no TLS version, so no handshake can succeed.",
        "Allow TLSv1.2 at least.",
    ),
    Kind(
        "tls13-off",
        "medium",
        "TLS 1.3 is switched off by configuration",
        "The library speaks TLS 1.3, and the protocol list keeps it from being used.",
        "Use '>=TLSv1.2' from Postfix 3.6 on, before that a list of exclusions only.",
    ),
    Kind(
        "security-level-invalid",
        "critical",
        "The TLS security level does not exist",
        "Postfix ends the process that reads such a level, so the service does not answer at all.",
        "Use none, may or encrypt for a server; see postconf(5) for the levels of the client.",
    ),
    Kind(
        "starttls-not-offered",
        "high",
        "The service does not offer STARTTLS",
        "Without STARTTLS all mail arrives in plaintext, and a sender that insists on TLS keeps it.",
        "Set smtpd_tls_security_level = may, with a certificate and its key.",
    ),
    Kind(
        "starttls-fails",
        "high",
        "STARTTLS is offered and then refused",
        (
            "A sender that insists on TLS keeps its mail; the others deliver in plaintext, or try again later. The MTA could not "
            "set up TLS, most often for want of a key, a certificate or a cipher list that it can use."
        ),
        "Read the MTA's log of this moment; run mta_tls_facts on the host, which compares key, certificate and lists.",
    ),
    Kind(
        "bytes-after-starttls",
        "high",
        "Bytes follow the reply to STARTTLS in plaintext",
        "What stands between '220' and the handshake can have been put there by anybody on the path (CVE-2011-0411).",
        "Update the MTA; look for a proxy in front of it.",
    ),
    *(Kind(*row) for row in CERTIFICATES),
    *(Kind(*row) for row in SENDMAIL),
    Kind(
        "library-differs",
        "medium",
        "The MTA does not run on the OpenSSL that the openssl command shows",
        "What 'openssl ciphers' prints says nothing about this MTA.",
        "Read the facts of the library that the MTA is linked with; restart the MTA after an update of OpenSSL.",
    ),
    Kind(
        "library-not-compiled-for",
        "medium",
        "The MTA runs on another line of OpenSSL than it was compiled for",
        "Postfix warns of this at every start: settings of the newer line may have no effect, and a session can fail in ways "
        "that nobody has tested.",
        "Install the MTA that the system has for this OpenSSL, or compile it anew.",
    ),
    Kind(
        "parameter-deprecated",
        "low",
        "A parameter is deprecated in this version",
        "Postfix ignores it already, or will no longer have it in a later release; then the setting is lost without a"
        " word.",
        "Use the parameter that the remedy names, or leave this one out.",
    ),
    Kind(
        "starttls-injection",
        "high",
        "This release has the STARTTLS injection fault",
        "Releases before 2.4.16, 2.5.12, 2.6.9, 2.7.3 and 2.8.0 carry out commands that anybody on the path put "
        "behind STARTTLS in plaintext (CVE-2011-0411). A distribution may have mended its package without a new "
        "number.",
        "Update Postfix, or read the change log of the package for CVE-2011-0411.",
    ),
    Kind(
        "protocol-bound-blank",
        "high",
        "A blank follows '>=' or '<=' in the protocol list",
        "Postfix reads a bound without a version, which bounds nothing, and then a single included protocol: all "
        "others are off, newer ones too.",
        "Write the bound without a blank, such as >=TLSv1.2.",
    ),
    Kind(
        "protocol-as-cipher",
        "high",
        "A protocol is named in a list of ciphers",
        "As a cipher keyword, SSLv3 or TLSv1 means every suite that this protocol can use: to exclude it leaves few "
        "suites or none, and switches no protocol off.",
        "Take the name out of the list of ciphers, and exclude the protocol in the list of protocols.",
    ),
    Kind(
        "list-out-of-reach",
        "low",
        "A list for mandatory TLS is not read by this service",
        "A service with opportunistic TLS reads the lists without 'mandatory' in their names, so the setting changes "
        "nothing here.",
        "Set the parameter that the evidence names as well, if the list is meant for this service.",
    ),
    Kind(
        "plaintext-auth",
        "high",
        "Passwords can be sent in plaintext",
        "The service offers AUTH before STARTTLS, so a mail program without TLS sends its password in clear, and "
        "anybody on the path can make it do so.",
        "Set smtpd_tls_auth_only = yes, or take AUTH away from this service.",
    ),
    Kind(
        "inbound-plaintext",
        "high",
        "Mail arrives without TLS",
        "The service does not offer STARTTLS, so every message arrives in plaintext, and a sender that insists on TLS keeps it.",
        "Set smtpd_tls_security_level = may, with a certificate and its key; under postscreen, tlsproxy in master.cf as well.",
    ),
    Kind(
        "mandatory-on-mx",
        "medium",
        "Servers without TLS cannot deliver mail here",
        "A server that MX records name must not insist on TLS (RFC 3207 section 4): mail of senders that have none is lost.",
        "Set smtpd_tls_security_level = may for this service, unless all its senders are known to have TLS.",
    ),
    Kind(
        "outbound-plaintext",
        "medium",
        "Mail leaves without TLS",
        "The client never asks for STARTTLS, so every message travels in plaintext, also to servers that offer TLS.",
        "Set smtp_tls_security_level = may, or dane with a resolver that validates DNSSEC.",
    ),
    Kind(
        "dh-weak",
        "high",
        "The prime of DHE is too small",
        "Current libraries refuse a handshake with fewer than 2048 bits ('dh key too small'), and 1024 bits can be "
        "broken by those who can afford it.",
        "Leave smtpd_tls_dh1024_param_file out, so that Postfix uses its own parameters, or make a file with 2048 "
        "bits.",
    ),
    Kind(
        "opportunistic-strict",
        "medium",
        "Opportunistic TLS is stricter than policies advise",
        "A sender that cannot meet the lists does not get better TLS: it delivers in plaintext, or not at all. TLS 1.2 and the "
        "suites of RFC 9325 section 4.2 (ECDHE with AES-GCM) are what every policy leaves to other servers.",
        "Allow on port 25 what the evidence names, and keep the stricter list for submission.",
    ),
    Kind(
        "only-dhe",
        "high",
        "Only suites with DHE are left for senders without TLS 1.3",
        "Several large senders do not offer DHE, so they fail with 'no shared cipher' although suites are left.",
        "Undo what the evidence names, so that suites with ECDHE or RSA come back.",
    ),
    Kind(
        "certificate-unfit",
        "high",
        "No installed certificate fits the list of ciphers",
        "Every suite of the list up to TLS 1.2 needs a certificate of a type that is not installed, so senders "
        "without TLS 1.3 fail.",
        "Install a certificate of the type in the evidence, or allow the suites of the installed one.",
    ),
    Kind(
        "no-suite-before-tls13",
        "high",
        "Senders without TLS 1.3 cannot get a suite",
        "TLS 1.2 is on, but no suite that a sender offers there is left, so it fails with 'no shared cipher'.",
        "Undo what the evidence names, or switch TLS 1.2 off if that is meant.",
    ),
    Kind(
        "parameter-unknown",
        "medium",
        "A parameter does not exist in this version",
        "Postfix ignores a parameter that it does not know, so the setting has no effect.",
        "Remove the parameter, or use the one that this version has.",
    ),
    Kind(
        "option-unknown",
        "medium",
        "A list of OpenSSL's options has a name that Postfix does not know",
        "Postfix logs a warning and goes on without it, so what it was meant to switch on or off stays as it is. The names of "
        "tls_ssl_options and of tls_disable_workarounds are different ones.",
        "Use the names that postconf(5) has for this parameter, or a number such as 0x4000.",
    ),
    Kind(
        "override-misses-tlsproxy",
        "medium",
        "An override on smtpd does not reach tlsproxy",
        "Under postscreen, tlsproxy does the handshake with parameters of its own (tlsproxy_tls_*).",
        "Override the same parameters on the tlsproxy service.",
    ),
    Kind(
        "submission-not-mandatory",
        "high",
        "A submission service does not insist on TLS",
        "Users' passwords and mail can travel in plaintext.",
        "Set -o smtpd_tls_security_level=encrypt on the service in master.cf.",
    ),
    Kind(
        "plaintext-fallback",
        "medium",
        "The policy is stricter than opportunistic TLS bears",
        "A sender that cannot meet the policy on port 25 does not get better TLS: it delivers in plaintext, or not at all.",
        "Use the policy for submission, and a wider one for port 25; read the mail log for who would be lost.",
    ),
    Kind(
        "policy-not-expressible",
        "info",
        "This version cannot express a part of the policy",
        "The MTA or its library has no parameter for it; the evidence says which part and what comes nearest.",
        "Accept the difference, or update the MTA.",
    ),
    Kind(
        "policy-unfit-certificate",
        "critical",
        "The policy leaves no suite for the installed certificate",
        "Every suite of the policy needs a certificate of a type that is not installed, so all senders would fail.",
        "Install a certificate of the type in the evidence, or choose another policy.",
    ),
    Kind(
        "policy-unfit-library",
        "critical",
        "The policy has no suite that this OpenSSL knows",
        "Every suite of the policy is younger than the library that the MTA is linked with, so all senders would fail.",
        "Update the MTA and its OpenSSL, or choose a wider policy until then.",
    ),
    Kind(
        "policy-violation",
        "medium",
        "More is accepted than the policy allows",
        "The server accepts protocols or suites that the policy excludes.",
        "Apply the policy with the role of this MTA, or set what the evidence names.",
    ),
    Kind(
        "throttled",
        "info",
        "The server limited the connections of the probe",
        "A limit is not a verdict: what could not be asked is not determined.",
        "Probe again with fewer connections and a longer interval, or from an address that the limits exempt.",
    ),
    Kind(
        "not-determined",
        "info",
        "Something could not be found out",
        "The evidence says what was tried and how it ended.",
        "Remove the cause in the evidence and run again; as an unprivileged user, run with become.",
    ),
    *(Kind(*row) for row in SERVED),
    *(Kind(*row) for row in DANE),
)


def finding(
    code: str, *, where: str, evidence: str, message: str | None = None, remedy: str | None = None
) -> Finding:
    """A finding of the catalogue at one place; the catalogue's title and remedy serve unless better ones are given.

    Raises KeyError for a code that the catalogue does not have: that is a fault of the collection.
    """
    kind = CATALOGUE[code]
    return Finding(
        code=code,
        severity=kind.severity,
        where=where,
        message=message or kind.title,
        evidence=evidence,
        remedy=remedy or kind.remedy,
    )


__all__ = ["CATALOGUE", "SEVERITIES", "Finding", "Kind", "finding"]
