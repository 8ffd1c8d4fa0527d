# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Postfix itself says what is in force after an edit, and judges what must not come into force."""

from __future__ import annotations

import difflib
import re
import typing as t

import pytest
from ansible_collections.postmaster.tls.tests.support.boxes import Box
from ansible_collections.postmaster.tls.tests.support.waiting import until

pytestmark = pytest.mark.lab

FILES = "/etc/postfix/main.cf /etc/postfix/master.cf"
VALUES = {
    "smtpd_tls_protocols": "!SSLv2, !SSLv3, !TLSv1, !TLSv1.1",
    "smtpd_tls_mandatory_protocols": "!SSLv2,!SSLv3",
    "smtpd_tls_exclude_ciphers": "aNULL, MD5",
    "smtpd_banner": "$myhostname ESMTP ${mail_name}",
    "smtpd_tls_security_level": "may",
    "tls_high_cipherlist": "HIGH:!aNULL",
    "relayhost": "",
}
OVERRIDES = {
    "smtpd_tls_security_level": "encrypt",
    "smtpd_tls_exclude_ciphers": "aNULL, DES",
    "smtpd_tls_ciphers": "high",
}


def digest(box: Box) -> str:
    return box.sh(f"sha256sum {FILES}; ls -a /etc/postfix")


def in_force(box: Box, *names: str) -> dict[str, str]:
    lines = box.sh(f"postconf {' '.join(names)}").splitlines()
    return {
        name.strip(): value.strip()
        for name, _equals, value in (line.partition("=") for line in lines)
    }


def overrides_in_force(box: Box, service: str) -> dict[str, str]:
    lines = box.sh(f"postconf -P '{service}/*' 2>/dev/null || postconf -P {service}").splitlines()
    split = (
        line.removeprefix(f"{service}/").partition("=")
        for line in lines
        if line.startswith(service)
    )
    return {name.strip(): value.strip() for name, _equals, value in split}


def edited(lines: t.Sequence[str]) -> list[str]:
    """A unified diff without its headers, whose names differ."""
    return [line for line in lines if not line.startswith(("--- ", "+++ "))]


def test_postfix_reads_back_what_was_asked_for_and_a_second_run_changes_nothing(box: Box) -> None:
    arguments: dict[str, t.Any] = {"parameters": VALUES, "services": {"smtp/inet": OVERRIDES}}
    predicted = box.module("postconf", check=True, **arguments)
    before = digest(box)
    assert predicted.get("changed"), predicted
    done = box.module("postconf", backup=True, **arguments)
    assert digest(box) != before
    assert (done["changes"], done["diff"]) == (predicted["changes"], predicted["diff"])
    assert in_force(box, *VALUES) == VALUES
    assert OVERRIDES.items() <= overrides_in_force(box, "smtp/inet").items()
    texts = [(box.read(path), box.read(path.rpartition(".")[0])) for path in done["backup_files"]]
    changed = [
        line
        for before, after in texts
        for line in difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
    ]
    shown = "".join(entry["prepared"] for entry in done["diff"])
    assert re.search(r"^@@ .* @@ smtp/inet$", shown, re.MULTILINE)
    shown = re.sub(r"^(@@ .* @@).*$", r"\1", shown, flags=re.MULTILINE)
    assert edited(changed) == edited(shown.splitlines())
    again = box.module("postconf", **arguments)
    assert (again["changed"], again["changes"], again["diff"]) == (False, [], [])
    box.sh("postfix check && postfix reload")


def test_removing_leaves_what_postconf_leaves(box: Box) -> None:
    box.sh(
        "cp -a /etc/postfix /tmp/twin; postconf -c /tmp/twin -X smtpd_tls_security_level relayhost"
    )
    box.module("postconf", parameters={"smtpd_tls_security_level": None, "relayhost": None})
    assert box.read("/etc/postfix/main.cf") == box.read("/tmp/twin/main.cf")
    box.sh("rm -r /tmp/twin")


def test_one_parameter_is_edited_to_the_same_text_as_by_postconf(box: Box) -> None:
    box.sh(
        "cp -a /etc/postfix /tmp/twin; postconf -c /tmp/twin -e 'relayhost = [192.0.2.9]' 'x_new = $relayhost'"
    )
    box.sh("cp /tmp/twin/main.cf /tmp/twin.cf; rm -r /tmp/twin")
    done = box.module(
        "postconf", parameters={"relayhost": "[192.0.2.9]", "mynetworks_style": "host"}
    )
    assert done["changed"], done
    twin = box.read("/tmp/twin.cf").replace("x_new = $relayhost\n", "")
    assert box.read("/etc/postfix/main.cf").replace(
        "mynetworks_style = host\n", ""
    ) == twin.replace("mynetworks_style = host\n", "")


def test_the_edited_service_is_the_one_that_postfix_runs(box: Box) -> None:
    box.module("postconf", services={"smtp/inet": {"smtpd_tls_security_level": "none"}})
    box.sh("postfix reload")
    ask = "python3 -c \"import smtplib; s = smtplib.SMTP('127.0.0.1', 25); s.ehlo(); print(s.has_extn('starttls'))\""
    until(lambda: box.sh(ask).strip() == "False", what="STARTTLS is not offered")


