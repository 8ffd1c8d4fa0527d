# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._errors import InvalidInput
from ansible_collections.postmaster.tls.plugins.module_utils._findings import finding
from ansible_collections.postmaster.tls.plugins.plugin_utils._checklist import (
    certificate_checklist,
)

Data = dict[str, t.Any]
INSTALLED = {
    "file": "/etc/mail/tls/mx.crt",
    "key_file": "/etc/mail/tls/mx.key",
    "key_matches": True,
    "not_after": "2027-12-24T00:00:00Z",
    "days_left": 396,
    "san": ["mx.example.test"],
    "sha256": "aa",
    "chain_complete": None,
}
SERVED = {
    "subject": "CN=mx.example.test",
    "not_after": "2027-12-24T00:00:00Z",
    "days_left": 396,
    "san": ["mx.example.test"],
    "sha256": "aa",
    "chain": [{}, {}],
    "chain_complete": True,
    "name_matches": True,
    "verified": True,
}


def facts(*findings: Data, mta: str = "sendmail", **changed: t.Any) -> Data:
    service = {
        "direction": "inbound",
        "certificate_files": [INSTALLED["file"]],
        "client_certificate": "asked",
    }
    unused = {**INSTALLED, "file": "/etc/mail/tls/unused.crt", "key_matches": False}
    return {
        mta: [{"services": [service]}],
        "certificates": [{**INSTALLED, **changed}, unused],
        "findings": list(findings),
    }


def probe(dane: Data | None = None, **changed: t.Any) -> Data:
    seen: Data = {"certificates": [{**SERVED, **changed}], "findings": []}
    return {**seen, "dane": dane} if dane else seen


def answers(lines: list[str]) -> dict[str, str]:
    """The verdict by the first two words of each question."""
    rows = [line.split() for line in lines if line[:2] == "  " and line[2] != " "]
    return {" ".join(row[1:3]): row[0] for row in rows}


def test_a_sound_certificate_has_no_problem() -> None:
    found = answers(certificate_checklist(facts(), probe({"status": "match"})))
    assert set(found.values()) == {"yes", "asked"}
    assert len(found) == 10


def test_what_only_a_sender_sees_stays_open_without_a_probe() -> None:
    found = answers(certificate_checklist(facts()))
    assert "no" not in found.values()
    assert found["Its key"] == found["It is"] == "yes"
    assert {found["It names"], found["It leads"], found["Senders get"], found["Its TLSA"]} == {"?"}


@pytest.mark.parametrize(
    ("told", "seen", "question"),
    [
        ({"key_matches": False}, {}, "Its key"),
        ({}, {"name_matches": False}, "It names"),
        ({}, {"chain_complete": False}, "Every intermediate"),
        ({}, {"verified": False, "verify_reason": "self-signed"}, "It leads"),
        ({}, {"sha256": "bb"}, "Senders get"),
        ({}, {"dane": {"status": "mismatch"}}, "Its TLSA"),
        ({}, {"dane": {"status": "bogus"}}, "Its TLSA"),
    ],
)
def test_one_problem_is_one_no(told: Data, seen: Data, question: str) -> None:
    seen = {"dane": {"status": "match"}, **seen}
    found = answers(certificate_checklist(facts(**told), probe(**seen)))
    assert [key for key, verdict in found.items() if verdict == "no"] == [question]


@pytest.mark.parametrize(
    ("code", "question"),
    [
        ("certificate-expired", "It is"),
        ("chain-not-served", "Every intermediate"),
        ("certificate-not-for-servers", "Servers may"),
        ("key-weak", "Key and"),
        ("stale-tlsa", "Its TLSA"),
    ],
)
def test_a_finding_says_no_with_evidence_and_remedy(code: str, question: str) -> None:
    found = finding(code, where="/etc/mail/sendmail.cf", evidence="what was seen").as_dict()
    lines = certificate_checklist(facts(found), probe({"status": "match"}))
    no = [line for line in lines if line.startswith("  no")]
    assert len(no) == 1
    assert f"({code})" in no[0]
    assert " ".join(no[0].split()[1:3]).startswith(question)
    text = " ".join(" ".join(lines).split())
    assert "/etc/mail/sendmail.cf: what was seen" in text
    assert f"Do: {found['remedy']}" in text


