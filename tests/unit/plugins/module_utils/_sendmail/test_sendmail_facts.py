# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import shutil
import subprocess
import typing as t
from pathlib import Path

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._errors import InvalidInput
from ansible_collections.postmaster.tls.plugins.module_utils._run import Completed, run
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail import _facts
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._cf import parse_cf
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._daemons import Looked
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._facts import (
    SendmailFacts,
    library_environment,
    sendmail_facts,
    with_candidate,
)
from ansible_collections.postmaster.tls.tests.support.pems import make_pair

Service = dict[str, t.Any]
PROGRAM = str(shutil.which("openssl", path="/usr/bin:/bin:/usr/local/bin"))


class Host:
    """A sendmail that prints what a real one printed, linked with the libraries of the openssl command of this machine."""

    def __init__(self, directory: Path, said: str) -> None:
        self.file = directory / "sendmail.cf"
        self.said = said
        self.pair = pair = make_pair(directory, "rsa")
        Path(pair.key).chmod(0o600)
        self.lines = [
            "O DontBlameSendmail=TrustStickyBit,CertOwner",
            f"O ServerCertFile={pair.certificate}",
            f"O ServerKeyFile={pair.key}",
            f"O CACertFile={pair.certificate}",
            "O CACertPath=/etc/ssl/certs",
            "O DaemonPortOptions=Name=MTA, Addr=127.0.0.1",
            "O DaemonPortOptions=Name=TLSMTA, Port=465, M=s",
            "O DaemonPortOptions=Name=plain, Port=26, M=S",
        ]

    def run(self, command: t.Sequence[str]) -> Completed:
        if list(command[1:]) == ["-d0.15", "-bt"]:
            return Completed(0, self.said, "")
        return run(command)

    def facts(self, *more: str, candidate: t.Mapping[str, t.Any] | None = None) -> SendmailFacts:
        self.file.write_text("".join(f"{line}\n" for line in [*self.lines, *more]))
        files = (str(self.file),)
        return sendmail_facts(PROGRAM, files=files, candidate=candidate, run=self.run)

    def services(
        self, *more: str, candidate: t.Mapping[str, t.Any] | None = None
    ) -> dict[str, Service]:
        found = self.facts(*more, candidate=candidate)
        return {one["name"]: one for one in found.instances[0]["services"]}


@pytest.fixture
def host(tmp_path: Path, recorded: t.Callable[[str], str]) -> Host:
    return Host(tmp_path, recorded("debug-sid.txt"))


def codes(service: Service) -> list[str]:
    return [one["code"] for one in service["findings"]]


def names(service: Service) -> set[str]:
    return {suite["name"] for suite in service["ciphers"]}


def test_one_service_for_each_daemon_and_the_client(host: Host) -> None:
    found = host.services()
    assert [
        (one["name"], one["direction"], one["lane"], one["security_level"], one["listen"])
        for one in found.values()
    ] == [
        ("MTA", "inbound", "mx", "may", [{"address": "127.0.0.1", "port": 25}]),
        ("TLSMTA", "inbound", "submission", "encrypt", [{"address": "0.0.0.0", "port": 465}]),
        ("plain", "inbound", "mx", "none", [{"address": "0.0.0.0", "port": 26}]),
        ("client", "outbound", "outbound", "may", []),
    ]
    assert found["MTA"]["ciphers"] == found["TLSMTA"]["ciphers"]
    assert (found["plain"]["protocols"], codes(found["plain"])) == ([], ["inbound-plaintext"])
    assert codes(found["MTA"]) == ["listens-on-loopback"]


@pytest.mark.parametrize(
    ("line", "level"),
    [
        ("O DANE=true", "dane"),
        ("O DANE=Y", "dane"),
        ("O DANE=Always", "dane"),
        ("O dane", "dane"),
        ("O DANE=on", "may"),
        ("O DANE=1", "may"),
        ("O DANE=allways", "may"),
        ("O DANE=false", "may"),
    ],
)
def test_the_option_dane_is_read_as_sendmail_does(host: Host, line: str, level: str) -> None:
    assert host.services(line)["client"]["security_level"] == level


