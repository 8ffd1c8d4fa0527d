#!/bin/sh
# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# A Postfix that sends only over TLS: mail for example.test to mx1, mail for NAME.example.test to that
# host. It tries again soon. There is no DNS; names are in /etc/hosts.
# Argument: the name of the host.
#
# shellcheck disable=SC2016  # Postfix expands these names, not the shell
set -eu
name=$1

cp -p /var/lib/postmaster-lab/main.cf /var/lib/postmaster-lab/master.cf /etc/postfix/
postconf -X smtpd_tls_session_cache_database smtp_tls_session_cache_database 2>/dev/null || true
postconf -e \
    "myhostname = $name.example.test" \
    'mydomain = example.test' \
    'myorigin = $myhostname' \
    'mydestination = $myhostname, localhost' \
    'mynetworks = 127.0.0.0/8 [::1]/128' \
    'inet_interfaces = loopback-only' \
    'inet_protocols = all' \
    'relayhost =' \
    'alias_maps =' \
    'alias_database =' \
    'smtp_dns_support_level = disabled' \
    'transport_maps = inline:{{example.test = smtp:[mx1.example.test]}}' \
    'smtp_tls_security_level = encrypt' \
    'smtp_tls_CAfile = /etc/postfix/tls/lab-ca.crt' \
    'smtp_tls_loglevel = 1' \
    'smtp_connect_timeout = 5s' \
    'queue_run_delay = 30s' \
    'minimal_backoff_time = 60s' \
    'maximal_backoff_time = 120s' \
    'maximal_queue_lifetime = 1h' \
    'bounce_queue_lifetime = 1h'
postfix check
systemctl restart postfix
