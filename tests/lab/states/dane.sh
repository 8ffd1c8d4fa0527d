#!/bin/sh
# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# On top of `clean`: an ECDSA certificate beside the RSA one; both are as the TLSA records of ns1 say.
# Argument: the name of the host.
set -eu
name=$1
cd /etc/postfix/tls
for kind in '' -ecdsa; do
    install -m 644 "first/$name$kind.crt" "$name$kind.crt"
    install -m 600 "first/$name$kind.key" "$name$kind.key"
done
postconf -e \
    "smtpd_tls_eccert_file = /etc/postfix/tls/$name-ecdsa.crt" \
    "smtpd_tls_eckey_file = /etc/postfix/tls/$name-ecdsa.key"
systemctl restart postfix
