# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
import typing as t
from pathlib import Path

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._errors import InvalidInput
from ansible_collections.postmaster.tls.plugins.module_utils._host_facts import (
    HostFacts,
    HostOptions,
    host_facts,
)
from ansible_collections.postmaster.tls.plugins.module_utils._openssl import _certificate_files
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._server import (
    Context,
    Library,
    Refusal,
    Settings,
)
from ansible_collections.postmaster.tls.plugins.module_utils._run import Completed, run
from ansible_collections.postmaster.tls.plugins.plugin_utils._sender_calls import with_hellos
from ansible_collections.postmaster.tls.plugins.plugin_utils._sender_why import sender_answers
from ansible_collections.postmaster.tls.tests.support.pems import Pair, make_pair
from ansible_collections.postmaster.tls.tests.support.scripted_commands import (
    ScriptedCommands,
    postfix_answers,
    said,
    text_of,
)

EVERYTHING = frozenset({"openssl", "postfix", "certificates"})
CASE_1 = "aNULL SHA1 CAMELLIA ARIA kRSA EECDH EDH"


class Host:
    """A recorded Postfix 3.11.7 on this machine's own OpenSSL; every file is below one directory."""

    def __init__(self, root: Path, pair: Pair) -> None:
        self.etc, daemons = root / "etc", root / "daemons"
        self.pair = pair
        for directory in (self.etc, daemons):
            directory.mkdir()
        (self.etc / "main.cf").touch()
        postconf = root / "postconf"
        postconf.symlink_to("/bin/true")
        (daemons / "smtpd").symlink_to(str(shutil.which("openssl")))
        self.postconf = str(postconf)
        replacing = {
            "daemon_directory = /usr/lib/postfix/sbin": f"daemon_directory = {daemons}",
            "smtpd_tls_cert_file =\n": f"smtpd_tls_cert_file = {pair.certificate}\n",
            "smtpd_tls_key_file = $smtpd_tls_cert_file": f"smtpd_tls_key_file = {pair.key}",
            "smtpd_tls_security_level =\n": "smtpd_tls_security_level = may\n",
        }
        self.commands = ScriptedCommands(postfix_answers("3.11.7", str(self.etc), replacing))
        self.commands.answers[("openssl", "version", "-v", "-d")] = said(
            text_of("3.11.7", "openssl.txt")
        )
        self.commands.answers[("postconf", "-d", "smtpd_tls_ciphers")] = said(
            "smtpd_tls_ciphers = medium\n"
        )

    def run(self, command: t.Sequence[str]) -> Completed:
        return run(command) if "--list" in command else self.commands(command)

    def facts(self, candidate: t.Mapping[str, t.Any] | None = None) -> HostFacts:
        options = HostOptions(EVERYTHING, (str(self.etc),), self.postconf, candidate)
        return host_facts(options, run=self.run)

    def service(
        self, name: str, candidate: t.Mapping[str, t.Any] | None = None
    ) -> dict[str, t.Any]:
        services = self.facts(candidate).facts["postfix"][0]["services"]
        return next(one for one in services if one["name"] == name)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    return make_pair(tmp_path_factory.mktemp("pair"), "rsa")


@pytest.fixture
def host(tmp_path: Path, pair: Pair) -> Host:
    return Host(tmp_path, pair)


def codes(facts: t.Mapping[str, t.Any]) -> list[str]:
    return [one["code"] for one in facts["findings"]]


def test_the_shape_of_the_facts(host: Host) -> None:
    facts = host.facts().facts
    (instance,) = facts["postfix"]
    assert facts["detected"] == ["postfix"]
    assert (instance["version"], instance["config_directory"]) == ("3.11.7", str(host.etc))
    assert instance["library"]["version"].startswith("OpenSSL ")
    assert instance["library"]["differs_from_command"] is True
    service = instance["services"][0]
    assert (service["name"], service["lane"], service["security_level"]) == (
        "smtp/inet",
        "mx",
        "may",
    )
    assert service["listen"] == [{"address": "0.0.0.0", "port": 25}, {"address": "::", "port": 25}]
    assert service["protocols"] == ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"]
    assert service["certificate_files"] == [host.pair.certificate]
    assert {"name", "iana", "code", "protocols", "bits", "authentication", "key_exchange"} == set(
        service["ciphers"][0]
    )


