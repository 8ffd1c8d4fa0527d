# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The facts of a real sendmail of every Debian release, beside what its daemon does and says."""

from __future__ import annotations

import re
import typing as t

import pytest
import yaml
from ansible_collections.postmaster.tls.tests.support import sendmails
from ansible_collections.postmaster.tls.tests.support.boxes import CHECKOUT, Box
from ansible_collections.postmaster.tls.tests.support.sendmails import talk

pytestmark = pytest.mark.lab

CF = "/etc/mail/sendmail.cf"
SUBSET = ["sendmail", "certificates"]


def services(facts: dict[str, t.Any]) -> dict[str, dict[str, t.Any]]:
    return {one["name"]: one for one in facts["sendmail"][0]["services"]}


def findings(facts: dict[str, t.Any], service: str) -> dict[str, dict[str, str]]:
    return {one["code"]: one for one in services(facts)[service]["findings"]}


def test_a_bad_list_is_found_before_a_reload_makes_it_the_default(box: Box) -> None:
    """sendmail goes on with the library's default; what the facts say is then in force is what a client gets."""
    sendmails.begin(box)
    box.sh(f"echo 'O CipherList=NO-SUCH-CIPHER' >> {CF}")
    found = box.facts(gather_subset=SUBSET)
    ignored = findings(found, "MTA-v4")["cipher-list-ignored"]
    assert "NO-SUCH-CIPHER" in ignored["evidence"]
    predicted = services(found)["MTA-v4"]
    sendmails.begin(box)
    older = "-no_tls1_3" if "TLSv1.3" in predicted["protocols"] else ""
    up_to_12 = [one["name"] for one in predicted["ciphers"] if not one["name"].startswith("TLS_")]
    said = talk(box, older)
    established = re.search(r"Ciphersuite: (\S+)", said)
    assert (established[1] if established else None) in (up_to_12 or [None])
    assert "SSL_CTX_set_cipher_list(NO-SUCH-CIPHER) failed" in sendmails.logged(
        box, "NO-SUCH-CIPHER"
    )


def test_what_the_documented_commands_save_is_understood_as_on_the_host(box: Box) -> None:
    box.sh("printf 'Srv_Features:192.0.2.1\\tV\\n' >> /etc/mail/access; make -s -C /etc/mail")
    blocks = re.findall(r"```sh\n(.*?)```", (CHECKOUT / "docs/offline.md").read_text(), re.DOTALL)
    script = next(one for one in blocks if "sendmail_build" in one)
    saved = yaml.safe_load(box.sh(f"cd /tmp; {script}\ncat mx-saved.yml"))
    live, read = box.facts(gather_subset=SUBSET), box.facts(gather_subset=SUBSET, saved=saved)
    here, there = live["sendmail"][0], read["sendmail"][0]
    for name in ("version", "compiled_with", "config_directory", "access_policies"):
        assert there[name] == here[name], name
    assert here["library"]["version"].startswith(f"{there['library']['version']} ")
    told = ("name", "lane", "direction", "listen", "security_level", "parameters", "cipher_string")
    for name, service in services(live).items():
        assert {key: services(read)[name][key] for key in told} == {
            key: service[key] for key in told
        }
    assert [one["file"] for one in read["certificates"]] == [
        one["file"] for one in live["certificates"]
    ]
    assert services(read)["MTA-v4"]["ciphers"] is None
    codes = {one["code"] for one in read["findings"]}
    assert "cf-not-of-mc" not in codes
    assert not [one for one in read["findings"] if "includes" in one["evidence"]]


def entry(box: Box, line: str) -> None:
    box.sh(f"printf '{line}\\n' >> /etc/mail/access; make -s -C /etc/mail")


def asks_for_a_certificate(box: Box) -> bool:
    client = "openssl s_client -starttls smtp -connect 127.0.0.1:25 -msg"
    return "CertificateRequest" in box.sh(f"{client} </dev/null 2>&1 || true")


