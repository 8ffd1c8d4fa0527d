# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks as they are typed.

What is given with -e: no word that Ansible keeps for itself, about which it would warn, and none that nobody reads.
"""

from __future__ import annotations

import contextlib
import json
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible.vars.reserved import get_reserved_names
from ansible_collections.postmaster.tls.tests.support.mail_servers import (
    make_keys,
    openssl_server,
    relayed,
    scripted,
)

TESTS = Path(__file__).resolve().parents[1]
PLAYBOOK = TESTS.parent / "playbooks" / "diagnose_mta.yml"
AUDIT = PLAYBOOK.with_name("audit_mta.yml")
PROGRAM = str(Path(sys.executable).with_name("ansible-playbook"))
BUILD = TESTS / "fixtures" / "sendmail" / "debug-bookworm.txt"


def test_no_variable_of_the_page_is_a_reserved_name() -> None:
    words = set(re.findall(r"\b(\w+) \| default|-e (\w+)=|[ ,](\w+)=", PLAYBOOK.read_text()))
    names = {name for found in words for name in found if name}
    assert {"host", "mail_port", "policy", "senders", "tls_mode", "checks"} <= names
    assert not names & get_reserved_names()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["host=::1", "chekcs=dane"], "diagnose_mta has no variable chekcs: it knows host,"),
        (["host=::1", '{"mail_prot": 25, "tls": 1}'], "has no variable mail_prot, tls: it"),
        (["policy=modern"], "Name the server to look at with -e host=NAME; also -e mail_port=,"),
        (["host=::1", "mail_port=65536"], "mail_port is '65536': give a TCP port from 1 to"),
        (["host=::1", "seconds=soon"], "seconds is 'soon': give how many seconds it all may take."),
        (["host=::1", "fail_on=warning"], "fail_on is 'warning', and can be never, critical,"),
    ],
)
def test_a_variable_that_nobody_reads_is_refused(options: list[str], said: str) -> None:
    command = [PROGRAM, "-i", "localhost,", str(PLAYBOOK)]
    command += [word for one in options for word in ("-e", one)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stdout
    assert said in " ".join(done.stdout.split())


@pytest.fixture(scope="module")
def misnamed_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a server whose certificate is for another name."""
    keys = make_keys(tmp_path_factory.mktemp("keys"), "another.example.test")
    options = ("-cert", str(keys.rsa), "-key", str(keys.rsa_key))
    with openssl_server(*options) as backend, scripted(relayed(backend)) as front:
        yield front.port