def test_what_is_wrong_is_said_once_for_the_host(host: Host) -> None:
    facts = host.facts().facts
    unknown = [one for one in facts["findings"] if one["code"] == "parameter-unknown"]
    assert [one["evidence"] for one in unknown] == ["/tmp/rec/main.cf: smtpd_tls_protocls"]
    assert unknown[0]["remedy"].startswith("Write smtpd_tls_protocols, ")
    assert "library-differs" in codes(facts)
    assert "override-misses-tlsproxy" in codes(facts)


def test_the_key_never_leaves_the_host(host: Host) -> None:
    found = host.facts()
    everything = json.dumps([found.facts, found.material])
    secret = "".join(Path(host.pair.key).read_text().splitlines()[1:3])
    assert "PRIVATE KEY" not in everything
    assert secret[:40] not in everything
    assert found.material[0]["chain"][0].startswith("-----BEGIN CERTIFICATE-----")
    assert found.material[0]["names"] == ["mx1.example.test"]


def test_a_candidate_is_predicted_and_nothing_is_run_that_changes(host: Host) -> None:
    change = {"parameters": {"smtpd_tls_protocols": ">=TLSv1.2"}}
    predicted = host.service("smtp/inet", {str(host.etc): change})
    assert predicted["protocols"] == ["TLSv1.2", "TLSv1.3"]
    changing = {"-e", "-P", "-X", "-#", "-F"}
    assert not any(changing & set(words) for words in host.commands.asked)


def test_the_forms_of_a_candidate_mean_the_same(host: Host) -> None:
    change = {"parameters": {"smtpd_tls_ciphers": "high"}, "services": {}}
    plan = {"instances": {str(host.etc): change}, "changes": [], "findings": []}
    strings = {
        host.service("smtp/inet", form)["cipher_string"]
        for form in (change, {str(host.etc): change}, plan)
    }
    assert len(strings) == 1
    assert strings != {host.service("smtp/inet")["cipher_string"]}


def test_a_candidate_for_one_service_leaves_the_others(host: Host) -> None:
    change = {"services": {"submission/inet": {"smtpd_tls_mandatory_ciphers": "high"}}}
    assert (
        host.service("smtp/inet", change)["cipher_string"]
        == host.service("smtp/inet")["cipher_string"]
    )
    assert "MEDIUM" not in host.service("submission/inet", change)["cipher_string"]


def test_none_in_a_candidate_brings_back_the_default(host: Host) -> None:
    change = {"parameters": {"smtpd_tls_ciphers": None}}
    assert host.service("smtp/inet", change)["parameters"]["smtpd_tls_ciphers"] == "medium"


@pytest.mark.parametrize(
    ("candidate", "message"),
    [
        ({"/nowhere": {"parameters": {}}}, "/nowhere is not an instance of this host"),
        ({"services": {"submision/inet": {}}}, "has no service submision/inet in master.cf"),
        ({"instances": {"/nowhere": {}}}, "/nowhere is not an instance"),
    ],
)
def test_a_candidate_that_does_not_fit_is_refused(
    host: Host, candidate: dict[str, t.Any], message: str
) -> None:
    with pytest.raises(InvalidInput, match=message):
        host.facts(candidate)


def test_a_candidate_of_another_shape_is_refused(host: Host) -> None:
    with pytest.raises(InvalidInput, match="needs a dictionary with parameters and services"):
        host.facts({str(host.etc): {"smtpd_tls_ciphers": "high"}})


