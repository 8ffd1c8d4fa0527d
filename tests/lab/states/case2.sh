#!/bin/sh
# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# On top of `dane` or `sendmail-dane`: both certificates were renewed with new keys, and nobody thought of the TLSA records.
# Senders that validate DANE refuse; mail from everybody else flows.
# Argument: the name of the host.
set -eu
name=$1
mta=postfix directory=/etc/postfix/tls
if [ -d /etc/mail/tls ]; then mta=sendmail directory=/etc/mail/tls; fi
cd $directory
for kind in '' -ecdsa; do
    install -m 644 "next/$name$kind.crt" "$name$kind.crt"
    install -m 600 "next/$name$kind.key" "$name$kind.key"
done
systemctl reload-or-restart $mta