def test_what_the_access_map_says_of_everybody_is_served(box: Box) -> None:
    sendmails.begin(box)
    assert services(box.facts(gather_subset=SUBSET))["MTA-v4"]["client_certificate"] == "asked"
    assert asks_for_a_certificate(box)
    entry(box, "Srv_Features:\\tS V")
    sendmails.begin(box)
    found = services(box.facts(gather_subset=SUBSET))
    levels = {name: found[name]["security_level"] for name in ("MTA-v4", "MSA-v4", "TLSMSA-v4")}
    assert levels == {"MTA-v4": "none", "MSA-v4": "none", "TLSMSA-v4": "encrypt"}
    assert "CONNECTION ESTABLISHED" not in talk(box)
    assert "CONNECTION ESTABLISHED" in talk(box, port=465)
    box.sh("sed -i 's/^Srv_Features:.*/Srv_Features:\\tV/' /etc/mail/access; make -s -C /etc/mail")
    found = services(box.facts(gather_subset=SUBSET))
    assert (found["MTA-v4"]["security_level"], found["MTA-v4"]["client_certificate"]) == (
        "may",
        "none",
    )
    assert not asks_for_a_certificate(box)


SINK = """
import socket, sys
server = socket.create_server(("127.0.0.3", 25))
open("/tmp/listens", "w").close()
while True:
    connection = server.accept()[0]
    with connection, connection.makefile("rwb", buffering=0) as stream:
        stream.write(b"220 sink ESMTP\\r\\n")
        for line in stream:
            print(line.decode().strip(), flush=True)
            verb = line[:4].upper()
            if verb == b"EHLO":
                stream.write(b"250-sink\\r\\n250 " + sys.argv[1].encode() + b"\\r\\n")
            elif verb == b"QUIT":
                break
            else:
                stream.write(b"554 no\\r\\n")
"""


def heard(box: Box, offers: str) -> str:
    """The commands that a server hears from the client of this sendmail; it offers one extension and refuses every mail."""
    return box.sh(
        f"rm -f /tmp/listens; python3 -c '{SINK}' {offers} > /tmp/heard & sink=$!\n"
        "until [ -e /tmp/listens ]; do kill -0 $sink; sleep 0.1; done\n"
        "echo mail | sendmail -Am -odi -f root@mx.example.test 'user@[127.0.0.3]' >/dev/null 2>&1 || true\n"
        "kill $sink; wait $sink || true; cat /tmp/heard; rm -f /var/spool/mqueue/*"
    )


MAIL = """
import smtplib
with smtplib.SMTP("127.0.0.1") as client:
    client.ehlo("here")
    client.docmd("MAIL FROM:<root@mx.example.test>")
    print(client.docmd("RCPT TO:<postmaster@mx.example.test>")[0])
"""


def reply_to_plaintext(box: Box) -> str:
    """What the daemon, which is started for it, replies to a recipient from a client without TLS: delay_checks, which Debian
    has, asks no sooner.
    """
    sendmails.begin(box)
    code = box.sh(f"python3 -c '{MAIL}'").strip()
    sendmails.end(box)
    return code


def test_what_the_access_map_demands_of_everybody_is_what_sendmail_demands(box: Box) -> None:
    sendmails.end(box)
    found = services(box.facts(gather_subset=SUBSET))
    assert (found["client"]["security_level"], found["MTA-v4"]["findings"]) == ("may", [])
    assert "STARTTLS" in heard(box, "STARTTLS")
    assert "MAIL From" in heard(box, "HELP")
    assert reply_to_plaintext(box) == "250"

    entry(box, "Try_TLS:\\tNO")
    assert services(box.facts(gather_subset=SUBSET))["client"]["security_level"] == "none"
    said = heard(box, "STARTTLS")
    assert ("STARTTLS" in said, "MAIL From" in said) == (False, True)

    box.sh("sed -i '/^Try_TLS:/d' /etc/mail/access")
    entry(box, "TLS_Srv:\\tENCR:112\\nTLS_Clt:\\tENCR:112")
    facts = box.facts(gather_subset=SUBSET)
    assert services(facts)["client"]["security_level"] == "encrypt"
    assert "MAIL From" not in heard(box, "HELP")
    assert "mandatory-on-mx" in findings(facts, "MTA-v4")
    assert reply_to_plaintext(box) == ("403" if box.suite == "bullseye" else "454")


