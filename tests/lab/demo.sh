#!/usr/bin/env bash
# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# usage: tests/lab/demo.sh
#
# The main job on real mail servers: a Postfix and a sendmail that share no cipher with any modern sender are hardened side
# by side, and the messages that they refused arrive over TLS. Ends with status 0 only if they did. The lab stays up afterwards.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
checkout=$(cd "$here/../.." && pwd -P)
subject="demo-$(date +%s)-$$"
declare -A mta=([mx1]=Postfix [sm-trixie]=sendmail)
declare -A hears=([mx1]='TLS connection established from sender' [sm-trixie]='STARTTLS=server, relay=sender.* version=TLS')

in_venv() { "$checkout/tests/tools/venv.sh" "$@"; }
lab() { in_venv python "$here/lab.py" "$@"; }
on() { lab exec "$@"; }

title() { printf '\n\033[1m== %s\033[0m\n\n' "$*"; }

stop() {
    printf 'demo: %s\n' "$*" >&2
    exit 1
}

# wait_for SECONDS COMMAND...: until the command succeeds; its output is kept in $seen.
wait_for() {
    local end=$((SECONDS + $1))
    shift
    until seen=$("$@") && [ -n "$seen" ]; do
        [ "$SECONDS" -lt "$end" ] || return 1
        sleep 0.5
    done
}

# log_of HOST PATTERN: the lines of its mail log since the demo began, without date and host.
log_of() {
    on "$1" journalctl --no-pager --output=short-iso --since "@$began" --grep "$2" 2> /dev/null |
        sed -n '/^-- /d; s/^[^ ]* [^ ]* //p'
}

arrived() { on "$1" sh -c "grep -rl --include='*' -F 'Subject: $subject' /home/postmaster/Maildir/new 2>/dev/null"; }

# wait_for_log HOST PATTERN: shows the line, shortened to the page.
wait_for_log() {
    wait_for 90 log_of "$1" "$2" || stop "$1 did not log '$2' within 90 seconds; see: tests/lab/lab.py exec $1 journalctl"
    printf '  %-9s  %s\n' "$1" "$(head -n 1 <<< "$seen" | sed 's/, relay=\([^[,]*\)\[.*\(status=\)/, relay=\1, \2/' | cut -c 1-170)"
}

# essence: of what Ansible says, only what a task shows or changes, failures, and the recap.
essence() {
    awk '/^included: |^PLAY |^$|^localhost / { next }
        /^TASK \[/ { sub(/^TASK \[([a-z_.]+ : )?/, "- "); sub(/\] \**$/, ""); task = $0; next }
        task != "" { print "\n" task; task = "" }
        / : ok=[0-9]/ && !recap { print ""; recap = 1 }
        { print "  " $0 }'
}

# Both hosts at once.
harden() {
    printf '    ansible-playbook -i %s playbooks/harden-mta.yml%s\n' "$inventory" "${*:+ $*}"
    ANSIBLE_NOCOLOR=1 ANSIBLE_DISPLAY_OK_HOSTS=false ANSIBLE_DISPLAY_SKIPPED_HOSTS=false \
        in_venv ansible-playbook -i "$inventory" "$checkout/playbooks/harden-mta.yml" -e harden_mta_batches=100% "$@" | essence
}

title "1. The lab: mx1 (Postfix) and sm-trixie (sendmail), which receive mail, and sender"
inventory=$(lab up both-case1 --fresh | tail -n 1)
lab status
began=$(on mx1 date +%s)

title "2. Before: sender insists on TLS, and shares no cipher with either"
on mx1 postconf smtpd_tls_exclude_ciphers
on sm-trixie grep --no-filename '^O \(CipherList\|ServerSSLOptions\)=' /etc/mail/sendmail.cf
on sender sh -c "printf 'Subject: %s\n\nHello over TLS.\n' '$subject' |
    sendmail -i -f demo@sender.example.test postmaster@example.test postmaster@sm-trixie.example.test"
printf '\nwhat the logs say:\n'
for host in mx1 sm-trixie; do
    wait_for_log "$host" 'no shared cipher'
done
for host in mx1 sm-trixie; do
    wait_for_log sender "relay=$host.*status=deferred"
done

title "3. What would change, and what senders would get then; nothing is changed yet"
harden --check --diff

title "4. The change: applied, reloaded, probed, and kept because the probe sees what was predicted"
harden

title "5. After: the messages that were refused arrive over TLS"
on sender postqueue -f
for host in mx1 sm-trixie; do
    wait_for 90 arrived "$host" || stop "the message did not arrive at $host within 90 seconds; see: tests/lab/lab.py exec $host journalctl"
    wait_for_log "$host" "${hears[$host]}"
done

title "6. The same, and what differs"
cat << 'END'
  The same for both: facts, policy, judgement by the MTA itself, prediction, checkpoint on the host, proof by probing, restoration.

                          Postfix (mx1)                              sendmail (sm-trixie)
  what is edited          main.cf, master.cf                         sendmail.mc, from which make builds sendmail.cf
  a list of suites for    each service, and the client, its own      all daemons and the client together
  TLS on port 587         is made mandatory                          cannot be made mandatory; port 465 is TLS at once
  a list with a fault     refused by OpenSSL: no TLS                 only logged, and the default list is served
  groups of TLS 1.3       those of the policy                        those of OpenSSL
END
printf '\nThe messages are in the mailboxes of postmaster on %s (%s) and %s (%s). Done.\n' mx1 "${mta[mx1]}" sm-trixie "${mta[sm-trixie]}"
