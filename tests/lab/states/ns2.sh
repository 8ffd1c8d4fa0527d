#!/bin/sh
# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# A second server for example.test, which transfers the zone from ns1.
set -eu
install -d -o knot -g knot /run/knot /var/lib/knot
cat > /etc/systemd/system/lab-knot.service <<'UNIT'
[Service]
Type=notify
ExecStart=/usr/sbin/knotd -c /etc/postmaster-lab/knot.conf
UNIT
systemctl daemon-reload
systemctl restart lab-knot
for _ in $(seq 100); do
    kdig @127.0.0.1 +short +dnssec example.test SOA | grep -q '^SOA' && exit 0
    sleep 0.1
done
echo 'the second name server did not transfer example.test' >&2
exit 1
