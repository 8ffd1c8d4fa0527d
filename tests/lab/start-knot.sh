#!/bin/sh
# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Starts the name server of a host with the lab's configuration, and waits until it answers with signatures. It lies
# beside that configuration.
set -eu
cat > /etc/systemd/system/lab-knot.service <<'UNIT'
[Service]
Type=notify
ExecStart=/usr/sbin/knotd -c /etc/postmaster-lab/knot.conf
UNIT
systemctl daemon-reload
systemctl restart lab-knot
for _ in $(seq 600); do
    kdig @127.0.0.1 +short +dnssec example.test SOA | grep -q '^SOA' && exit 0
    sleep 0.1
done
echo 'the name server does not answer for example.test with signatures' >&2
exit 1
