# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import socket
import sys
import tempfile
import threading
import time
import typing as t
from pathlib import Path

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._postfix import _trial
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._trial import (
    Ground,
    Installed,
    Trial,
    complaints_in,
    private_directory,
)

# As recorded from `smtpd -S -u -V` of Postfix 3.10.13.
RECORDED = """\
postmaster-tls-candidate/smtpd: warning: Invalid TLS protocol list "TLSv1.9": disabling TLS support
postmaster-tls-candidate/smtpd: connect from localhost[127.0.0.1]
postmaster-tls-candidate/smtpd: warning: connect to public/cleanup: No such file or directory
postmaster-tls-candidate/smtpd: warning: postmaster notify: No such file or directory
postmaster-tls-candidate/smtpd: disconnect from localhost[127.0.0.1] ehlo=1 starttls=0/1 commands=1/2
"""


def test_what_the_trial_itself_causes_is_no_complaint() -> None:
    assert complaints_in(RECORDED) == (
        'Invalid TLS protocol list "TLSv1.9": disabling TLS support',
    )


def test_a_fatal_error_is_a_complaint() -> None:
    assert complaints_in('x/smtpd: fatal: Invalid TLS level "foo"\n') == (
        'Invalid TLS level "foo"',
    )


def heard(replies: t.Sequence[bytes], *, seconds: float = 30.0) -> tuple[bool, list[bytes]]:
    """Play a daemon that sends these replies, one after each line that it gets; what it got."""
    ours, theirs = socket.socketpair()
    got: list[bytes] = []

    def daemon() -> None:
        with theirs:
            for index, reply in enumerate(replies):
                theirs.sendall(reply)
                if index + 1 < len(replies):
                    got.append(theirs.recv(1000))
            theirs.settimeout(0.2)
            try:
                got.append(theirs.recv(1000))
            except OSError:
                time.sleep(0)

    thread = threading.Thread(target=daemon)
    thread.start()
    late = _trial._dialogue(ours, time.monotonic() + seconds)
    ours.close()
    thread.join()
    return late, [line for line in got if line]


def test_the_dialogue_goes_as_far_as_starttls_and_no_further() -> None:
    replies = [b"220 mx ESMTP\r\n", b"250-mx\r\n250-STARTTLS\r\n250 SIZE\r\n", b"220 ready\r\n"]
    assert heard(replies) == (False, [b"EHLO localhost\r\n", b"STARTTLS\r\n"])


def test_starttls_is_not_asked_for_where_it_is_not_offered() -> None:
    assert heard([b"220 mx\r\n", b"250-mx\r\n250 SIZE\r\n"]) == (False, [b"EHLO localhost\r\n"])


def test_smtp_shows_that_it_is_ready_with_a_header_of_its_own() -> None:
    assert heard([b"protocol\0delivery_request_protocol\0\0"]) == (False, [])


def test_silence_is_no_verdict() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert _trial._dialogue(ours, time.monotonic() + 0.1) is True


def test_a_daemon_that_is_not_there_is_not_determined() -> None:
    ground = Ground("/nonexistent", "/etc/postfix", Installed("/nonexistent", 0, 0))
    verdict = ground.put_to_trial(Trial("smtpd", ()))
    assert verdict.complaints == ()
    assert verdict.undetermined == "/nonexistent/smtpd: No such file or directory"


def test_overrides_come_before_what_keeps_the_trial_quiet(tmp_path: t.Any) -> None:
    program = tmp_path / "smtpd"
    program.write_text(
        f"#!{sys.executable}\n"
        "import sys\n"
        "print('x/smtpd: warning: ' + ' '.join(sys.argv[1:]), file=sys.stderr)\n"
    )
    program.chmod(0o755)
    ground = Ground(str(tmp_path), "/etc/postfix", Installed(str(tmp_path), 0, 0))
    trial = Trial(
        "smtpd", (("syslog_name", "mine"), ("local_recipient_maps", "proxy:unix:passwd.byname"))
    )
    (words,) = ground.put_to_trial(trial).complaints
    assert words.startswith("-S -n smtpd -t unix -u -V -o syslog_name=mine")
    assert "-o local_recipient_maps=unix:passwd.byname" in words
    assert words.index("syslog_name=mine") < words.index("syslog_name=postmaster-tls-candidate")


@pytest.mark.parametrize("name", ["main.cf", "master.cf"])
def test_the_files_of_a_candidate_are_never_links_to_the_live_ones(
    tmp_path: t.Any, name: str
) -> None:
    source, destination = tmp_path / "a", tmp_path / "b"
    source.mkdir()
    destination.mkdir()
    for entry in (name, "dynamicmaps.cf"):
        (source / entry).write_text("")
    _trial.link_others(str(source), str(destination))
    assert [path.name for path in destination.iterdir()] == ["dynamicmaps.cf"]


def test_what_a_killed_run_left_behind_is_removed_the_next_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for name, age in (("mine-stale", 7200), ("mine-in-use", 60), ("of-others", 7200)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "main.cf").write_text("a = password\n")
        os.utime(tmp_path / name, (time.time() - age,) * 2)
    (tmp_path / "mine-link").symlink_to(tmp_path / "of-others")
    new = private_directory("mine-")
    left = {path.name for path in tmp_path.iterdir()} - {os.path.basename(new)}
    assert left == {"mine-in-use", "of-others", "mine-link"}
    assert (tmp_path / "of-others" / "main.cf").exists()