def small_dh(directory: Path) -> str:
    path = directory / "dh1024.pem"
    generate = "openssl dhparam -dsaparam -outform DER 1024"
    der = subprocess.run(generate.split(), check=True, capture_output=True).stdout
    numbers = subprocess.run(
        ["openssl", "asn1parse", "-inform", "DER"], input=der, check=True, capture_output=True
    ).stdout.decode()
    prime = re.findall(r"INTEGER\s+:([0-9A-F]+)", numbers)[0]
    plain = f"asn1=SEQUENCE:s\n[s]\np=INTEGER:0x{prime}\ng=INTEGER:2\n"
    (directory / "dh.cnf").write_text(plain)
    command = ["openssl", "asn1parse", "-genconf", str(directory / "dh.cnf"), "-noout", "-out", "-"]
    made = subprocess.run(command, check=True, capture_output=True).stdout
    text = base64.encodebytes(made).decode()
    path.write_text(f"-----BEGIN DH PARAMETERS-----\n{text}-----END DH PARAMETERS-----\n")
    return str(path)


@pytest.mark.parametrize(
    ("parameters", "code", "evidence"),
    [
        (
            {"smtpd_tls_exclude_ciphers": CASE_1, "smtpd_tls_protocols": "TLSv1.2"},
            "no-shared-cipher",
            "excluded by",
        ),
        ({"tls_medium_cipherlist": "NOSUCH"}, "cipher-list-rejected", "NOSUCH"),
        ({"smtpd_tls_exclude_ciphers": "!RC4"}, "cipher-list-rejected", "!RC4"),
        ({"smtpd_tls_protocols": "TLSv1.4"}, "protocol-list-invalid", "unknown name TLSv1.4"),
        ({"smtpd_tls_protocols": "TLSv1.2, !SSLv3"}, "protocol-list-mixed", "TLSv1.2, !SSLv3"),
        ({"smtpd_tls_protocols": ">=TLSv1.3,<=TLSv1.2"}, "protocol-list-empty", ">=TLSv1.3"),
        ({"smtpd_tls_protocols": "<=TLSv1.2"}, "tls13-off", "<=TLSv1.2"),
        ({"smtpd_tls_cert_file": ""}, "certificate-missing", "smtpd_tls_cert_file"),
        ({"smtpd_tls_cert_file": "/nonexistent.pem"}, "certificate-unusable", "/nonexistent.pem"),
        ({"smtpd_tls_security_level": "mey"}, "security-level-invalid", "mey"),
        ({"smtpd_tls_protocols": ">= TLSv1.2"}, "protocol-bound-blank", ">= TLSv1.2"),
        ({"smtpd_tls_exclude_ciphers": "SSLv3"}, "protocol-as-cipher", "SSLv3 in smtpd_tls_ex"),
        ({"tls_medium_cipherlist": "HIGH:!TLSv1"}, "protocol-as-cipher", "in tls_medium_cipherl"),
        ({"smtpd_tls_mandatory_ciphers": "high"}, "list-out-of-reach", "smtpd_tls_ciphers is not"),
        ({"smtpd_sasl_auth_enable": "yes"}, "plaintext-auth", "smtpd_tls_auth_only = no"),
        ({"smtpd_tls_protocols": ">=TLSv1.3"}, "opportunistic-strict", "only TLSv1.3"),
        (
            {"smtpd_tls_exclude_ciphers": "AES128"},
            "opportunistic-strict",
            "no ECDHE-RSA-AES128-GCM-SHA256: excluded by AES128 (smtpd_tls_exclude_ciphers)",
        ),
        (
            {"smtpd_tls_ciphers": "high", "tls_high_cipherlist": "ECDHE+AES128"},
            "opportunistic-strict",
            "no ECDHE-RSA-AES256-GCM-SHA384: not in the list of the grade high",
        ),
        ({"smtpd_tls_exclude_ciphers": "kRSA ECDHE"}, "only-dhe", "excluded by ECDHE"),
        ({"tls_medium_cipherlist": "ECDSA"}, "certificate-unfit", "no ECDSA certificate"),
        ({"tls_medium_cipherlist": "CAMELLIA"}, "no-suite-before-tls13", "grade medium"),
        ({"smtpd_tls_dh1024_param_file": "SMALL"}, "dh-weak", "1024 bits from"),
        (
            {"tls_eecdh_auto_curves": "brainpoolP512r1", "smtpd_tls_exclude_ciphers": "kRSA EDH"},
            "no-common-group",
            "brainpoolP512r1",
        ),
    ],
)
def test_each_fault_has_its_finding(
    host: Host, parameters: dict[str, str], code: str, evidence: str
) -> None:
    if "SMALL" in parameters.values():
        parameters = dict.fromkeys(parameters, small_dh(host.etc))
    service = host.service("smtp/inet", {"parameters": parameters})
    found = [one for one in service["findings"] if one["code"] == code]
    assert len(found) == 1
    assert evidence in found[0]["evidence"]
    assert found[0]["where"] == f"{host.etc} smtp/inet"


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"smtpd_tls_exclude_ciphers": "SHA1 CHACHA20 kRSA DHE", "smtpd_tls_protocols": ">=TLSv1.2"},
        {"smtpd_tls_security_level": "encrypt", "smtpd_tls_mandatory_ciphers": "ECDHE+AES128"},
    ],
    ids=["as it comes", "rfc 9325", "mandatory"],
)
def test_what_policies_advise_is_not_too_strict(host: Host, parameters: dict[str, str]) -> None:
    service = host.service("smtp/inet", {"parameters": parameters})
    assert "opportunistic-strict" not in codes(service)