@pytest.mark.parametrize("status", [None, "absent", "insecure"])
def test_records_that_refuse_nobody_are_no_problem(status: str | None) -> None:
    dane = {"status": status, "reason": "the resolver is silent"}
    lines = certificate_checklist(facts(), probe(dane))
    assert answers(lines)["Its TLSA"] == ("yes" if status else "?")
    assert ("the resolver is silent" in " ".join(lines)) is (status is None)


@pytest.mark.parametrize(
    ("mta", "dial"), [("sendmail", "sendmail_tls_client"), ("postfix", "ccert")]
)
def test_who_is_asked_for_a_certificate_can_stop_that(mta: str, dial: str) -> None:
    text = " ".join(certificate_checklist(facts(mta=mta), probe()))
    assert "Senders are asked" in text
    assert dial in text
    seen = {**probe(), "features": {"client_certificate": {"requested": False}}}
    text = " ".join(certificate_checklist(facts(mta=mta), seen))
    assert "Senders are not asked" in text
    assert dial not in text


def test_something_else_is_refused() -> None:
    with pytest.raises(InvalidInput, match="certificate_checklist"):
        certificate_checklist({"postfix": []})


def unexplained(lines: list[str]) -> list[str]:
    return [line for line in lines if line.startswith("  ? ") and ":" not in line]


@pytest.mark.parametrize(
    ("files", "seen", "said"),
    [
        ([], {}, "the configuration names none, and nobody was asked what a sender gets."),
        ([], {"findings": []}, "the configuration names none, and the probe saw no certificate."),
        (["/etc/mx.crt"], {}, "none of those that the configuration names could be read, and"),
    ],
)
def test_a_host_without_a_certificate_is_told_once_and_why(
    files: list[str], seen: Data, said: str
) -> None:
    service = {"direction": "inbound", "certificate_files": files, "client_certificate": None}
    host = {"postfix": [{"services": [service]}], "certificates": [], "findings": []}
    lines = certificate_checklist(host, seen)
    assert said in " ".join(" ".join(lines).split())
    assert sum(line.startswith("  ? ") for line in lines) == 2
    assert unexplained(lines) == []


def test_what_was_found_of_a_missing_certificate_stands_before_that() -> None:
    missing = finding("certificate-missing", where="smtp/inet", evidence="/etc/mx.crt").as_dict()
    lines = certificate_checklist({"certificates": [], "findings": [missing]})
    assert "(certificate-missing)" in lines[2]
    assert "There is no certificate to ask about" in " ".join(lines)


def test_no_question_stays_open_without_a_reason() -> None:
    silent = {"sha256": "aa", "chain": [], "subject": "CN=mx"}
    for told in (facts(), facts(not_after=None, days_left=None, key_matches=None, san=None)):
        for seen in ({}, {"certificates": [silent], "findings": []}):
            assert unexplained(certificate_checklist(told, seen)) == []


def told_of(question: str, host: Data, seen: Data | None = None) -> tuple[str, str]:
    """The verdict on a question, and what stands behind its colon."""
    lines = certificate_checklist(host, seen)
    first = next(at for at, line in enumerate(lines) if question in line)
    text = lines[first]
    for line in lines[first + 1 :]:
        if not line.startswith("    "):
            break
        text += f" {line.strip()}"
    verdict, _blank, rest = text.strip().partition(" ")
    return verdict, rest.strip().removeprefix(question).removeprefix(": ")


KEY = "Its key belongs to it, and both can be used"
FORCE = "It is in force, and so is its chain"
NAMES = "It names this host"
INTERMEDIATES = "Every intermediate is sent, in order"
ROOT = "It leads to a root that is trusted here"
SAME = "Senders get the one that lies on the disk"
UNSEEN = "the probe saw no certificate"


def with_two(**second: t.Any) -> Data:
    """The facts of a host with two certificates in its one service."""
    host = facts()
    host["certificates"][1].update({"key_matches": True, "key_file": "/etc/other.key", **second})
    host["sendmail"][0]["services"][0]["certificate_files"].append("/etc/mail/tls/unused.crt")
    return host