def test_what_is_in_force_is_what_openssl_makes_of_it(host: Host) -> None:
    service = host.services("O CipherList=ECDHE+AESGCM")["MTA"]
    assert {name for name in names(service) if not name.startswith("TLS_")} == {
        "ECDHE-RSA-AES128-GCM-SHA256",
        "ECDHE-RSA-AES256-GCM-SHA384",
    }
    assert service["cipher_string"] == "ECDHE+AESGCM"
    dropped = {one["suite"]["name"]: one for one in service["dropped"]}
    assert dropped["AES128-SHA"]["reason"] == "not in CipherList"
    assert dropped["AES128-SHA"]["setting"] == "CipherList = ECDHE+AESGCM"
    ecdsa = dropped["ECDHE-ECDSA-AES128-GCM-SHA256"]
    assert (ecdsa["reason"], ecdsa["cause"]) == ("no ECDSA certificate", "certificate")


def test_the_security_level_is_blamed_also_where_no_list_is_set(host: Host) -> None:
    service = host.services("O DHParameters=none")["MTA"]
    dropped = {one["suite"]["name"]: one for one in service["dropped"]}
    weak = dropped["ECDHE-RSA-NULL-SHA"]
    assert "security-level" in [one["cause"] for one in (weak, *weak.get("also", ()))]
    without = dropped["DHE-RSA-AES128-GCM-SHA256"]
    assert (without["cause"], without["setting"]) == ("dh", "DHParameters = none")


def test_an_item_of_the_list_is_blamed(host: Host) -> None:
    service = host.services("O CipherList=HIGH:!kRSA:@SECLEVEL=0")["MTA"]
    dropped = {one["suite"]["name"]: one for one in service["dropped"]}
    assert dropped["AES256-GCM-SHA384"]["reason"] == "excluded by !kRSA in CipherList"


def test_a_rejected_list_is_reported_and_something_else_is_in_force(host: Host) -> None:
    service = host.services("O CipherList=NOSUCH")["MTA"]
    assert "cipher-list-ignored" in codes(service)
    assert service["protocols"] == ["TLSv1.3"]
    assert "no suite is left up to TLS 1.2" in str(service["findings"])
    unread = host.services("O CipherList=@SECLEVEL=9")["MTA"]
    assert "cipher-list-ignored" in codes(unread)
    assert "OpenSSL's default list" in str(unread["findings"])
    assert "ECDHE-RSA-AES128-GCM-SHA256" in names(unread)


def test_protocols_and_what_switches_them_off(host: Host) -> None:
    service = host.services("O ServerSSLOptions=+SSL_OP_NO_TLSv1_3")["MTA"]
    assert service["protocols"] == ["TLSv1.2"]
    assert "tls13-off" in codes(service)
    dropped = {one["suite"]["name"]: one for one in service["dropped"]}
    assert dropped["TLS_AES_128_GCM_SHA256"]["reason"] == "TLSv1.3 is off"
    assert "SSL_OP_NO_TLSv1_3" in dropped["TLS_AES_128_GCM_SHA256"]["setting"]


def test_no_suite_and_no_protocol_are_two_findings(host: Host) -> None:
    case1 = ("O CipherList=ALL:!kRSA:!kEECDH:!kEDH:!aNULL", "O ServerSSLOptions=SSL_OP_NO_TLSv1_3")
    service = host.services(*case1)["MTA"]
    assert service["protocols"] == []
    assert {"no-shared-cipher", "tls13-off"} <= set(codes(service))
    assert "protocol-list-empty" not in codes(service)
    closed = host.services("O ServerSSLOptions=0x3e000000")["MTA"]
    assert "protocol-list-empty" in codes(closed)
    assert "no-shared-cipher" not in codes(closed)


def test_beside_suites(host: Host) -> None:
    service = host.services()["MTA"]
    assert service["client_certificate"] == "asked"
    assert (service["session_tickets"], service["renegotiation"]) == (True, False)
    assert service["dh"]["source"] == "auto"
    lines = ("O TLSSrvOptions=V", "O ServerSSLOptions=SSL_OP_NO_TICKET", "O DHParameters=none")
    other = host.services(*lines)["MTA"]
    assert (other["client_certificate"], other["session_tickets"]) == ("none", False)
    assert other["dh"] is None


@pytest.mark.parametrize(("level", "issued"), [("2", True), ("3", False)])
def test_from_security_level_3_on_no_tickets_are_issued(
    host: Host, tmp_path: Path, level: str, issued: bool
) -> None:
    pair = make_pair(tmp_path, "ec")
    Path(pair.key).chmod(0o600)
    files = (f"O ServerCertFile={pair.certificate}", f"O ServerKeyFile={pair.key}")
    service = host.services(*files, f"O CipherList=ECDHE:@SECLEVEL={level}")["MTA"]
    assert service["session_tickets"] is issued


