#!/bin/sh
# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# On top of `clean`: a host with an RSA certificate whose excludes grew over the years until nothing
# is left that a modern sender offers, and whose protocol list mixes included and excluded names, so
# that TLS 1.3 is off. Senders meet "no shared cipher".
set -eu
postconf -e \
    'smtpd_tls_protocols = TLSv1.2, TLSv1.1, !TLSv1, !SSLv2, !SSLv3' \
    'smtpd_tls_exclude_ciphers = aNULL, eNULL, LOW, EXP, MEDIUM, ADH, AECDH, MD5, DSS, ECDSA, 3DES, CAMELLIA128, CAMELLIA256, RSA+AES, EECDH, EDH, ARIA'
systemctl reload postfix