def test_a_certificate_that_only_the_client_presents_is_none_of_the_servers() -> None:
    host = facts()
    host["sendmail"][0]["services"] += [
        {"direction": "outbound", "certificate_files": ["/etc/mail/tls/unused.crt"]},
        {"direction": "inbound", "certificate_files": None},
    ]
    assert told_of(KEY, host) == ("yes", "/etc/mail/tls/mx.key")


@pytest.mark.parametrize(
    ("second", "verdict"),
    [({}, "yes"), ({"key_matches": None}, "?"), ({"key_matches": False}, "no")],
)
def test_every_key_counts(second: Data, verdict: str) -> None:
    assert told_of(KEY, with_two(**second)) == (verdict, "/etc/mail/tls/mx.key, /etc/other.key")


def test_a_certificate_without_a_key_file_is_said_to_have_none() -> None:
    assert told_of(KEY, facts(key_file=None, key_matches=None)) == ("?", "no key file")


def test_the_certificate_that_ends_first_counts() -> None:
    host = with_two(not_after="2027-01-02T03:04:05Z", days_left=40)
    assert told_of(FORCE, host) == ("yes", "until 2027-01-02 (40 days)")
    assert told_of(FORCE, facts(not_after=None))[0] == "?"


def test_names_are_shown_whatever_the_verdict() -> None:
    unnamed = "nobody said by which name senders know this host"
    assert told_of(NAMES, facts(), probe()) == ("yes", "mx.example.test")
    assert told_of(NAMES, facts(), probe(name_matches=None)) == ("?", f"mx.example.test; {unnamed}")
    assert told_of(NAMES, facts(), probe(name_matches=False)) == ("no", "mx.example.test")
    assert told_of(NAMES, facts()) == ("?", f"mx.example.test; {UNSEEN}")
    assert told_of(NAMES, facts(san=None)) == ("?", UNSEEN)


def test_an_answer_that_says_all_has_nothing_behind_it() -> None:
    text = "\n".join(certificate_checklist(facts(), probe()))
    for question in ("Servers may use it", "Key and signatures are strong enough", SAME):
        assert f"  yes       {question}\n" in text


def test_how_long_the_chains_are_that_senders_get() -> None:
    assert told_of(INTERMEDIATES, facts(), probe()) == ("yes", "a chain of 2")
    assert told_of(INTERMEDIATES, facts()) == ("?", UNSEEN)
    assert told_of(INTERMEDIATES, facts(chain_complete=True)) == ("?", UNSEEN)


def test_why_a_root_is_not_trusted_and_nothing_of_one_that_is() -> None:
    untrusted = {**SERVED, "verified": False, "verify_reason": "self-signed"}
    both = {"certificates": [{**SERVED, "verify_reason": "by its root"}, untrusted], "findings": []}
    assert told_of(ROOT, facts(), both) == ("no", "self-signed")
    assert told_of(ROOT, facts()) == ("?", UNSEEN)


def test_what_is_served_is_compared_with_what_could_be_read() -> None:
    other = probe(sha256="bb", subject="CN=old")
    assert told_of(SAME, facts(), other) == ("no", "another one is served: CN=old")
    assert told_of(SAME, facts()) == ("?", UNSEEN)
    unread = "none of its files could be read"
    assert told_of(SAME, facts(sha256=None), probe()) == ("?", unread)
    assert told_of(SAME, {**facts(), "certificates": None}, probe()) == ("?", unread)
    assert told_of(KEY, {**facts(), "certificates": []}, probe()) == ("?", unread)


def test_what_the_probe_found_says_no_too() -> None:
    found = finding("certificate-untrusted", where="mx:25", evidence="self-signed").as_dict()
    lines = certificate_checklist(facts(), {**probe(), "findings": [found]})
    assert next(line for line in lines if line.startswith("  no")).endswith(
        "(certificate-untrusted)"
    )
    for empty in (None, []):
        host, seen = {**facts(), "findings": empty}, {**probe(), "findings": empty}
        assert "no" not in answers(certificate_checklist(host, seen)).values()


@pytest.mark.parametrize("other", [None, "certificates", ["certificates"], 7])
def test_what_is_no_result_is_refused_in_one_sentence(other: t.Any) -> None:
    with pytest.raises(InvalidInput, match="something else than the facts"):
        certificate_checklist(other)
