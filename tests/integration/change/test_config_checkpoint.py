# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host restores itself: at the deadline, after a reboot, on a full disk, with files gone."""

from __future__ import annotations

import json
import subprocess
import typing as t

import pytest
from ansible_collections.postmaster.tls.tests.support.boxes import DRIVER, Box
from ansible_collections.postmaster.tls.tests.support.waiting import until

pytestmark = pytest.mark.lab

FILES = "/etc/postfix/main.cf /etc/postfix/master.cf"
STATE = "/var/lib/postmaster-tls/checkpoints"
LEFT_OVER = (
    f"set +e; ls -A {STATE} | grep -v lock; ls -A /etc/postfix | grep '^[.]'; "
    "ls -A /etc/systemd/system /etc/systemd/system/*.wants | grep postmaster; "
    "systemctl list-units --all --plain --no-legend 'postmaster*' 2>/dev/null; true"
)


def arm(box: Box, *, timeout: int, **more: t.Any) -> dict[str, t.Any]:
    arguments = {
        "state": "armed",
        "paths": [*FILES.split(), "/etc/postfix/absent.cf"],
        "restore_command": ["postfix", "reload"],
        "timeout": timeout,
        **more,
    }
    return box.module("config_checkpoint", **arguments)


def facts_of_files(box: Box) -> str:
    return box.sh(f"sha256sum {FILES}; stat -c '%n %a %u:%g %Y' {FILES}; ls /etc/postfix")


def spoil(box: Box) -> None:
    box.sh(
        "echo 'smtpd_banner = spoilt' >> /etc/postfix/main.cf; chmod 0600 /etc/postfix/main.cf; "
        "rm /etc/postfix/master.cf; echo x > /etc/postfix/absent.cf"
    )


def record(box: Box) -> dict[str, t.Any]:
    text = box.sh(f"cat {STATE}/postfix/outcome.json 2>/dev/null || true").strip()
    return t.cast("dict[str, t.Any]", json.loads(text)) if text else {}


def banner(box: Box) -> str:
    return box.sh(
        "python3 -c \"import socket; print(socket.create_connection(('127.0.0.1', 25), 20).recv(200))\""
    )


