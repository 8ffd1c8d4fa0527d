#!/usr/bin/env bash
# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# usage: tests/lab/demo.sh
#
# The main job on real mail servers: a Postfix that shares no cipher with any modern sender is hardened, and the
# message that it refused arrives over TLS. Ends with status 0 only if it did. The lab stays up afterwards.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
checkout=$(cd "$here/../.." && pwd -P)
subject="demo-$(date +%s)-$$"

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

# log_of HOST PATTERN: the lines of its mail log since the demo began.
log_of() { on "$1" journalctl --no-pager --output=short-iso --since "@$began" --grep "$2" 2>/dev/null | grep -v '^-- '; }

arrived() { on mx1 sh -c "grep -rl --include='*' -F 'Subject: $subject' /home/postmaster/Maildir/new 2>/dev/null"; }

harden() {
    ANSIBLE_FORCE_COLOR="${ANSIBLE_FORCE_COLOR-}" in_venv ansible-playbook \
        -i "$inventory" "$checkout/playbooks/harden-mta.yml" "$@"
}

title "1. The lab: mx1 (Postfix) and sender (Postfix), each in a container"
inventory=$(lab up case1 --fresh | tail -n 1)
lab status
began=$(on mx1 date +%s)

title "2. What is wrong: sender insists on TLS, and mx1 shares no cipher with it"
on mx1 postconf smtpd_tls_protocols smtpd_tls_exclude_ciphers
on sender sh -c "printf 'Subject: %s\n\nHello over TLS.\n' '$subject' | sendmail -i -f demo@sender.example.test postmaster@example.test"
wait_for 60 log_of mx1 'no shared cipher' || stop "mx1 did not log 'no shared cipher' within 60 seconds; see: tests/lab/lab.py exec mx1 journalctl"
printf '\nthe log of mx1:\n%s\n' "$seen"
wait_for 60 log_of sender 'status=deferred' || stop "sender did not defer the message within 60 seconds; see: tests/lab/lab.py exec sender journalctl"
printf '\nthe log of sender:\n%s\n' "$seen"

title "3. What would change: ansible-playbook playbooks/harden-mta.yml --check --diff"
harden --check --diff

title "4. The change: ansible-playbook playbooks/harden-mta.yml"
harden

title "5. The message that was refused arrives over TLS"
on sender postqueue -f
wait_for 60 arrived || stop "the message did not arrive within 60 seconds; see: tests/lab/lab.py exec mx1 journalctl"
wait_for 10 log_of mx1 'TLS connection established from sender' ||
    stop "the message arrived, and mx1 logged no TLS connection from sender: it came in plaintext"
printf 'the log of mx1:\n%s\n\nThe message is in the mailbox of postmaster@example.test. Done.\n' "$(tail -n 1 <<<"$seen")"
