# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Containers of Postfix, sendmail, Exim and OpenSMTPD, each with several services that differ in their TLS."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.postmaster.tls.tests.support.server_park import (
    HOST_NAME,
    Container,
    Image,
)

KEYS = "/park/keys"
RSA = (f"smtpd_tls_cert_file={KEYS}/rsa.crt", f"smtpd_tls_key_file={KEYS}/rsa.key")
NO_RSA = ("smtpd_tls_cert_file=none", "smtpd_tls_key_file=none")
ECDSA = (f"smtpd_tls_eccert_file={KEYS}/p256.crt", f"smtpd_tls_eckey_file={KEYS}/p256.key")
LOOSE = (
    *ECDSA,
    "smtpd_tls_protocols=!SSLv2",
    "smtpd_tls_ciphers=export",
    "tls_export_cipherlist=ALL:@SECLEVEL=0",
)
_MAIN = (
    f"myhostname={HOST_NAME}",
    "mydestination=localhost",
    "inet_interfaces=all",
    "inet_protocols=ipv4",
    "mynetworks=127.0.0.0/8",
    "maillog_file=/var/log/maillog",
    "biff=no",
    "alias_maps=",
    "alias_database=",
    "smtpd_client_connection_rate_limit=0",
    "smtpd_client_connection_count_limit=0",
    "smtpd_client_new_tls_session_rate_limit=0",
    "smtpd_tls_security_level=may",
    *RSA,
)


@dataclass(frozen=True)
class Service:
    """One smtpd(8): what differs from the container's main.cf, and how many processes it may have."""

    address: str
    overrides: tuple[str, ...] = ()
    port: int = 25
    limit: int | None = None

    @property
    def lines(self) -> str:
        """Its lines in master.cf."""
        limit = "-" if self.limit is None else self.limit
        options = "".join(f"  -o {{{override}}}\n" for override in self.overrides)
        return f"{self.address}:{self.port} inet n - n - {limit} smtpd\n{options}"


def postfix(name: str, suite: str, services: t.Sequence[Service]) -> Container:
    """A Postfix of one Debian release."""
    settings = " ".join(f"'{setting}'" for setting in _MAIN)
    master = "\n".join(service.lines for service in services)
    script = f"""
postconf -X smtpd_tls_session_cache_database smtp_tls_session_cache_database 2>/dev/null || true
postconf -e {settings}
sed -i -e '/^smtp  *inet/d' /etc/postfix/master.cf
cat >> /etc/postfix/master.cf <<'END'
{master}
END
exec postfix start-fg
"""
    sockets = tuple((service.address, service.port) for service in services)
    return Container(name, Image(suite), script, sockets)


@dataclass(frozen=True)
class Daemon:
    """A daemon with a configuration of its own: the address, and lines in its language."""

    address: str
    lines: tuple[str, ...] = ()
    port: int = 25


_SENDMAIL_MC = """divert(0)dnl
include(`/usr/share/sendmail/cf/m4/cf.m4')dnl
VERSIONID(`park')dnl
OSTYPE(`debian')dnl
DOMAIN(`debian-mta')dnl
undefine(`confHOST_STATUS_DIRECTORY')dnl
define(`confLOG_LEVEL', `0')dnl
define(`confPID_FILE', `/run/park-{number}.pid')dnl
FEATURE(`no_default_msa')dnl
DAEMON_OPTIONS(`Family=inet, Name=MTA, Port={port}, Addr={address}')dnl
define(`confCACERT_PATH', `/etc/ssl/certs')dnl
define(`confCACERT', `/park/keys/root.crt')dnl
define(`confSERVER_CERT', `/etc/mail/park/rsa.crt')dnl
define(`confSERVER_KEY', `/etc/mail/park/rsa.key')dnl
{lines}
MAILER(`local')dnl
MAILER(`smtp')dnl
"""


def sendmail(name: str, suite: str, daemons: t.Sequence[Daemon]) -> Container:
    """A sendmail of one Debian release; C(lines) are m4."""
    script = [
        "mkdir -p /etc/mail/park /var/run/sendmail/mta",
        "install -o root -g root -m 600 /park/keys/*.key /etc/mail/park",
        "install -o root -g root -m 644 /park/keys/*.crt /etc/mail/park",
    ]
    for number, daemon in enumerate(daemons):
        text = _SENDMAIL_MC.format(
            number=number, port=daemon.port, address=daemon.address, lines="\n".join(daemon.lines)
        )
        script += [
            f"cat > /etc/mail/park-{number}.mc <<'END'\n{text}\nEND",
            f"m4 /etc/mail/park-{number}.mc > /etc/mail/park-{number}.cf",
            f"sendmail -bD -C/etc/mail/park-{number}.cf &",
        ]
    sockets = tuple((daemon.address, daemon.port) for daemon in daemons)
    image = Image(suite, ("sendmail-bin", "sensible-mda", "m4"))
    return Container(name, image, "\n".join([*script, "wait"]), sockets)


__all__ = ["ECDSA", "KEYS", "LOOSE", "NO_RSA", "RSA", "Daemon", "Service", "postfix", "sendmail"]