def test_of_two_keys_the_one_that_the_level_forbids_is_named(host: Host, tmp_path: Path) -> None:
    ec = make_pair(tmp_path, "ec")
    Path(ec.key).chmod(0o600)
    both = (
        f"O ServerCertFile={host.pair.certificate},{ec.certificate}",
        f"O ServerKeyFile={host.pair.key},{ec.key}",
    )
    service = host.services(*both, "O CipherList=HIGH:@SECLEVEL=3")["MTA"]
    (found,) = [one for one in service["findings"] if one["code"] == "key-below-level"]
    assert found["evidence"].startswith(f"the RSA key of {host.pair.certificate}: ")
    assert "key-below-level" not in codes(host.services(*both)["MTA"])


def test_with_anonymous_suites_alone_nobody_is_asked_for_a_certificate(host: Host) -> None:
    lines = ("O CipherList=aNULL:@SECLEVEL=0", "O ServerSSLOptions=SSL_OP_NO_TLSv1_3")
    service = host.services(*lines)["MTA"]
    assert {suite["authentication"] for suite in service["ciphers"]} == {"anon"}
    assert service["client_certificate"] == "none"


def test_a_candidate_is_predicted_and_nothing_is_written(host: Host) -> None:
    before = host.services("O CipherList=AES128-SHA:@SECLEVEL=0")["MTA"]
    options = {"CipherList": "ECDHE+AESGCM", "ServerSSLOptions": ["SSL_OP_NO_TLSv1_3"]}
    after = host.services("O CipherList=AES128-SHA:@SECLEVEL=0", candidate=options)["MTA"]
    assert "AES128-SHA" in names(before)
    assert names(after) == {"ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384"}
    assert host.file.read_text().count("CipherList") == 1
    gone = host.services("O CipherList=AES128-SHA", candidate={"cipherlist": None})["MTA"]
    assert gone["cipher_string"] is None


def test_a_key_that_others_may_read_switches_tls_off(host: Host) -> None:
    Path(host.lines[2].partition("=")[2]).chmod(0o644)
    service = host.services()["MTA"]
    assert (service["protocols"], service["ciphers"]) == ([], [])
    assert "certificate-unsafe" in codes(service)


def test_certificates_and_the_library(host: Host) -> None:
    found = host.facts()
    (entry,) = found.certificates
    assert entry.matches is True
    assert found.names == ["mx.example.test"]
    library = found.instances[0]["library"]
    assert library["built_with"] == "0x30600020"
    assert "ssl" in library["path"]


def test_a_file_that_cannot_be_read(host: Host) -> None:
    with pytest.raises(InvalidInput, match=r"cannot be read: name the sendmail\.cf"):
        sendmail_facts(PROGRAM, files=("/nonexistent/sendmail.cf",), run=host.run)


def test_a_sendmail_that_does_not_answer_stays_in_the_list(host: Host) -> None:
    host.said = ""
    found = host.facts()
    assert found.instances[0]["services"] == []
    assert "does not tell its version" in found.instances[0]["reason"]
    assert [one.code for one in found.findings] == ["not-determined"]


def test_a_program_with_its_own_group_ignores_openssl_conf(tmp_path: Path) -> None:
    cf = parse_cf("EOPENSSL_CONF=/etc/mail/sendmail.ossl\n")
    program = tmp_path / "sendmail"
    program.write_bytes(b"")
    program.chmod(0o755)
    expected = (("OPENSSL_CONF", "/etc/mail/sendmail.ossl"),)
    assert library_environment(str(program), cf) == expected
    program.chmod(0o2755)
    group = program.stat().st_gid
    assert library_environment(str(program), cf) == (expected if group == 0 else ())


def test_options_are_replaced_by_name() -> None:
    cf = parse_cf("O CipherList=A\nO DaemonPortOptions=Name=A\nO LogLevel=9\n")
    changed = with_candidate(cf, {"DaemonPortOptions": ["Name=B", "Name=C"], "cipherlist": "X"})
    assert changed.values("DaemonPortOptions") == ("Name=B", "Name=C")
    assert (changed.value("CipherList"), changed.value("LogLevel")) == ("X", "9")


