# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from ansible_collections.postmaster.tls.plugins.plugin_utils._change_table import change_table


def facts(*services: dict[str, Any]) -> dict[str, Any]:
    return {"postfix": [{"config_directory": "/etc/postfix", "services": list(services)}]}


def service(**values: Any) -> dict[str, Any]:
    return {
        "name": "smtp/inet",
        "direction": "inbound",
        "findings": [],
        "ciphers": [],
        "protocols": [],
        **values,
    }


BROKEN = service(protocols=["TLSv1.1", "TLSv1.2"], findings=[{"code": "no-shared-cipher"}])
CURED = service(
    protocols=["TLSv1.2", "TLSv1.3"],
    ciphers=[{"name": "TLS_AES_256_GCM_SHA384"}, {"name": "A"}, {"name": "B"}],
)


def test_before_and_after_stand_in_one_line() -> None:
    table = change_table(facts(BROKEN), facts(CURED))
    assert [line.split() for line in table[:2]] == [
        ["service", "before", "after"],
        ["smtp/inet", "protocols", "TLSv1.1", "TLSv1.2", "TLSv1.2", "TLSv1.3"],
    ]
    assert table[2].split() == ["suites", "none", "3:", "TLS_AES_256_GCM_SHA384,", "A,", "…"]
    assert table[3].split() == ["findings", "no-shared-cipher", "none"]


def test_the_columns_are_aligned() -> None:
    table = change_table(facts(BROKEN), facts(CURED))
    column = table[0].index("after")
    assert all(line[column - 1] == " " and line[column] != " " for line in table)


def test_what_was_not_determined_is_shown_so() -> None:
    table = change_table(facts(service(protocols=None, ciphers=None)), facts(CURED))
    assert table[1].count("not determined") == 1
    assert table[2].count("not determined") == 1


def test_outbound_services_are_not_shown_and_a_new_service_is() -> None:
    outbound = {**CURED, "name": "smtp/unix", "direction": "outbound"}
    submission = {**CURED, "name": "submission/inet"}
    text = "\n".join(change_table(facts(BROKEN, outbound), facts(CURED, submission)))
    assert "smtp/unix" not in text
    assert "no such service" in text


def test_services_that_are_alike_in_everything_stand_together() -> None:
    submission = {**BROKEN, "name": "submission/inet"}
    smtps = {**BROKEN, "name": "smtps/inet"}
    cured = [{**CURED, "name": name} for name in ("submission/inet", "smtp/inet")]
    table = change_table(facts(BROKEN, submission, smtps), facts(*cured, smtps))
    assert len(table) == 7
    assert table[1].startswith("smtp/inet, submission/inet  protocols")
    assert table[4].startswith("smtps/inet  ")


def test_what_the_change_brings_with_it_is_told_once_and_the_rest_is_not() -> None:
    old = {"severity": "medium", "code": "chain-incomplete", "message": "M", "where": "a.crt"}
    old["evidence"] = "no issuer"
    expiring = {**old, "code": "certificate-expiring", "where": "b.crt", "evidence": "9 days"}
    advice = {**expiring, "severity": "low", "code": "tls13-off"}
    before = {**facts(service()), "findings": [old]}
    after = {**facts(service()), "findings": [old, expiring, expiring, advice]}
    table = change_table(before, after)
    assert table[4:] == [
        "",
        "The change brings with it:",
        "  medium    M (certificate-expiring, b.crt): 9 days",
    ]
    assert change_table(before, before) == table[:4]


def test_what_was_there_and_stays_is_told_where_something_changes() -> None:
    name = {"severity": "medium", "code": "certificate-name-mismatch", "message": "M"}
    stays = [{**name, "evidence": "mx1 is not covered", "where": one} for one in ("a", "b")]
    goes = {**name, "evidence": "mx2 is not covered", "where": "a"}
    before = {**facts(BROKEN), "findings": [*stays, goes]}
    table = change_table(before, {**facts(CURED), "findings": stays})
    assert table[4:] == [
        "",
        "The change does not mend this:",
        "  medium    M (certificate-name-mismatch, a, b): mx1 is not covered",
    ]
    certificates = [{"sha256": "other"}]
    renewed = {**facts(BROKEN), "findings": stays, "certificates": certificates}
    assert "The change does not mend this:" in change_table(before, renewed)
    assert len(change_table(before, before)) == 4


def test_what_the_policy_asks_for_in_vain_is_told_last_whether_anything_changes_or_not() -> None:
    lane = {"severity": "low", "code": "policy-not-expressible", "message": "M", "where": "cf mx"}
    plan = [{**lane, "evidence": "TLSv1.2 stays"}]
    for before in (facts(BROKEN), facts(CURED)):
        assert change_table(before, facts(CURED), plan=plan)[4:] == [
            "",
            "The policy asks for more than this mail server can do:",
            "  low       M (policy-not-expressible, cf mx): TLSv1.2 stays",
        ]


def test_a_code_that_only_stands_under_after_is_explained_however_little_it_matters() -> None:
    """What was there with other evidence, or stands in no column, is not."""
    kept = {"severity": "low", "code": "tls13-off", "message": "K", "where": "a", "evidence": "9"}
    new = {**kept, "code": "list-out-of-reach", "message": "N", "evidence": "not read"}
    elsewhere = {**new, "code": "renegotiation", "message": "E"}
    before = {**facts(service(findings=[kept])), "findings": [kept]}
    then = [{**kept, "evidence": "8"}, new]
    table = change_table(before, {**facts(service(findings=then)), "findings": [*then, elsewhere]})
    assert table[-2:] == [
        "The change brings with it:",
        "  low       N (list-out-of-reach, a): not read",
    ]