def test_where_nothing_is_left_that_alone_is_told(host: Host) -> None:
    service = host.service("smtp/inet", {"parameters": {"smtpd_tls_exclude_ciphers": CASE_1}})
    assert "no-suite-before-tls13" in codes(service)
    assert "opportunistic-strict" not in codes(service)


@pytest.mark.parametrize("protocols", ["", "!TLSv1.3"])
def test_of_two_keys_the_one_that_the_level_forbids_is_named(
    host: Host, tmp_path: Path, protocols: str
) -> None:
    ec = make_pair(tmp_path, "ec")
    parameters = {
        "smtpd_tls_eccert_file": ec.certificate,
        "smtpd_tls_eckey_file": ec.key,
        "smtpd_tls_protocols": protocols,
        "tls_medium_cipherlist": "DEFAULT@SECLEVEL=3",
    }
    service = host.service("smtp/inet", {"parameters": parameters})
    (found,) = [one for one in service["findings"] if one["code"] == "key-below-level"]
    assert found["evidence"].startswith(f"the RSA key of {host.pair.certificate}: ")
    assert {name.partition("_")[0] for name in service["signatures"]} == {"ecdsa"}


def test_of_two_keys_in_chain_files_the_file_is_named(host: Host, tmp_path: Path) -> None:
    ec = make_pair(tmp_path, "ec")
    files = []
    for pair in (host.pair, ec):
        path = Path(f"{tmp_path}/{Path(pair.key).stem}-chain.pem")
        path.write_text(Path(pair.key).read_text() + Path(pair.certificate).read_text())
        files.append(str(path))
    parameters = {
        "smtpd_tls_chain_files": ", ".join(files),
        "tls_medium_cipherlist": "DEFAULT@SECLEVEL=3",
    }
    service = host.service("smtp/inet", {"parameters": parameters})
    (found,) = [one for one in service["findings"] if one["code"] == "key-below-level"]
    assert found["evidence"].startswith(f"the RSA key of {files[0]}: ")


@pytest.mark.parametrize(
    ("parameter", "value", "unknown"),
    [
        ("tls_ssl_options", "NO_TICKETS, no_ticket 0x4000", "NO_TICKETS"),
        ("tls_ssl_options", "NO_RENEGOTIATION,NO_TLSv1_3 0xyz", "NO_TLSv1_3, 0xyz"),
        ("tls_ssl_options", "no_ticket", None),
        ("tls_disable_workarounds", "CVE-2010-4180, no_ticket 0x4000", "no_ticket"),
        ("tls_disable_workarounds", "Legacy_Server_Connect TLSEXT_PADDING", None),
    ],
)
def test_a_name_of_an_option_that_postfix_does_not_know_is_found_once(
    host: Host, parameter: str, value: str, unknown: str | None
) -> None:
    found = host.facts({"parameters": {parameter: value}}).facts["findings"]
    said = [one["evidence"] for one in found if one["code"] == "option-unknown"]
    expected = f"{parameter} = {value}: {unknown} is not known"
    assert said == ([expected] if unknown else [])