def test_the_host_restores_and_reloads_although_the_connection_was_killed(box: Box) -> None:
    before = facts_of_files(box)
    paths = [*FILES.split(), "/etc/postfix/absent.cf"]
    arguments = {
        "state": "armed",
        "paths": paths,
        "restore_command": "postfix reload",
        "timeout": 30,
    }
    payload = json.dumps(arguments)
    # A shell that would live on, as a connection does; it is killed with everything that it started.
    shell = f"echo '{payload}' | python3 -I -c '{DRIVER}' config_checkpoint; sleep 600"
    process = subprocess.Popen(
        box.podman.argv("exec", box.name, "sh", "-c", shell), stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    lines = iter(process.stdout.readline, b"")
    armed = json.loads(next(line for line in lines if line.strip()))
    assert (armed["changed"], armed["watcher"]) == (True, "systemd")
    process.kill()
    process.wait()
    process.stdout.close()
    until(lambda: box.sh("pkill -KILL -x sleep && echo killed || true"), what="killed")
    spoil(box)
    until(lambda: bool(record(box)), what="the watcher restored")
    assert facts_of_files(box) == before
    assert record(box)["command_status"] == 0
    until(lambda: "spoilt" not in banner(box), what="Postfix serves what was restored")
    late = box.module("config_checkpoint", state="confirmed")
    assert "can no longer be confirmed" in late["msg"]
    assert "(timeout)" in late["msg"]


def test_confirmed_in_time_nothing_is_restored_and_nothing_is_left(box: Box) -> None:
    assert arm(box, timeout=30)["changed"]
    box.sh("echo 'smtpd_banner = changed' >> /etc/postfix/main.cf")
    changed = facts_of_files(box)
    assert box.module("config_checkpoint", state="confirmed")["changed"]
    box.sh("sleep 31")
    assert facts_of_files(box) == changed
    assert box.sh(LEFT_OVER) == ""
    assert not box.module("config_checkpoint", state="confirmed")["changed"]


def test_a_reboot_in_between_restores_before_postfix_starts(box: Box) -> None:
    before = facts_of_files(box)
    assert arm(box, timeout=600)["watcher"] == "systemd"
    spoil(box)
    box.restart()
    until(lambda: bool(record(box)), what="the boot unit restored")
    assert facts_of_files(box) == before
    assert record(box)["reason"] == "reboot"
    box.sh("timeout 120 sh -c 'until systemctl is-active postfix; do sleep 0.5; done'")
    assert "spoilt" not in banner(box)
    assert arm(box, timeout=600)["changed"]
    box.module("config_checkpoint", state="restored")
    assert box.sh("find /etc/systemd/system -name '*postmaster*'") == ""


def test_a_second_arming_is_refused(box: Box) -> None:
    arm(box, timeout=600)
    assert "is already armed until" in arm(box, timeout=600)["msg"]
    done = box.module("config_checkpoint", state="restored")
    assert (done["changed"], done["restored"]) == (True, [])
    assert not box.module("config_checkpoint", state="restored")["changed"]


def test_files_that_vanished_with_their_staged_copies_come_back(box: Box) -> None:
    before = facts_of_files(box)
    arm(box, timeout=600)
    box.sh(f"rm {FILES} /etc/postfix/.m*")
    done = box.module("config_checkpoint", state="restored")
    assert done["restored"] == FILES.split()
    assert facts_of_files(box) == before


def test_check_mode_arms_nothing(box: Box) -> None:
    arguments = {"state": "armed", "paths": FILES.split(), "timeout": 60}
    assert box.module("config_checkpoint", check=True, **arguments)["changed"]
    assert box.sh(f"ls {STATE} 2>/dev/null || true") == ""


def test_as_a_user_there_is_one_sentence(box: Box) -> None:
    arguments = {"state": "armed", "paths": FILES.split(), "timeout": 60}
    done = box.module("config_checkpoint", user="nobody", **arguments)
    assert done["msg"].endswith("Permission denied; run with become.")


def test_without_systemd_a_process_watches(plain_box: Box) -> None:
    before = facts_of_files(plain_box)
    assert arm(plain_box, timeout=30)["watcher"] == "process"
    spoil(plain_box)
    until(lambda: bool(record(plain_box)), what="the process restored")
    assert facts_of_files(plain_box) == before
    assert record(plain_box)["command_status"] == 0
    until(lambda: "restorer" not in plain_box.sh("ps axo args"), what="the watcher ended")


def test_without_systemd_and_cron_the_next_call_after_a_reboot_restores(plain_box: Box) -> None:
    before = facts_of_files(plain_box)
    arm(plain_box, timeout=600)
    spoil(plain_box)
    plain_box.restart()
    done = arm(plain_box, timeout=600, restore_command=None)
    assert done["changed"], done
    assert facts_of_files(plain_box) == before
    plain_box.module("config_checkpoint", state="confirmed")
    arm(plain_box, timeout=600)
    plain_box.restart()
    assert "(overdue)" in plain_box.module("config_checkpoint", state="confirmed")["msg"]


def test_without_systemd_cron_restores_after_a_reboot(plain_box: Box) -> None:
    """There is no cron in the container: a shell runs what its table says."""
    before = facts_of_files(plain_box)
    plain_box.sh("mkdir -p /etc/cron.d")
    arm(plain_box, timeout=600)
    plain_box.sh("echo 'smtpd_banner = spoilt' >> /etc/postfix/main.cf")
    plain_box.restart()
    plain_box.sh("postfix start >/dev/null 2>&1")
    assert "spoilt" in banner(plain_box)
    plain_box.sh("sed -n 's/^@reboot root //p' /etc/cron.d/postmaster-* | sh")
    assert facts_of_files(plain_box) == before
    assert record(plain_box)["command_status"] == 0
    until(lambda: "spoilt" not in banner(plain_box), what="Postfix serves what was restored")
    assert plain_box.sh("ls /etc/cron.d | grep postmaster || true") == ""


def test_a_full_disk_refuses_to_arm_and_leaves_nothing_behind(plain_box: Box) -> None:
    plain_box.sh("head -c 36000 /dev/urandom > /small/big.cf")
    before = plain_box.sh("ls -lA /small")
    done = arm(plain_box, timeout=600, paths=["/small/big.cf"])
    assert "/small/" in done["msg"]
    assert "No space left on device; nothing was armed." in done["msg"]
    assert plain_box.sh("ls -lA /small") == before
    assert plain_box.sh(LEFT_OVER) == ""


def test_a_disk_that_fills_up_after_arming_does_not_hinder_restoring(plain_box: Box) -> None:
    plain_box.sh("head -c 8000 /dev/urandom > /small/tls.cf")
    before = plain_box.sh("sha256sum /small/tls.cf")
    arm(plain_box, timeout=600, paths=["/small/tls.cf"], state_directory="/small/state")
    plain_box.sh("rm /small/tls.cf; head -c 99999 /dev/zero > /small/fill 2>/dev/null || true")
    done = plain_box.module("config_checkpoint", state="restored", state_directory="/small/state")
    assert (done["changed"], done["restored"]) == (True, ["/small/tls.cf"])
    assert plain_box.sh("sha256sum /small/tls.cf") == before
