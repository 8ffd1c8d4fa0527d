#!/bin/sh
# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Knot serves the root, test, example.test and the zones that fail. Their texts come from
# /etc/postmaster-lab/zones; here they get keys, DS records and, where they expired, signatures.
# Applied again, every zone is as it was at first, with the same keys.
set -eu
from=/etc/postmaster-lab
zones=/var/lib/knot/zones
keymgr() { command keymgr -c $from/knot.conf "$@"; }

install -d -o knot -g knot /run/knot /var/lib/knot "$zones"
cp $from/zones/*.zone "$zones"

while read -r zone; do
    keymgr "$zone" list 2>/dev/null | grep -q '[0-9a-f]\{40\}' ||
        keymgr "$zone" generate algorithm=ecdsap256sha256 ksk=yes zsk=yes > /dev/null
done < $from/signed
ds() { keymgr "$1" ds | grep ' 13 2 '; }
ds test >> $zones/root.zone
for zone in example malformed nsec3 optout; do ds $zone.test; done >> $zones/test.zone
ds wrongkey.test | sed 's/[0-9a-f]*$/0000000000000000000000000000000000000000000000000000000000000000/' >> $zones/test.zone
keymgr . dnskey > $from/trust-anchor

cd /var/lib/knot
[ -e expired.key ] || mv "$(ldns-keygen -a ECDSAP256SHA256 -k expired.test).key" expired.key
set -- Kexpired.test.*.private
key=${1%.private}
cp expired.key "$key.key"
ldns-signzone -i 20190101000000 -e 20200101000000 -f $zones/expired.test.zone $from/zones/expired.test.zone "$key"
cat "$key.ds" >> $zones/test.zone

chown -R knot:knot /var/lib/knot
sh /etc/postmaster-lab/start-knot.sh