@pytest.mark.parametrize(
    ("interfaces", "codes_of_passwords"),
    [("loopback-only", set()), ("all", {"plaintext-auth", "submission-not-mandatory"})],
)
def test_nobody_listens_between_the_host_and_itself(
    host: Host, interfaces: str, codes_of_passwords: set[str]
) -> None:
    parameters = {"inet_interfaces": interfaces, "smtpd_sasl_auth_enable": "yes"}
    services = {"submission/inet": {"smtpd_tls_security_level": "may"}}
    service = host.service("submission/inet", {"parameters": parameters, "services": services})
    assert {"plaintext-auth", "submission-not-mandatory"} & set(codes(service)) == (
        codes_of_passwords
    )


def test_a_wrong_key_is_found_at_the_service_and_at_the_certificate(
    host: Host, tmp_path: Path
) -> None:
    other = make_pair(tmp_path, "ec")
    found = host.facts({"parameters": {"smtpd_tls_key_file": other.key}}).facts
    assert "certificate-key-mismatch" in codes(found["postfix"][0]["services"][0])
    assert found["postfix"][0]["services"][0]["ciphers"] == []
    assert [one["key_matches"] for one in found["certificates"]] == [False]


def test_submission_without_mandatory_tls(host: Host) -> None:
    change = {"services": {"submission/inet": {"smtpd_tls_security_level": None}}}
    assert "submission-not-mandatory" in codes(host.service("submission/inet", change))


def test_a_key_that_others_can_read(host: Host, tmp_path: Path) -> None:
    key = tmp_path / "open.key"
    key.write_text(Path(host.pair.key).read_text())
    key.chmod(0o644)
    (entry,) = host.facts({"parameters": {"smtpd_tls_key_file": str(key)}}).facts["certificates"]
    assert (entry["key_mode"], codes(entry)) == ("0644", ["key-readable"])


def test_a_key_that_this_user_cannot_read_is_not_determined(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_certificate_files, "_denied", lambda path: path == host.pair.key)
    found = host.facts().facts
    service = found["postfix"][0]["services"][0]
    assert [service[key] for key in ("protocols", "ciphers", "dropped", "groups")] == [None] * 4
    (finding,) = (one for one in service["findings"] if one["code"] == "not-determined")
    assert "cannot be read by this user" in finding["evidence"]
    assert found["certificates"][0]["key_matches"] is None
    assert "become" in found["certificates"][0]["findings"][0]["remedy"]


def test_a_daemon_whose_library_is_unknown_is_not_determined(host: Host) -> None:
    os.unlink(host.etc.parent / "daemons" / "smtpd")
    found = host.facts().facts
    assert found["postfix"][0]["library"] == {
        "path": None,
        "version": None,
        "differs_from_command": None,
        "built_with": "OpenSSL 3.6.5 2 Jun 2026",
        "config": None,
    }
    assert found["postfix"][0]["services"][0]["protocols"] is None
    assert "not-determined" in codes(found)


def test_an_instance_that_postconf_cannot_read_stays_in_the_list(host: Host) -> None:
    denied = Completed(1, "", "postconf: fatal: open main.cf: Permission denied\n")
    host.commands.answers[("postconf", "-c", str(host.etc))] = denied
    found = host.facts().facts
    assert found["postfix"][0]["version"] is None
    assert "Permission denied" in found["postfix"][0]["reason"]
    assert codes(found) == ["not-determined"]


def test_a_directory_without_main_cf_is_refused(host: Host) -> None:
    options = HostOptions(EVERYTHING, ("/nonexistent",), host.postconf)
    with pytest.raises(InvalidInput, match="/nonexistent has no main"):
        host_facts(options, run=host.run)


@pytest.mark.parametrize(
    ("subset", "meant"),
    [
        ({"openssl", "sendmail", "certificates"}, ["sendmail"]),
        ({"postfix"}, ["postfix"]),
        ({"certificates"}, ["postfix", "sendmail"]),
        ({"openssl"}, []),
        ({"postfix", "sendmail", "certificates"}, ["postfix", "sendmail"]),
    ],
)
def test_the_certificates_are_those_of_the_mail_servers_that_are_named(
    subset: t.Collection[str], meant: list[str]
) -> None:
    options = HostOptions(frozenset(subset))
    assert [mta for mta in ("postfix", "sendmail") if options.means(mta)] == meant


