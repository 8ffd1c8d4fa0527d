#!/bin/sh
# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# On top of `sender`: a resolver that validates, on this host itself, and a Postfix that finds its way by DNS
# and insists on what TLSA records say, as the large providers do.
set -eu
cat > /etc/systemd/system/lab-unbound.service <<'UNIT'
[Service]
Type=notify
ExecStart=/usr/sbin/unbound -d -p -c /etc/postmaster-lab/unbound.conf
UNIT
systemctl daemon-reload
systemctl restart lab-unbound
printf 'nameserver 127.0.0.1\n' > /etc/resolv.conf
cp /etc/resolv.conf /var/spool/postfix/etc/resolv.conf 2> /dev/null || true
postconf -X transport_maps
postconf -e \
    'smtp_dns_support_level = dnssec' \
    'smtp_host_lookup = dns' \
    'smtp_tls_security_level = dane' \
    'smtp_tls_loglevel = 1' \
    'minimal_backoff_time = 5s' \
    'maximal_backoff_time = 10s' \
    'queue_run_delay = 5s'
postfix check
systemctl restart postfix