def test_no_drift_is_looked_for_in_other_files(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(_facts, "drift_findings", lambda file, _run: asked.append(file) or [])
    host.facts()
    host.facts(candidate={"LogLevel": "9"})
    assert asked == [str(host.file)]


def openssl(directory: Path, *arguments: str) -> None:
    command = [PROGRAM, *arguments]
    subprocess.run(command, cwd=directory, check=True, capture_output=True, timeout=30)


@pytest.fixture
def full_chain(host: Host, tmp_path: Path) -> Path:
    """The server's certificate is one of an intermediate authority, which follows it in the certificate file."""
    new = ("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    root = ("-x509", "-days", "9", "-subj", "/CN=root", "-keyout", "root.key", "-out", "root.pem")
    openssl(tmp_path, *new, *root)
    for name, parent, extension in (
        ("middle", "root", "basicConstraints=critical,CA:TRUE"),
        ("leaf", "middle", "subjectAltName=DNS:mx.example.test"),
    ):
        (tmp_path / "ext").write_text(extension)
        wanted = ("-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.csr")
        openssl(tmp_path, *new, *wanted)
        by = ("-CA", f"{parent}.pem", "-CAkey", f"{parent}.key", "-CAcreateserial")
        out = ("-days", "9", "-extfile", "ext", "-out", f"{name}.pem")
        openssl(tmp_path, "x509", "-req", "-in", f"{name}.csr", *by, *out)
    texts = {name: (tmp_path / f"{name}.pem").read_text() for name in ("leaf", "middle", "root")}
    (tmp_path / "full.pem").write_text(texts["leaf"] + texts["middle"])
    (tmp_path / "authorities.pem").write_text(texts["middle"] + texts["root"])
    (tmp_path / "leaf.key").chmod(0o600)
    host.lines += [f"O ServerCertFile={tmp_path}/full.pem", f"O ServerKeyFile={tmp_path}/leaf.key"]
    return tmp_path


def test_intermediates_behind_the_certificate_are_not_sent(host: Host, full_chain: Path) -> None:
    found = host.facts(f"O CACertFile={full_chain}/root.pem")
    (entry,) = found.certificates
    assert len(entry.chain) == 1
    assert [one.code for one in entry.findings] == ["chain-not-served"]
    assert entry.findings[0].evidence == f"{full_chain}/full.pem has 2 certificates; 1 sent"


def test_openssl_completes_the_chain_from_the_authorities(host: Host, full_chain: Path) -> None:
    found = host.facts(f"O CACertFile={full_chain}/authorities.pem")
    (entry,) = found.certificates
    assert entry.findings == ()
    assert entry.chain[1].split() == (full_chain / "middle.pem").read_text().split()


def laid_out(host: Host, text: str, **paths: str) -> dict[str, Service]:
    """The services of another system's sendmail.cf, with the host's own files in the places of its certificates."""
    values = dict(
        line[2:].split("=", 1) for line in host.lines if "CertFile" in line or "Key" in line
    )
    for option, path in paths.items():
        text = text.replace(path, values[option])
    host.lines = ["O DontBlameSendmail=TrustStickyBit,CertOwner", *text.splitlines()]
    return host.services()


def test_as_freebsd_lays_it_out(host: Host, recorded: t.Callable[[str], str]) -> None:
    places = {
        "ServerCertFile": "host.cert",
        "ServerKeyFile": "host.key",
        "CACertFile": "cacert.pem",
    }
    found = laid_out(
        host,
        recorded("freebsd.cf"),
        **{option: f"/etc/mail/certs/{name}" for option, name in places.items()},
    )
    assert {name: (one["lane"], one["listen"]) for name, one in found.items()} == {
        "IPv4": ("mx", [{"address": "0.0.0.0", "port": 25}]),
        "IPv6": ("mx", [{"address": "::", "port": 25}]),
        "MSA": ("submission", [{"address": "0.0.0.0", "port": 587}]),
        "client": ("outbound", []),
    }
    assert found["IPv4"]["client_certificate"] == "none"
    assert {"TLSv1.2", "TLSv1.3"} <= set(found["IPv4"]["protocols"])
    assert found["IPv4"]["dh"]["source"] == "auto"


def test_as_red_hat_lays_it_out(host: Host, recorded: t.Callable[[str], str]) -> None:
    found = laid_out(
        host,
        recorded("redhat.cf"),
        ServerCertFile="/etc/pki/tls/certs/sendmail.pem",
        ServerKeyFile="/etc/pki/tls/private/sendmail.key",
        CACertFile="/etc/pki/tls/certs/ca-bundle.crt",
    )
    assert [(name, one["security_level"]) for name, one in found.items()] == [
        ("MTA", "may"),
        ("MSA", "may"),
        ("TLSMTA", "encrypt"),
        ("client", "may"),
    ]
    assert "listens-on-loopback" in codes(found["MTA"])
    assert "listens-on-loopback" not in codes(found["MSA"])
    assert "cipher-list-ignored" in codes(found["MTA"])


def test_mail_in_plaintext_is_found_where_other_servers_send_it(host: Host) -> None:
    found = host.services("O DaemonPortOptions=Name=local, Addr=127.0.0.1, Port=27, M=S")
    assert codes(found["plain"]) == ["inbound-plaintext"]
    assert "inbound-plaintext" not in codes(found["local"])
    assert "starttls-not-offered" in codes(found["local"])


def test_where_a_daemon_with_a_name_listens(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    def address_of(name: str, _family: str) -> Looked:
        return Looked("", "timeout") if name == "slow.example" else Looked("127.0.0.1")

    monkeypatch.setattr(_facts, "HostAddresses", lambda: address_of)
    found = host.services(
        "O DaemonPortOptions=Name=here, Addr=localhost, Port=27",
        "O DaemonPortOptions=Name=unknown, Addr=slow.example, Port=28, M=S",
    )
    assert found["here"]["listen"] == [{"address": "127.0.0.1", "port": 27}]
    assert (found["here"]["local"], found["unknown"]["local"]) == (True, False)
    assert "listens-on-loopback" in codes(found["here"])
    assert found["unknown"]["listen"] == [{"address": "slow.example", "port": 28}]
    assert codes(found["unknown"]) == ["not-determined", "starttls-not-offered"]
    assert found["unknown"]["findings"][0]["evidence"] == "where it listens: timeout"


def test_what_keeps_sendmail_from_starting_is_told_of_a_daemon_without_tls_too(host: Host) -> None:
    found = host.services("O ServerSSLOptions=SSL_OP_NO_TLSv1,\n SSL_OP_ALL")
    assert "sendmail-option-unknown" in codes(found["plain"])
    assert "certificate-missing" not in codes(host.services("O CACertPath=")["plain"])


@pytest.mark.parametrize(
    ("line", "evidence"),
    [
        ("O CertFingerprintAlgorithm=nosuch", "nosuch: "),
        ("O CertFingerprintAlgorithm=", ": "),
        ("O CRLPath=", "CRLPath is empty"),
    ],
)
def test_an_option_with_which_tls_is_not_set_up(host: Host, line: str, evidence: str) -> None:
    service = host.services(line)["MTA"]
    (found,) = [one for one in service["findings"] if one["code"] == "tls-setup-fails"]
    assert found["evidence"].startswith(evidence)
    assert service["ciphers"] == []


@pytest.mark.parametrize("line", ["O CertFingerprintAlgorithm=sha256", "O CRLPath=/absent"])
def test_an_option_that_takes_nothing_away(host: Host, line: str) -> None:
    assert names(host.services(line)["MTA"]) == names(host.services()["MTA"])


def test_what_an_engine_does_is_not_determined(host: Host) -> None:
    service = host.services("O SSLEngine=pkcs11")["MTA"]
    assert service["ciphers"] is None
    (found,) = [one for one in service["findings"] if one["code"] == "not-determined"]
    assert found["evidence"].startswith("SSLEngine = pkcs11: ")


def test_where_every_modifier_says_so_tls_is_not_set_up_at_all(
    tmp_path: Path, recorded: t.Callable[[str], str]
) -> None:
    host = Host(tmp_path, recorded("debug-sid.txt"))
    host.lines = [line for line in host.lines if "PortOptions" not in line]
    host.lines += [f"Kaccess text {tmp_path}/access", "O DaemonPortOptions=Name=MTA, M=S"]
    (tmp_path / "access").write_text("Srv_Features:\ts\n")
    assert host.services()["MTA"]["security_level"] == "may"
    found = host.services("O ClientPortOptions=M=S")
    assert {one["security_level"] for one in found.values()} == {"none"}
    assert found["MTA"]["findings"][0]["evidence"] == "M=S in Name=MTA, M=S"
