# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a container needs: the files that configurations refer to, a plain sendmail.cf, and a second program."""

from __future__ import annotations

from mtadiff import materials
from mtadiff.sendmail.configuration import DIRECTORY, PROGRAMS

_MC = """divert(0)dnl
include(`/usr/share/sendmail/cf/m4/cf.m4')dnl
VERSIONID(`differential')dnl
OSTYPE(`debian')dnl
DOMAIN(`debian-mta')dnl
undefine(`confHOST_STATUS_DIRECTORY')dnl
define(`confOPENSSL_CNF', `')dnl
define(`confLOG_LEVEL', `14')dnl
define(`confTO_IDENT', `0s')dnl
define(`confREFUSE_LA', `1000')dnl
define(`confQUEUE_LA', `1000')dnl
define(`confCONTROL_SOCKET_NAME', `')dnl
FEATURE(`no_default_msa')dnl
FEATURE(`access_db', `hash -T<TMPF> {access}')dnl
MAILER(`local')dnl
MAILER(`smtp')dnl
"""
_SCRIPT = """
printf '127.0.0.1 mx.example.test localhost %s\\n' "$(hostname)" > /etc/hosts
: > /etc/resolv.conf
mkdir -p /var/run/sendmail/mta
install -o root -g root -m 755 /usr/sbin/sendmail {plain}
chmod 600 *.key
cp rsa.key readable.key
chmod 644 readable.key
cp dh2048.pem writable.pem
chmod 666 writable.pem
cat > base.mc <<'END'
{mc}END
: > access
makemap hash access < access
m4 base.mc | grep -v '^O DaemonPortOptions' > base.cf
"""


def setup_script() -> str:
    """Return the shell script that lays out and makes all of it."""
    mc = _MC.format(access=f"{DIRECTORY}/access")
    return materials.files_script(DIRECTORY) + _SCRIPT.format(mc=mc, plain=PROGRAMS["plain"])
