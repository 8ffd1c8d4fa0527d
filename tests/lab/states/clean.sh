#!/bin/sh
# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# A sound, modern Postfix: package defaults, an RSA certificate, ports 25, 587 and 465.
# Argument: the name of the host. Mail for postmaster@example.test goes to /home/postmaster/Maildir.
#
# shellcheck disable=SC2016  # Postfix expands these names, not the shell
set -eu
name=$1

echo 'u postmaster - "The mailbox of the lab" /home/postmaster' | systemd-sysusers -
install -d -o postmaster -g postmaster -m 700 /home/postmaster
cp -p /var/lib/postmaster-lab/main.cf /var/lib/postmaster-lab/master.cf /etc/postfix/
postconf -X smtpd_tls_session_cache_database smtp_tls_session_cache_database 2>/dev/null || true
postconf -e \
    "myhostname = $name.example.test" \
    'mydomain = example.test' \
    'myorigin = $mydomain' \
    'mydestination = $myhostname, $mydomain, localhost.$mydomain, localhost' \
    'mynetworks = 127.0.0.0/8 [::1]/128' \
    'inet_interfaces = all' \
    'inet_protocols = all' \
    'relayhost =' \
    'alias_maps =' \
    'alias_database =' \
    'home_mailbox = Maildir/' \
    'mailbox_command =' \
    'smtp_dns_support_level = disabled' \
    'smtpd_tls_cert_file = /etc/postfix/tls/'"$name.crt" \
    'smtpd_tls_key_file = /etc/postfix/tls/'"$name.key" \
    'smtpd_tls_security_level = may' \
    'smtpd_tls_loglevel = 1' \
    'smtpd_tls_received_header = yes' \
    'smtp_tls_security_level = may' \
    'smtp_tls_loglevel = 1'
postconf -M \
    'submission/inet=submission inet n - y - - smtpd' \
    'smtps/inet=smtps inet n - y - - smtpd'
postconf -P \
    'submission/inet/syslog_name=postfix/submission' \
    'submission/inet/smtpd_tls_security_level=encrypt' \
    'smtps/inet/syslog_name=postfix/smtps' \
    'smtps/inet/smtpd_tls_wrappermode=yes'
postfix check
systemctl restart postfix
