# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The reports of an audit: nothing of a host breaks the page, and a host that was not asked is no sound host."""

from __future__ import annotations

import json
import re
import typing as t
from functools import partial
from pathlib import Path

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._errors import InvalidInput
from ansible_collections.postmaster.tls.plugins.module_utils._findings import finding
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._verdicts import (
    told as told_by_sendmail,
)
from ansible_collections.postmaster.tls.plugins.plugin_utils._audit import (
    audit_report,
    host_report,
)
from ansible_collections.postmaster.tls.plugins.plugin_utils._audit_page import page as page_of
from hypothesis import given
from hypothesis import strategies as st

CASE1 = Path(__file__).resolve().parents[3] / "fixtures" / "audit" / "case1-mx1.json"
SUITE = {"name": "ECDHE-RSA-AES128-GCM-SHA256", "protocols": ["TLSv1.2"]}
SERVICE = {
    "name": "smtp/inet",
    "lane": "mx",
    "security_level": "may",
    "protocols": ["TLSv1.2"],
    "ciphers": [SUITE],
}
UNKNOWN = {**SERVICE, "name": "submission/inet", "protocols": None, "ciphers": None}


def gathered(*codes: str, evidence: str = "x", **more: t.Any) -> dict[str, t.Any]:
    findings = [finding(code, where="here", evidence=evidence).as_dict() for code in codes]
    instance = {
        "version": "3.10.13",
        "config_directory": "/etc/postfix",
        "library": {"version": "OpenSSL 3.5.7"},
        "services": [SERVICE, UNKNOWN],
    }
    facts = {"postfix": [instance], "certificates": [], "findings": findings, **more}
    return {"ansible_facts": {"mta_tls": facts}}


def bare() -> dict[str, t.Any]:
    """A Postfix with one service that has no TLS."""
    return {
        "version": "3.10.13",
        "config_directory": "/etc/postfix",
        "library": {"version": "OpenSSL 3.5.7"},
        "services": [{**SERVICE, "security_level": "none", "protocols": [], "ciphers": []}],
    }


def hostvars(**results: dict[str, t.Any]) -> dict[str, t.Any]:
    return {
        host: {"audit_mta_report": host_report(result, host=host)}
        for host, result in results.items()
    }