REJECTED = {
    "unknown-parameter": (
        {"parameters": {"smtpd_tls_protocol": ">=TLSv1.2"}},
        "has no parameter smtpd_tls_protocol",
    ),
    "unknown-override": (
        {"services": {"smtp/inet": {"smtpd_tls_protocolz": "x"}}},
        "has no parameter smtpd_tls_protocolz",
    ),
    "unknown-service": (
        {"services": {"smpt/inet": {"smtpd_tls_ciphers": "high"}}},
        "no service smpt/inet: it has smtp/inet",
    ),
    "invalid-protocol-list": (
        {"parameters": {"smtpd_tls_protocols": "TLSv1.4"}},
        'Invalid TLS protocol list "TLSv1.4"',
    ),
    "invalid-mandatory-protocol-list-while-tls-is-optional": (
        {"parameters": {"smtpd_tls_mandatory_protocols": "!TLSv1.0"}},
        'Invalid TLS protocol list "!TLSv1.0"',
    ),
    "invalid-protocol-list-of-the-client": (
        {"parameters": {"smtp_tls_mandatory_protocols": "TLSv1.4"}},
        "smtp_tls_mandatory_protocols: Invalid TLS protocol list",
    ),
    "invalid-protocol-list-of-one-service": (
        {"services": {"smtp/inet": {"smtpd_tls_protocols": "TLSv1.4"}}},
        "Invalid TLS protocol list",
    ),
    "invalid-level": (
        {"parameters": {"smtpd_tls_security_level": "maybe"}},
        'Invalid TLS level "maybe"',
    ),
    "invalid-grade": (
        {"parameters": {"smtpd_tls_ciphers": "strong"}},
        'invalid cipher grade: "strong"',
    ),
    "empty-cipher-list": (
        {"parameters": {"smtpd_tls_exclude_ciphers": "ALL"}},
        "no cipher match",
    ),
    "cipher-list-that-openssl-rejects": (
        {"parameters": {"tls_high_cipherlist": "NO-SUCH-CIPHER"}},
        "tls_high_cipherlist: ",
    ),
    "missing-certificate": (
        {"parameters": {"smtpd_tls_cert_file": "/etc/postfix/tls/absent.crt"}},
        "Postfix cannot use /etc/postfix/tls/absent.crt (No such file or directory), and nothing",
    ),
    "key-of-another-certificate": (
        {"parameters": {"smtpd_tls_key_file": "/etc/postfix/tls/other.key"}},
        "Postfix cannot use /etc/postfix/tls/other.key (key values mismatch), and nothing was changed",
    ),
    "key-as-certificate": (
        {"parameters": {"smtpd_tls_cert_file": "/etc/postfix/tls/other.key"}},
        "Postfix cannot use /etc/postfix/tls/other.key (no start line), and nothing was changed",
    ),
    "missing-client-certificate": (
        {
            "parameters": {
                "smtp_tls_security_level": "may",
                "smtp_tls_cert_file": "/etc/postfix/tls/absent.crt",
                "smtp_tls_key_file": "/etc/postfix/tls/absent.crt",
            }
        },
        "Postfix cannot use /etc/postfix/tls/absent.crt (No such file or directory), and nothing",
    ),
    "not-a-boolean": (
        {"parameters": {"smtpd_tls_received_header": "perhaps"}},
        "smtpd_tls_received_header",
    ),
    "second-line-in-a-value": (
        {"parameters": {"smtpd_banner": "x\nsmtpd_tls_auth_only = no"}},
        "has a line break",
    ),
}


@pytest.mark.parametrize("fault", REJECTED)
def test_what_postfix_rejects_never_becomes_the_live_file(box: Box, fault: str) -> None:
    arguments, words = REJECTED[fault]
    before = digest(box)
    done = box.module("postconf", **arguments)
    assert done.get("failed"), done
    assert words in done["msg"]
    assert "\n" not in done["msg"]
    assert digest(box) == before


def test_what_was_broken_before_does_not_stand_in_the_way(box: Box) -> None:
    box.sh("echo 'no_such_parameter = 1' >> /etc/postfix/main.cf")
    box.sh("sed -i 's/^smtpd_tls_key_file.*/smtpd_tls_key_file = \\/absent/' /etc/postfix/main.cf")
    box.sh("touch -d '1 minute ago' /etc/postfix/main.cf")
    done = box.module("postconf", parameters={"smtpd_tls_loglevel": "1"})
    assert done.get("changed"), done
    repaired = box.module(
        "postconf", parameters={"smtpd_tls_key_file": "/etc/postfix/tls/good.key"}
    )
    assert repaired.get("changed"), repaired


def test_the_trial_leaves_the_running_postfix_and_the_disk_alone(box: Box) -> None:
    watched = "pgrep -x master; ls /var/spool/postfix/private; ls /tmp; pgrep -x tlsmgr || true"
    before = box.sh(watched)
    done = box.module("postconf", parameters={"smtpd_tls_loglevel": "1"}, check=True)
    assert done["changed"]
    assert box.sh(watched) == before


def test_a_symbolic_link_and_its_mode_stay(box: Box) -> None:
    box.sh(
        "mv /etc/postfix/main.cf /etc/real.cf; ln -s ../real.cf /etc/postfix/main.cf; chmod 0640 /etc/real.cf"
    )
    done = box.module("postconf", parameters={"smtpd_tls_loglevel": "1"})
    assert done.get("changed"), done
    assert box.sh("readlink /etc/postfix/main.cf; stat -c %a /etc/real.cf") == "../real.cf\n640\n"
    assert "smtpd_tls_loglevel = 1" in box.read("/etc/real.cf")


def test_without_postfix_there_is_one_sentence(box: Box) -> None:
    done = box.module("postconf", parameters={"a": "b"}, postconf_command="/no/postconf")
    assert done["msg"].startswith("There is no Postfix on this host")


def test_as_a_user_there_is_one_sentence(box: Box) -> None:
    done = box.module("postconf", user="nobody", parameters={"smtpd_tls_loglevel": "1"})
    assert done["msg"] == "/etc/postfix/main.cf cannot be written as this user: run with become."
