#!/bin/sh
# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# A sound sendmail: Debian's own sendmail.mc with an RSA certificate and ports 25, 587 and 465. What would slow a probe
# down is left out: the pause before the greeting, and the limits of connections and load.
# Argument: the name of the host. Mail for postmaster@example.test goes to /home/postmaster/Maildir.
set -eu
name=$1

echo 'u postmaster - "The mailbox of the lab" /home/postmaster' | systemd-sysusers -
install -d -o postmaster -g postmaster -m 700 /home/postmaster
# shellcheck disable=SC2016  # procmail expands this, not the shell
echo 'DEFAULT=$HOME/Maildir/' > /etc/procmailrc

address6=$(ip -6 -brief address show scope global dev eth0 | awk '{ split($3, part, "/"); print part[1] }' || true)
listen6=${address6:+DAEMON_OPTIONS(\`Family=inet6, Name=MTA-v6, Port=smtp, Addr=$address6\')dnl}
# Everything but the certificates goes back to what Debian installed.
find /etc/mail -mindepth 1 -maxdepth 1 ! -name tls -exec rm -rf {} +
cp -a /var/lib/postmaster-lab/mail/. /etc/mail/
printf 'hosts files\naliases files\n' > /etc/mail/service.switch
printf '%s\n' localhost example.test "$name.example.test" > /etc/mail/local-host-names
: > /etc/aliases

# sendmail sends the first certificate of a file only, and completes the chain from what it trusts.
awk '/BEGIN/ { n++ } n > 1' "/etc/mail/tls/$name.crt" | cat /etc/mail/tls/lab-ca.crt - > /etc/mail/tls/lab-trusted.crt

sed -i \
    -e '/^DAEMON_OPTIONS/d' \
    -e '/^FEATURE(`\(greet_pause\|conncontrol\|ratecontrol\)/d' \
    -e '/^define(`\(confCONNECTION_RATE\|confBAD_RCPT\)/d' \
    -e '/^MAILER_DEFINITIONS/e cat /dev/stdin' \
    /etc/mail/sendmail.mc <<END
DAEMON_OPTIONS(\`Family=inet, Name=MTA-v4, Port=smtp, Addr=0.0.0.0')dnl
$listen6
DAEMON_OPTIONS(\`Family=inet, Name=MSA-v4, Port=submission, Addr=0.0.0.0, M=E')dnl
DAEMON_OPTIONS(\`Family=inet, Name=TLSMSA-v4, Port=smtps, Addr=0.0.0.0, M=Es')dnl
dnl # The load is that of the whole machine
define(\`confREFUSE_LA', \`1000')dnl
define(\`confQUEUE_LA', \`1000')dnl
dnl # The certificate of the lab
define(\`confCACERT_PATH', \`/etc/ssl/certs')dnl
define(\`confCACERT', \`/etc/mail/tls/lab-trusted.crt')dnl
define(\`confSERVER_CERT', \`/etc/mail/tls/$name.crt')dnl
define(\`confSERVER_KEY', \`/etc/mail/tls/$name.key')dnl
END
make --silent --directory=/etc/mail > /dev/null 2>&1
newaliases > /dev/null
systemctl enable --quiet sendmail 2> /dev/null
systemctl restart sendmail
until ss -Hltn 'sport = 465' | grep -q .; do sleep 0.1; done