def test_a_postconf_that_does_not_exist_is_refused() -> None:
    with pytest.raises(InvalidInput, match="/nonexistent/postconf is not a command"):
        host_facts(HostOptions(EVERYTHING, postconf="/nonexistent/postconf"), run=run)


def test_the_library_that_counts_is_not_the_one_that_the_mta_was_compiled_for(host: Host) -> None:
    facts = host.facts().facts
    library = facts["postfix"][0]["library"]
    assert library["built_with"] == "OpenSSL 3.6.5 2 Jun 2026"
    assert library["config"]["path"].endswith("/openssl.cnf")
    found = next(one for one in facts["findings"] if one["code"] == "library-not-compiled-for")
    assert "3.6.5" in found["evidence"]
    assert library["version"] in found["evidence"]


@pytest.mark.parametrize(
    ("name", "offered", "part"),
    [
        ("ECDHE-RSA-AES128-GCM-SHA256", True, "offered in TLSv1.2"),
        ("TLS_RSA_WITH_AES_128_CBC_SHA", False, "excluded by RSA+AES (smtpd_tls_exclude_ciphers)"),
        ("0xC02B", False, "no ECDSA certificate"),
        ("RC4-MD5", False, "does not have it"),
    ],
)
def test_why_a_suite_is_offered_or_not(
    host: Host, name: str, offered: bool | None, part: str
) -> None:
    change = {"parameters": {"smtpd_tls_exclude_ciphers": "RSA+AES"}}
    options = HostOptions(EVERYTHING, (str(host.etc),), host.postconf, change, why=(name,))
    answers = host_facts(options, run=host.run).facts["why"]
    answer = next(one for one in answers if one["service"] == "smtp/inet")
    assert answer["offered"] is offered
    assert part in answer["text"]


def heard(host: Host, change: t.Mapping[str, t.Any], *senders: str) -> dict[str, t.Any]:
    why = t.cast("list[t.Any]", with_hellos([{"sender": name} for name in senders]))
    options = HostOptions(EVERYTHING, (str(host.etc),), host.postconf, change, why=tuple(why))
    services = host_facts(options, run=host.run).heard
    return next(one for one in services if one["service"] == "smtp/inet")


def test_what_senders_would_get_is_judged_from_what_the_library_answers(host: Host) -> None:
    senders = ("postfix-3.10", "exchange-2016", "tls1.0-only")
    parameters = {"smtpd_tls_protocols": ">=TLSv1.2", "tls_eecdh_auto_curves": "secp384r1"}
    told = heard(host, {"parameters": parameters}, *senders)
    assert [len(one["flights"]) for one in told["senders"]] == [2, 1, 1]
    got = [(one["connects"], one["protocol"]) for one in sender_answers(senders, [told])]
    assert got == [(True, "TLSv1.3"), (True, "TLSv1.2"), (False, None)]


def test_a_handshake_that_breaks_off_behind_the_servers_hello_brings_a_sender_nothing(
    host: Host,
) -> None:
    """The key of 2048 bits signs nothing at level 3; the library finds that out after it has chosen a suite."""
    level = {"tls_medium_cipherlist": "HIGH:@SECLEVEL=3"}
    told = heard(host, {"parameters": level}, "postfix-3.10")
    (found,) = sender_answers(["postfix-3.10"], [told])
    assert (found["connects"], found["reason"]) == (False, "handshake-breaks-off")
    assert "the certificate is too weak for security level 3" in found["text"]
    told["senders"][0]["by_name"] = True
    assert sender_answers(["postfix-3.10"], [told])[0]["connects"] is True


def test_a_sender_of_a_service_without_tls_gets_nothing_that_anything_could_be_blamed_for(
    host: Host,
) -> None:
    told = heard(host, {"parameters": {"smtpd_tls_security_level": "none"}}, "postfix-3.10")
    (found,) = sender_answers(["postfix-3.10"], [told])
    assert (found["connects"], found["reason"], found["causes"]) == (False, "no-tls", [])


