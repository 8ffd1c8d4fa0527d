#!/bin/sh
# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# On top of `sendmail`: an ECDSA certificate beside the RSA one; both are as the TLSA records of ns1 say.
# Argument: the name of the host.
set -eu
name=$1
tls=/etc/mail/tls
for kind in '' -ecdsa; do
    install -m 644 "$tls/first/$name$kind.crt" "$tls/$name$kind.crt"
    install -m 600 "$tls/first/$name$kind.key" "$tls/$name$kind.key"
done
sed -i \
    -e "s|^\(define(.confSERVER_CERT',\).*|\1 \`$tls/$name.crt,$tls/$name-ecdsa.crt')dnl|" \
    -e "s|^\(define(.confSERVER_KEY',\).*|\1 \`$tls/$name.key,$tls/$name-ecdsa.key')dnl|" \
    /etc/mail/sendmail.mc
make --silent --directory=/etc/mail > /dev/null 2>&1
systemctl restart sendmail
until ss -Hltn 'sport = 465' | grep -q .; do sleep 0.1; done
