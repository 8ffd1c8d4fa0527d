#!/bin/sh
# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# A second server for example.test, which transfers the zone from ns1.
set -eu
install -d -o knot -g knot /run/knot /var/lib/knot
sh /etc/postmaster-lab/start-knot.sh