def test_a_sender_without_its_hello_is_refused(host: Host) -> None:
    options = HostOptions(EVERYTHING, (str(host.etc),), host.postconf, why=({"sender": "x"},))
    with pytest.raises(InvalidInput, match="with the name of a sender"):
        host_facts(options, run=host.run)


def test_what_is_deprecated_or_too_old_is_found_once_for_the_instance(host: Host) -> None:
    old = {"parameters": {"smtpd_use_tls": "yes", "mail_version": "3.9.1"}}
    found = {one["code"]: one for one in host.facts(old).facts["findings"]}
    assert found["parameter-deprecated"]["evidence"].startswith("smtpd_use_tls")
    assert "smtpd_tls_security_level" in found["parameter-deprecated"]["remedy"]
    assert "starttls-injection" not in found
    assert "starttls-injection" in codes(
        host.facts({"parameters": {"mail_version": "2.6.6"}}).facts
    )


def test_a_client_without_tls_is_found(host: Host) -> None:
    change = {"parameters": {"smtp_tls_security_level": "none"}}
    assert "outbound-plaintext" in codes(host.service("smtp/unix", change))


def test_a_suite_that_nobody_knows_is_refused(host: Host) -> None:
    options = HostOptions(EVERYTHING, (str(host.etc),), host.postconf, why=("AES-128-GCM",))
    with pytest.raises(InvalidInput, match="AES-128-GCM is not a cipher suite"):
        host_facts(options, run=host.run)


def test_what_a_server_does_beside_suites(host: Host) -> None:
    service = host.service("smtp/inet", {"parameters": {"tls_ssl_options": "NO_TICKET"}})
    assert "rsa_pss_rsae_sha256" in service["signatures"]
    assert (service["session_tickets"], service["renegotiation"]) == (False, False)
    assert host.service("smtp/inet")["session_tickets"] is True
    assert service["client_certificate"] == "none"
    assert service["dh"] == {"bits": 2048, "source": "auto", "sizes": [1024, 2048, 3072]}


def test_a_part_that_was_not_asked_for_is_left_out(host: Host) -> None:
    options = HostOptions(frozenset({"certificates"}), (str(host.etc),), host.postconf)
    found = host_facts(options, run=host.run).facts
    assert found["postfix"] == []
    assert len(found["certificates"]) == 1
    assert "openssl" not in found


def test_the_names_of_mx_records_are_expected_in_certificates_as_well(host: Host) -> None:
    names = ("mx2.example.test", "MX.example.org.")
    options = HostOptions(EVERYTHING, (str(host.etc),), host.postconf, mx_names=names)
    (material,) = host_facts(options, run=host.run).material
    own = host.facts().material[0]["names"]
    assert material["names"] == sorted([*own, "mx2.example.test", "mx.example.org"])


def test_the_files_of_authorities_are_told_with_the_services_that_load_them(host: Host) -> None:
    change = {"parameters": {"smtpd_tls_CAfile": host.pair.certificate, "smtp_tls_CApath": "/none"}}
    found = {one["file"]: one for one in host.facts(change).facts["ca_files"]}
    inbound = found[host.pair.certificate]
    assert f"{host.etc} smtp/inet" in inbound["services"]
    assert (inbound["certificates"], inbound["directory"], inbound["expired"]) == (1, False, [])
    assert found["/none"]["reason"] == "No such file or directory"
    assert f"{host.etc} smtp/unix" in found["/none"]["services"]


@pytest.mark.parametrize("level", ["none", ""])
def test_a_server_for_other_servers_without_tls_is_found(host: Host, level: str) -> None:
    service = host.service("smtp/inet", {"parameters": {"smtpd_tls_security_level": level}})
    assert [one["code"] for one in service["findings"]] == ["inbound-plaintext"]
    local = {"smtpd_tls_security_level": level, "inet_interfaces": "loopback-only"}
    assert not host.service("smtp/inet", {"parameters": local})["findings"]