def test_a_small_letter_offers_what_a_modifier_takes_away(box: Box) -> None:
    box.sh("sed -i 's/^O DaemonPortOptions=.*Name=MTA-v4.*/&, M=S/' /etc/mail/sendmail.cf")
    sendmails.begin(box)
    assert services(box.facts(gather_subset=SUBSET))["MTA-v4"]["security_level"] == "none"
    assert "CONNECTION ESTABLISHED" not in talk(box)
    entry(box, "Srv_Features:\\ts")
    box.sh("sed -i '/Name=MTA-v4/!b; /M=S/!s/$/, M=S/' /etc/mail/sendmail.cf")
    sendmails.begin(box)
    assert services(box.facts(gather_subset=SUBSET))["MTA-v4"]["security_level"] == "may"
    assert "CONNECTION ESTABLISHED" in talk(box)


def test_an_abbreviated_option_counts(box: Box) -> None:
    box.sh(f"echo 'O CipherL=ECDHE-RSA-AES128-GCM-SHA256' >> {CF}")
    sendmails.begin(box)
    found = services(box.facts(gather_subset=SUBSET))["MTA-v4"]
    assert found["cipher_string"] == "ECDHE-RSA-AES128-GCM-SHA256"
    assert "Ciphersuite: ECDHE-RSA-AES128-GCM-SHA256" in talk(box, "-tls1_2")
    assert "CONNECTION ESTABLISHED" not in talk(box, "-tls1_2 -cipher ECDHE-RSA-AES256-GCM-SHA384")


def test_the_command_line_of_the_daemon_overrides_the_file(box: Box) -> None:
    options = (
        "-OCipherList=ECDHE-RSA-AES128-GCM-SHA256"
        " '-OServerSSLOptions=+SSL_OP_NO_TLSv1 -SSL_OP_LEGACY_SERVER_CONNECT'"
    )
    box.sh(f"echo 'O CipherList=ECDHE-RSA-AES256-GCM-SHA384' >> {CF}")
    sendmails.begin(box, f"sendmail -L sm-mta -bd -q10m {options}")
    found = box.facts(gather_subset=SUBSET)
    service = services(found)["MTA-v4"]
    assert service["cipher_string"] == "ECDHE-RSA-AES128-GCM-SHA256"
    assert service["overrides"] == {
        "CipherList": "ECDHE-RSA-AES128-GCM-SHA256",
        "ServerSSLOptions": "+SSL_OP_NO_TLSv1 -SSL_OP_LEGACY_SERVER_CONNECT",
    }
    assert "command-line-option" in [one["code"] for one in found["findings"]]
    assert "Ciphersuite: ECDHE-RSA-AES128-GCM-SHA256" in talk(box, "-tls1_2")


@pytest.mark.parametrize("line", ["CRLFile=/nonexistent.crl", "CRLPath=/nonexistent", "DANE=true"])
def test_what_a_release_does_not_know_keeps_it_from_starting_and_nothing_else_does(
    box: Box, line: str
) -> None:
    box.sh(f"echo 'O {line}' >> {CF}")
    sendmails.begin(box)
    found = box.facts(gather_subset=SUBSET)
    unknown = "sendmail-option-unknown" in findings(found, "MTA-v4")
    lacking = {"bullseye": ("CRLPath", "DANE"), "bookworm": ("DANE",)}
    assert unknown is line.startswith(lacking.get(box.suite, ("none",)))
    served = "CONNECTION ESTABLISHED" in talk(box)
    assert bool(services(found)["MTA-v4"]["protocols"]) is served
