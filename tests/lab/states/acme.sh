#!/bin/sh
# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# On top of `dane`: an ACME authority for tests (Pebble) at https://localhost:14000/dir, which finds names by the lab's
# resolver. Clients trust its own certificate, /etc/postmaster-lab/acme/server.crt.
set -eu
place=/etc/postmaster-lab/acme
mkdir -p $place
[ -e $place/server.crt ] ||
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=localhost \
        -addext subjectAltName=DNS:localhost -keyout $place/server.key -out $place/server.crt 2> /dev/null
cat > $place/pebble.json <<JSON
{"pebble": {
    "listenAddress": "127.0.0.1:14000", "managementListenAddress": "127.0.0.1:15000",
    "certificate": "$place/server.crt", "privateKey": "$place/server.key",
    "httpPort": 80, "tlsPort": 443, "ocspResponderURL": "", "externalAccountBindingRequired": false,
    "retryAfter": {"authz": 1, "order": 1}
}}
JSON
resolver=$(getent ahostsv4 sender-dane.example.test | sed -n '1s/ .*//p')
cat > /etc/systemd/system/lab-pebble.service <<UNIT
[Service]
Environment=PEBBLE_VA_NOSLEEP=1 PEBBLE_WFE_NONCEREJECT=0
ExecStart=/usr/bin/pebble -config $place/pebble.json -dnsserver $resolver:53
UNIT
systemctl daemon-reload
systemctl restart lab-pebble
for _ in $(seq 600); do
    openssl s_client -connect 127.0.0.1:14000 < /dev/null > /dev/null 2>&1 && exit 0
    sleep 0.1
done
echo 'the ACME authority does not answer' >&2
exit 1