def test_what_stands_in_a_table_of_levels_by_mistake_is_not_shown(
    host: Host, tmp_path: Path
) -> None:
    table = tmp_path / "sasl_passwd"
    table.write_text("[relay.example.test]:587 user:Secr3t\n")
    change = {"parameters": {"smtp_tls_policy_maps": f"texthash:{table}"}}
    facts = host.facts(change).facts
    assert "security-level-invalid" in codes(facts)
    assert "Secr3t" not in json.dumps(facts)


def test_a_pipe_in_place_of_a_table_does_not_hold_the_facts_up(host: Host, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    change = {"parameters": {"smtp_tls_policy_maps": f"texthash:{tmp_path}/fifo"}}
    found = host.service("smtp/unix", change)["findings"]
    (unread,) = (one for one in found if one["code"] == "not-determined")
    assert "it is not a regular file" in unread["evidence"]


def test_a_version_for_the_banner_is_not_the_version(host: Host) -> None:
    everything = next(one for one in host.commands.answers if one[-1] == str(host.etc))
    main = (*everything, "-n")
    answers = host.commands.answers
    answers[main] = said("mail_version = 9\n" + answers[main].stdout)
    answers[everything] = said(
        answers[everything].stdout.replace("mail_version = 3.11.7", "mail_version = 9")
    )
    answers[("postconf", "-d", "mail_version")] = said("mail_version = 3.11.7\n")
    assert host.facts().facts["postfix"][0]["version"] == "3.11.7"


def test_a_server_for_other_servers_that_insists_on_tls_is_found(host: Host) -> None:
    change = {"parameters": {"smtpd_tls_security_level": "encrypt"}}
    found = next(one for one in host.service("smtp/inet", change)["findings"])
    assert (found["code"], found["evidence"]) == (
        "mandatory-on-mx",
        "smtpd_tls_security_level = encrypt",
    )
    assert "mandatory-on-mx" not in codes(host.service("submission/inet", change))


def test_a_grade_that_does_not_exist_is_not_blamed_on_openssl(host: Host) -> None:
    change = {"parameters": {"smtpd_tls_ciphers": "bogus"}}
    service = host.service("smtp/inet", change)
    found = next(one for one in service["findings"] if one["code"] == "cipher-list-rejected")
    assert found["message"] == "Postfix builds no cipher list"
    assert found["remedy"].startswith("Use high or medium")


def test_a_pipe_as_authorities_of_one_service_leaves_the_others_their_facts(
    host: Host, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "fifo")
    change = {"services": {"smtp/inet": {"smtpd_tls_CAfile": f"{tmp_path}/fifo"}}}
    found = {one["name"]: one for one in host.facts(change).facts["postfix"][0]["services"]}
    evidence = [one["evidence"] for one in found["smtp/inet"]["findings"]]
    assert any("it is not a regular file" in one for one in evidence)
    assert found["submission/inet"]["ciphers"]


def test_a_question_that_ends_the_library_is_asked_once_and_the_others_go_on(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = Library.open

    def deadly(library: Library, settings: Settings) -> Context | Refusal:
        if "!DEADLY" in settings.ciphers:
            asked.append(settings)
            library.close()
        return opened(library, settings)

    asked: list[Settings] = []
    monkeypatch.setattr(Library, "open", deadly)
    poison = {"smtpd_tls_exclude_ciphers": "DEADLY"}
    change = {"services": {"smtp/inet": poison}}
    found = {one["name"]: one for one in host.facts(change).facts["postfix"][0]["services"]}
    assert "not-determined" in codes(found["smtp/inet"])
    assert found["submission/inet"]["ciphers"]
    assert len(asked) == 1


def test_suites_that_encrypt_nothing_are_found_without_a_probe(host: Host) -> None:
    change = {
        "parameters": {"smtpd_tls_ciphers": "null", "tls_null_cipherlist": "eNULL:@SECLEVEL=0"}
    }
    found = host.service("smtp/inet", change)["findings"]
    (null,) = (one for one in found if one["code"] == "null-ciphers")
    assert "NULL-SHA256" in null["evidence"]
    assert "null-ciphers" not in codes(host.service("smtp/inet"))