def rows(page: str) -> list[list[str]]:
    lines = [line for line in page.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def test_findings_are_counted_by_severity() -> None:
    report = host_report(
        gathered("no-shared-cipher", "key-readable", "key-weak", "key-weak"), host="mx1"
    )
    assert report["audited"]
    assert report["counts"] == {"critical": 1, "high": 1, "medium": 1, "low": 0, "info": 0}


def test_a_host_that_was_not_asked_has_a_reason_and_no_counts() -> None:
    report = host_report({"msg": "no route\nto host", "unreachable": True}, host="mx1")
    assert (report["audited"], report["reason"]) == (False, "no route to host")
    assert report["counts"] is None
    assert report["mta_tls"] is None


def test_the_page_begins_with_every_host() -> None:
    page = audit_report(hostvars(a=gathered("no-shared-cipher"), b={"msg": "gone"}), date="today")
    assert "1 of 2 hosts audited, today." in page
    overview = {row[0]: row for row in rows(page)[2:4]}
    assert overview["a"][1:4] == ["Postfix 3.10.13", "OpenSSL 3.5.7", "1"]
    assert overview["b"][1] == "not audited"
    assert ["b", "gone"] in rows(page)


def test_a_host_without_a_mail_server_is_audited_and_has_none() -> None:
    page = audit_report(hostvars(a=gathered(postfix=[], detected=[])))
    assert "1 of 1 hosts audited." in page
    assert rows(page)[2][:2] == ["a", "none found"]
    assert "No mail server was found on this host." in page


def test_what_is_not_determined_is_said_so() -> None:
    (row,) = [
        one for one in rows(audit_report(hostvars(a=gathered()))) if one[0] == UNKNOWN["name"]
    ]
    assert row[4:6] == ["*not determined*", "*not determined*"]


def test_a_service_without_tls_stands_out() -> None:
    page = audit_report(hostvars(a=gathered(postfix=[bare()])))
    (row,) = [one for one in rows(page) if one[0] == SERVICE["name"]]
    assert row[4:6] == ["**none**", "0"]


def test_the_worst_host_comes_first_and_those_of_which_nothing_is_known_last() -> None:
    page = audit_report(
        hostvars(
            gone={"msg": "no route"},
            sound=gathered(),
            low=gathered("parameter-deprecated"),
            bad=gathered("no-shared-cipher"),
            worse=gathered("no-shared-cipher", "key-readable"),
        )
    )
    order = ["worse", "bad", "low", "sound"]
    assert [row[0] for row in rows(page)[2:7]] == [*order, "gone"]
    assert re.findall(r"^## (\w+)$", page, re.MULTILINE)[-4:] == order


def test_of_many_hosts_with_the_same_the_first_ones_are_named_and_the_others_counted() -> None:
    fleet = hostvars(**{f"mx{number:04}": gathered("key-weak") for number in range(1000)})
    (row,) = [one for one in rows(audit_report(fleet)) if one[2:3] == ["key-weak"]]
    assert row[3] == "1000"
    assert row[4].startswith("mx0000, mx0001, ")
    assert row[4].endswith("mx0009 and 990 more")


def test_the_tables_say_what_is_wrong_with_each_service_and_certificate() -> None:
    found = [
        finding(code, where="x", evidence="x").as_dict()
        for code in ("not-determined", "certificate-expiring", "certificate-expired")
    ]
    certificate = {"file": "/etc/mx|<b>.pem", "san": ["*.example.test"], "findings": found}
    service = {**SERVICE, "findings": found[:1]}
    instance = {**bare(), "services": [service]}
    page = audit_report(hostvars(a=gathered(postfix=[instance], certificates=[certificate])))
    assert rows(page)[-1] == [
        r"/etc/mx\|\<b\>.pem",
        r"\*.example.test",
        "unknown",
        "unknown",
        "unknown",
        "**certificate-expired**, certificate-expiring, not-determined",
    ]
    assert [one[6] for one in rows(page) if one[0] == SERVICE["name"]] == ["not-determined"]


def test_a_finding_of_several_hosts_stands_once_with_all_of_them() -> None:
    page = audit_report(hostvars(a=gathered("key-weak"), b=gathered("key-weak")))
    (row,) = [one for one in rows(page) if one[2:3] == ["key-weak"]]
    assert row[3:5] == ["2", "a, b"]
    assert "Request a certificate for a new key" in row[5]


def test_a_finding_of_several_places_stands_once_with_what_it_means_and_what_to_do() -> None:
    page = audit_report(hostvars(a=gathered("key-weak", "key-weak")))
    assert page.count("(key-weak)") == 1
    (block,) = re.findall(r"1\. \*\*.*?\(key-weak\)\n\n(.*?)\n\n(.*?)\n\n", page, re.DOTALL)
    assert len(block[0]) > 40
    assert next(line.strip() for line in block[1].splitlines()) == "- here: x"
    assert "- **do**: Request a certificate" in block[1]


def test_each_remedy_stands_under_its_own_evidence() -> None:
    several = [
        {
            **finding(
                "parameter-deprecated", where=f"/etc/postfix {name}", evidence=name
            ).as_dict(),
            "remedy": f"Set {name} otherwise.",
        }
        for name in ("smtp_tls_per_site", "smtpd_use_tls")
    ]
    page = audit_report(hostvars(a=gathered(findings=several)))
    (block,) = re.findall(r"\(parameter-deprecated\)\n\n.*?\n\n(.*?)\n\n", page, re.DOTALL)
    assert [line.split(": ")[1][:12] for line in block.splitlines()] == [
        "smtp_tls_per",
        "Set smtp_tls",
        "smtpd_use_tl",
        "Set smtpd_us",
    ]


def test_an_urgent_finding_has_the_exact_settings() -> None:
    report = json.loads(CASE1.read_text())
    page = audit_report({"mx1": {"audit_mta_report": report}})
    assert "    postconf -e 'smtpd_tls_protocols = >=TLSv1.2'\n" in page
    assert "    postconf -X smtpd_tls_exclude_ciphers\n" in page
    assert "    # was aNULL, eNULL, LOW, " in page
    assert "    postconf -P 'smtp/inet/tls_ffdhe_auto_groups ='\n" in page
    assert "    postfix reload\n" in page
    sound = {**report["mta_tls"], "findings": []}
    sound["postfix"] = [
        {**one, "services": [{**service, "findings": []} for service in one["services"]]}
        for one in sound["postfix"]
    ]
    sound_report = {**report, "mta_tls": sound, "probes": []}
    assert "postconf" not in audit_report({"mx1": {"audit_mta_report": sound_report}})


def test_an_old_postconf_is_not_given_options_that_it_does_not_have() -> None:
    report = json.loads(CASE1.read_text())
    (instance,) = report["mta_tls"]["postfix"]
    instance["version"] = "2.9.6"
    page = audit_report({"mx1": {"audit_mta_report": report}})
    assert "    # take smtpd_tls_exclude_ciphers out of main.cf\n" in page
    assert not re.search("postconf -[XP]", page)
    assert "    postconf -e 'smtpd_tls_protocols = " in page


def test_what_a_finding_says_here_stands_in_the_overview_too() -> None:
    told = finding("sslv3-accepted", where="x", evidence="x", message="SSLv3 is not excluded")
    page = audit_report(hostvars(a=gathered(findings=[told.as_dict()])))
    (row,) = [one for one in rows(page) if one[2:3] == ["sslv3-accepted"]]
    assert row[1] == "SSLv3 is not excluded"


def test_a_sendmail_is_shown_like_a_postfix() -> None:
    instance = {
        "version": "8.18.1",
        "config_directory": "/etc/mail",
        "library": {"version": "OpenSSL 3.5.7"},
        "services": [SERVICE],
    }
    page = audit_report(hostvars(a=gathered(postfix=[], sendmail=[instance])))
    assert "sendmail 8.18.1" in page
    assert "### sendmail in /etc/mail" in page


def test_a_failed_probe_disagrees() -> None:
    probe = {"ansible_loop_var": "item", "item": {"label": "smtp/inet at x"}, "msg": "no python"}
    report = host_report(gathered(), host="a", probes=[probe])
    assert [one["agrees"] for one in report["probes"]] == [False]
    assert "the probe did not run: no python" in audit_report({"a": {"audit_mta_report": report}})


def test_hosts_without_report_are_known_by_their_facts() -> None:
    variables = {"a": gathered("key-weak"), "b": {"ansible_facts": {}}}
    assert "1 of 1 hosts audited" in audit_report(variables)
    assert "1 of 2 hosts audited" in audit_report(variables, hosts=["a", "b"])


def test_json_has_everything() -> None:
    told = json.loads(audit_report(hostvars(a=gathered("key-weak")), "json"))
    assert told[0]["mta_tls"]["findings"][0]["code"] == "key-weak"


def test_an_unknown_form_is_refused() -> None:
    with pytest.raises(InvalidInput, match="expected one of json, markdown"):
        audit_report({}, "pdf")


@given(st.text())
def test_no_text_of_a_host_breaks_the_page(text: str) -> None:
    harmless = audit_report(hostvars(a=gathered("key-weak", evidence="x")))
    page = audit_report(hostvars(a=gathered("key-weak", evidence=text)))
    assert [len(row) for row in rows(page)] == [len(row) for row in rows(harmless)]
    assert len(page.splitlines()) == len(harmless.splitlines())
    assert not re.search(r"(?<!\\)<", page)


@pytest.mark.parametrize(
    ("state", "codes", "agrees"),
    [
        ("ok", [], True),
        ("ok", ["tlsa-malformed"], True),
        ("absent", [], True),
        ("stale", ["stale-tlsa"], False),
        (None, ["not-determined"], False),
    ],
)
def test_what_a_validating_sender_finds_stands_beside_the_probes(
    state: str | None, codes: list[str], agrees: bool
) -> None:
    found = [finding(code, where="_25._tcp.mx1", evidence="3 1 1 ab").as_dict() for code in codes]
    result = {"name": "mx1.example.test", "state": state, "reason": "why", "findings": found}
    report = host_report(gathered(), host="mx1", dane=[result])
    [probe] = report["probes"]
    assert (probe["label"], probe["agrees"]) == ("DANE of mx1.example.test", agrees)
    assert probe["message"] == f"{state or 'not determined'}: why"
    assert probe["dane"]["state"] == state
    assert sum(report["counts"].values()) == len(codes)
    page = audit_report({"mx1": {"audit_mta_report": report}})
    assert all(code in page for code in codes)


def test_a_name_that_could_not_be_asked_says_why() -> None:
    failed = {"failed": True, "msg": "no dnspython", "audit_mta_name": "mx1.example.test"}
    [probe] = host_report(gathered(), host="mx1", dane=[failed])["probes"]
    assert (probe["label"], probe["agrees"]) == ("DANE of mx1.example.test", False)
    assert probe["message"] == "not determined: no dnspython"


def mailer(kind: str, where: str, port: int) -> dict[str, t.Any]:
    services = [{**SERVICE, "listen": [{"address": "*", "port": port}]}]
    return {"version": kind, "config_directory": where, "library": {"version": "OpenSSL 3.5.7"}, "services": services}  # fmt: skip


POSTFIX, SENDMAIL = mailer("3.10.13", "/etc/postfix", 25), mailer("8.18.1", "/etc/mail", 2525)
OF_POSTFIX = "Use '\\>=TLSv1.2' from Postfix 3.6 on"


def tls13_off(where: str, *, sendmail: bool = False) -> dict[str, t.Any]:
    told = told_by_sendmail if sendmail else partial(finding, message=None)
    return told("tls13-off", where=where, evidence="x").as_dict()


def probed(*found: dict[str, t.Any]) -> dict[str, t.Any]:
    return {"label": "x", "agrees": True, "message": None, "findings": list(found)}


def test_a_fleet_of_both_kinds_is_told_what_to_do_for_each() -> None:
    first = gathered(findings=[tls13_off("/etc/postfix smtp/inet")])
    second = gathered(
        postfix=[], sendmail=[SENDMAIL], findings=[tls13_off("/etc/mail MTA", sendmail=True)]
    )
    (row,) = [one for one in rows(audit_report(hostvars(a=first, b=second))) if "tls13-off" in one]
    assert row[3:5] == ["2", "a, b"]
    assert row[5].index(f"Postfix: {OF_POSTFIX}") < row[5].index("sendmail: Take SSL_OP_NO_TLS")


@pytest.mark.parametrize(
    ("servers", "where", "words"),
    [
        ({"postfix": [POSTFIX]}, "mx:25", "Postfix 3.6 on"),
        ({"postfix": [], "sendmail": [SENDMAIL]}, "mx:2525", "Take SSL_OP_NO_TLSv1_3 out"),
        ({"postfix": [POSTFIX], "sendmail": [SENDMAIL]}, "mx:25", "Postfix 3.6 on"),
        ({"postfix": [POSTFIX], "sendmail": [SENDMAIL]}, "[::1]:2525", "Take SSL_OP_NO_TLSv1_3"),
    ],
)
def test_what_a_probe_found_is_told_in_the_words_of_the_mail_server(
    servers: dict[str, t.Any], where: str, words: str
) -> None:
    report = host_report(gathered(**servers), host="mx")
    report["probes"] = [probed(tls13_off(where))]
    (block,) = re.findall(r"\(tls13-off\)\n\n.*?\n\n(.*?)\n\n", page_of([report]), re.DOTALL)
    assert words in block
    assert sum(word in block for word in ("Postfix 3.6 on", "Take SSL_OP_NO_TLSv1_3")) == 1


def fleet(count: int, *, alike: bool) -> dict[str, t.Any]:
    """Every hundredth host is bad, every fiftieth could not be asked, and the others are sound."""
    found = {}
    for number in range(count):
        name = f"mx{number:04}.example.test"
        evidence = name if alike else f"{number} suites are left"
        codes = ("no-shared-cipher",) if number % 100 == 0 else ()
        asked = gathered(*codes, evidence=evidence)
        found[name] = {"msg": f"{name}: no route to {name}"} if number % 50 == 1 else asked
    return hostvars(**found)


def test_a_thousand_hosts_of_which_the_same_is_said_stand_together() -> None:
    text = audit_report(fleet(1000, alike=True))
    assert len(text) < 20_000
    assert "980 of 1000 hosts audited." in text
    assert re.findall("^## mx.*", text, re.MULTILINE) == [
        "## mx0000.example.test and 9 more",
        "## mx0002.example.test and 969 more",
    ]
    assert "The same is said of mx0000.example.test, mx0100.example.test, " in text
    (reason,) = [one for one in rows(text) if "no route" in one[-1]]
    assert reason[0].endswith("and 10 more")
    (row,) = [one for one in rows(text) if "no-shared-cipher" in one]
    assert row[3] == "10"


def test_the_page_has_a_bound_where_every_host_is_a_case_of_its_own() -> None:
    result = {
        f"mx{number:04}": gathered("no-shared-cipher", evidence=f"{number} suites")
        for number in range(500)
    }
    text = audit_report(hostvars(**result))
    assert len(re.findall("^## mx", text, re.MULTILINE)) == 50
    assert [one[0] for one in rows(text) if one[1:2] == ["see their JSON files"]] == [
        "450 more hosts, none worse"
    ]
    assert len(text) < 100_000


def test_up_to_fifty_hosts_each_has_a_section() -> None:
    text = audit_report(fleet(50, alike=True))
    assert len(re.findall("^## mx", text, re.MULTILINE)) == 49


def test_a_problem_of_four_services_is_counted_once() -> None:
    codes = ["no-shared-cipher"] * 4
    seen = [finding("no-shared-cipher", where="mx:25", evidence="alert").as_dict()]
    report = host_report(gathered(*codes), host="a", dane=[{"name": "a", "findings": seen}])
    assert report["counts"]["critical"] == 1


def test_a_port_for_its_own_host_only_says_nothing_of_mail_from_others() -> None:
    seen = [finding("starttls-not-offered", where="127.0.0.1:25", evidence="SIZE").as_dict()]
    target = {"label": "smtp at 127.0.0.1 port 25", "service": SERVICE}
    for from_host, codes in ((True, []), (False, ["starttls-not-offered"])):
        result = {
            "ansible_loop_var": "one",
            "one": {**target, "from_host": from_host},
            "reached": True,
            "findings": seen,
        }
        [probe] = host_report(gathered(), host="a", probes=[result])["probes"]
        assert [one["code"] for one in probe["findings"]] == codes


def test_what_was_not_reached_disagrees_with_nothing_and_is_named_once() -> None:
    label = "smtp/inet at x port 25"
    item = {"ansible_loop_var": "item", "item": {"label": label, "service": SERVICE}}
    result = {**item, "reached": False, "reason": "unresolvable"}
    page = audit_report({"a": {"audit_mta_report": host_report(gathered(), host="a", probes=[result])}})  # fmt: skip
    assert rows(page)[2][-1] == "not reached: 1"
    assert f"| {label} | not reached: unresolvable |" in page
