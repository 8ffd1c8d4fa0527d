#!/bin/sh
# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# On top of `sendmail`: a cipher list whose excludes grew over the years until nothing is left that a modern sender offers,
# and no TLS 1.3 (SSL_OP_NO_TLSv1_3, a name that 8.15 does not know). Senders meet "no shared cipher".
set -eu
sed -i '/^MAILER_DEFINITIONS/e cat /dev/stdin' /etc/mail/sendmail.mc <<'END'
define(`confCIPHER_LIST', `ALL:!aNULL:!eNULL:!LOW:!EXP:!MD5:!DSS:!aECDSA:!3DES:!CAMELLIA:!ARIA:!kRSA:!kEECDH:!kEDH')dnl
define(`confSERVER_SSL_OPTIONS', `+0x20000000')dnl
END
make --silent --directory=/etc/mail > /dev/null 2>&1
systemctl restart sendmail
until ss -Hltn 'sport = 465' | grep -q .; do sleep 0.1; done
