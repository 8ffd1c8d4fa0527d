# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The daemon of a sendmail in a container, begun and ended so that it is known when it listens, and what a client gets.

Debian's start script returns after two seconds, whether or not the daemon has come that far; the daemon opens its ports
after it has left its parent, one after the other (getrequests() in sendmail/daemon.c). Here it is started with the
arguments that Debian gives it.
"""

from __future__ import annotations

from ansible_collections.postmaster.tls.tests.support.boxes import Box

COMMAND = "/usr/sbin/sendmail-mta -Am -L sm-mta -bd -q10m"
#: The last of the ports that the state of the lab has.
_LAST_PORT = 465
_NAMES = "'sendmail|sendmail-mta'"
_END = f"""
while pkill -x {_NAMES}; do sleep 0.1; done
"""
_BEGIN = """
if {command}; then
    until ss -Hltn 'sport = {port}' | grep -q .; do
        pgrep -x {names} > /dev/null || exit 1
        sleep 0.1
    done
fi
"""


def end(box: Box) -> None:
    """End the daemon, if one runs."""
    box.sh(_END)


def begin(box: Box, command: str = COMMAND) -> None:
    """Start a daemon in place of the one that runs; back when it listens everywhere, or has refused to start."""
    box.sh(_END + _BEGIN.format(command=command, port=_LAST_PORT, names=_NAMES))


def talk(box: Box, *options: str, port: int = 25) -> str:
    """What openssl tells of a connection to the daemon as it runs."""
    starttls = "" if port == 465 else "-starttls smtp"
    client = f"openssl s_client {starttls} -connect 127.0.0.1:{port} -brief"
    return box.sh(f"{client} {' '.join(options)} </dev/null 2>&1 || true")


def logged(box: Box, word: str) -> str:
    """The last line with a word in what the daemon has logged; waits until it is there."""
    return box.sh(
        f"until journalctl -q -t sm-mta --grep '{word}' > /tmp/logged; do sleep 0.2; done; tail -1 /tmp/logged"
    )


__all__ = ["COMMAND", "begin", "end", "logged", "talk"]