@pytest.mark.parametrize(
    ("limit", "ends", "said"),
    [
        ("high", 0, "certificate-name-mismatch"),
        ("medium", 2, "mx.example.test: found certificate-name-mismatch; the page above"),
    ],
)
def test_what_is_found_is_an_error_where_that_is_wanted(
    misnamed_server: int, limit: str, ends: int, said: str
) -> None:
    options = {"host": "mx.example.test", "address": "127.0.0.1", "mail_port": misnamed_server}
    options |= {"checks": "handshake,certificates", "fail_on": limit}
    command = [PROGRAM, "-i", "localhost,", str(PLAYBOOK), "-e", json.dumps(options)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == ends, done.stdout
    assert said in " ".join(done.stdout.split())


@contextlib.contextmanager
def port_without_a_server() -> Iterator[int]:
    """A port of the loopback that stays taken, so that nobody else begins to listen there."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


def test_a_server_that_nobody_could_ask_is_not_sound() -> None:
    with port_without_a_server() as port:
        asked = f"host=127.0.0.1 mail_port={port}"
        command = [PROGRAM, "-i", "localhost,", str(PLAYBOOK), "-e", asked]
        ends = [
            subprocess.run([*command, *more], capture_output=True, text=True, check=False)
            for more in ((), ("-e", "fail_on=critical"))
        ]
    assert [one.returncode for one in ends] == [0, 2], ends[0].stdout
    assert "127.0.0.1: nothing could be asked; the page above" in " ".join(ends[1].stdout.split())


@pytest.mark.parametrize(
    ("playbook", "option", "said"),
    [
        ("audit_mta", "audit_mta_prob=true", "audit_mta has no variable audit_mta_prob: it knows"),
        ("harden_mta", "harden_mta_host=mx1", "harden_mta has no variable harden_mta_host: it"),
        ("rotate_certificate", "dane_rolover_name=mx", "has no variable dane_rolover_name: it"),
        ("rotate_certificate", "dane_rollover_nam=mx", "has no variable dane_rollover_nam: it"),
        (
            "harden_mta",
            "postfix_tls_stat=undone",
            "harden_mta has no variable postfix_tls_stat: it",
        ),
        (
            "harden_mta",
            "state=undone",
            "did you mean harden_mta_state or postfix_tls_state or sendmail_tls_state? it knows",
        ),
        ("audit_mta", "hosts=mx1", "has no variable hosts: did you mean audit_mta_hosts? it knows"),
        ("harden_mta", "mx_policy=modern", "did you mean postfix_tls_mx_policy or sendmail_tls_mx"),
        ("harden_mta", "timeout=30 address=192.0.2.1", "has no host that matches 'mta'"),
        ("rotate_certificate", "name=mx key=/k", "has no host that matches 'mta'"),
        ("audit_mta", "site=oslo", "The inventory has no host that matches 'mta'"),
    ],
)
def test_a_misspelled_variable_of_a_playbook_is_refused(
    playbook: str, option: str, said: str
) -> None:
    path = str(PLAYBOOK.with_name(f"{playbook}.yml"))
    command = [PROGRAM, "-i", "localhost,", path, "-e", option]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode != 0, done.stdout
    assert said in " ".join(done.stdout.split())


def test_the_machine_itself_by_a_name_that_no_inventory_has() -> None:
    """What is wrong besides is said next, so that nothing is done."""
    path = str(PLAYBOOK.with_name("harden_mta.yml"))
    options = "harden_mta_hosts=127.0.0.1 harden_mta_batches=foo"
    command = [PROGRAM, "-i", "mx1,", path, "-e", options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "harden_mta_batches is foo" in done.stdout


@pytest.mark.parametrize("playbook", ["audit_mta", "harden_mta", "rotate_certificate"])
@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            ["--limit", "web1"],
            "--limit web1 leaves none of the hosts that match 'mta', which are mx1",
        ),
        (["--tags", "mail"], "--tags or --skip-tags leaves no task of "),
        (["--skip-tags", "untagged"], "--tags or --skip-tags leaves no task of "),
        (["--limit", "mx1", "-e", "harden_mta_host=x dane_x=x audit_x=x"], " has no variable "),
    ],
)
def test_what_selects_nothing_does_not_end_as_if_all_were_well(
    playbook: str, options: list[str], said: str, tmp_path: Path
) -> None:
    inventory = tmp_path / "inventory.yml"
    inventory.write_text("{mta: {hosts: {mx1: {}}}, others: {hosts: {web1: {}}}}")
    path = str(PLAYBOOK.with_name(f"{playbook}.yml"))
    command = [PROGRAM, "-i", str(inventory), path, *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stdout
    assert said in " ".join(done.stdout.split())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("harden_mta_batches=foo", "harden_mta_batches is foo: expected how many hosts go at once"),
        (
            "harden_mta_batches=[1,5]",
            """as -e '{"harden_mta_batches": [1, 5, "25%"]}'. Nothing was""",
        ),
        ('{"harden_mta_batches": [1, "5 %"]}', "harden_mta_batches is 1, 5 %: expected how many"),
        ("harden_mta_state=present", "harden_mta_state is present: expected applied or undone."),
        (
            "postfix_tls_state=undone harden_mta_mta=sendmail",
            "mx1: sendmail runs here and would be hardened, while postfix_tls_state is undone: say",
        ),
        (
            "sendmail_tls_state=undone harden_mta_mta=postfix harden_mta_batches=100%",
            "mx1: postfix runs here and would be hardened, while sendmail_tls_state is undone: say",
        ),
        (
            "postfix_tls_state=applied harden_mta_mta=postfix harden_mta_state=undone",
            "mx1: postfix runs here and would be hardened, while harden_mta_state is undone: say",
        ),
    ],
)
def test_nothing_is_hardened_that_was_not_asked_for(
    options: str, said: str, tmp_path: Path
) -> None:
    """The host has an inventory that hardens it, and no MTA: to get as far as a role would be another failure."""
    inventory = tmp_path / "inventory.yml"
    host = {"ansible_connection": "local", "ansible_become": False}
    inventory.write_text(json.dumps({"mta": {"hosts": {"mx1": host}}}))
    path = str(PLAYBOOK.with_name("harden_mta.yml"))
    command = [PROGRAM, "-i", str(inventory), path, "-e", options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stdout
    assert said in " ".join(done.stdout.split())
    assert "Gather the facts" not in done.stdout


def test_an_audit_probes_the_daemons_of_a_sendmail(tmp_path: Path) -> None:
    """Nobody listens where the saved sendmail.cf has its daemon: that the probe says so shows that there was one."""
    saved, inventory = tmp_path / "saved.yml", tmp_path / "inventory.yml"
    host = {"ansible_host": "127.0.0.1", "audit_mta_saved": str(saved), "audit_mta_probe": True}
    inventory.write_text(json.dumps({"mta": {"hosts": {"mx1": host}}}))
    command = [PROGRAM, "-i", str(inventory), str(AUDIT), "-e", f"audit_mta_directory={tmp_path}"]
    with port_without_a_server() as port:
        cf = f"V10/Berkeley\nO DaemonPortOptions=Name=MTA, Port={port}\n"
        saved.write_text(json.dumps({"sendmail_cf": cf, "sendmail_build": BUILD.read_text()}))
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    report = json.loads((tmp_path / "mx1.json").read_text())
    assert [one["label"] for one in report["probes"]] == [f"MTA at 127.0.0.1 port {port}"]
    assert report["probes"][0]["agrees"] is not True


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("biff = no\nmyhostname = mx\n", "saved.yml: it looks like a main.cf or the output of"),
        ("not: [yaml\n", "saved.yml: it is not YAML, see line 2; expected the YAML file that"),
        (
            "main: Tiger\nmaster: x\n",
            "saved.yml: saved: main has a line that is not 'name = value'",
        ),
    ],
)
def test_an_audit_names_the_saved_file_that_it_cannot_understand(
    text: str, said: str, tmp_path: Path
) -> None:
    saved, inventory = tmp_path / "saved.yml", tmp_path / "inventory.yml"
    saved.write_text(text)
    inventory.write_text(json.dumps({"mta": {"hosts": {"mx1": {"audit_mta_saved": str(saved)}}}}))
    command = [PROGRAM, "-i", str(inventory), str(AUDIT), "-e", f"audit_mta_directory={tmp_path}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert said in json.loads((tmp_path / "mx1.json").read_text())["reason"]


def test_a_diagnosis_without_an_inventory_begins_without_a_warning(tmp_path: Path) -> None:
    with port_without_a_server() as port:
        asked = f"host=127.0.0.1 mail_port={port}"
        command = [PROGRAM, "-i", "localhost,", str(PLAYBOOK), "-e", asked]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "No connection: Connection refused." in done.stdout
    for warning in ("No inventory was parsed", "discovered Python interpreter"):
        assert warning not in done.stdout + done.stderr
