# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.postmaster.tls.plugins.module_utils._changed_lines import (
    changed_lines,
)

MASTER = """\
# service type
smtp      inet  n - y - - smtpd
submission inet n - y - - smtpd
  -o syslog_name=postfix/submission
  -o smtpd_tls_security_level=may
#628 inet n - y - - qmqpd
"""


def test_a_changed_line_of_main_cf_stands_alone() -> None:
    shown = changed_lines("/etc/postfix/main.cf", "a = 1\npassword = x\n", "a = 2\npassword = x\n")
    assert shown == (
        "--- /etc/postfix/main.cf\n+++ /etc/postfix/main.cf\n@@ -1 +1 @@\n-a = 1\n+a = 2\n"
    )


def test_a_hunk_of_master_cf_names_its_service() -> None:
    after = MASTER.replace("level=may", "level=encrypt").replace(
        "smtp      inet  n - y - - smtpd\n", "smtp      inet  n - y - - smtpd\n  -o a=b\n"
    )
    shown = changed_lines("/etc/postfix/master.cf", MASTER, after).splitlines()
    assert shown[2:] == [
        "@@ -2,0 +3 @@ smtp/inet",
        "+  -o a=b",
        "@@ -5 +6 @@ submission/inet",
        "-  -o smtpd_tls_security_level=may",
        "+  -o smtpd_tls_security_level=encrypt",
    ]


def test_a_line_that_was_removed_names_its_service_too() -> None:
    after = MASTER.replace("  -o smtpd_tls_security_level=may\n", "")
    assert "@@ -5 +4,0 @@ submission/inet\n" in changed_lines("/x/master.cf", MASTER, after)


def test_what_does_not_change_is_not_shown() -> None:
    assert changed_lines("/etc/postfix/main.cf", "a = 1\n", "a = 1\n") == ""
