# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import base64
import typing as t
from datetime import timedelta
from pathlib import Path

import dns.name
import dns.rdata
import pytest
from ansible_collections.postmaster.tls.plugins.action.starttls_probe import (
    Limits,
    Reading,
    Readings,
    addressed,
    all_understood,
    plain,
    understood,
)
from ansible_collections.postmaster.tls.plugins.module_utils._errors import (
    InvalidInput,
    PostmasterTlsError,
)
from ansible_collections.postmaster.tls.plugins.module_utils._findings import finding
from ansible_collections.postmaster.tls.plugins.module_utils._tls import _policy_check
from ansible_collections.postmaster.tls.plugins.plugin_utils._chain_building import TrustStore
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._exchange import Server
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._options import Lookup
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._probed import Surveys
from ansible_collections.postmaster.tls.plugins.plugin_utils._policy import load_policy
from ansible_collections.postmaster.tls.tests.support.authority import NOW, Signed, sign
from ansible_collections.postmaster.tls.tests.support.dane_cases import record
from ansible_collections.postmaster.tls.tests.support.signed_zones import Resolving, family
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

MX = "mx.example.test"
ROOT = sign("Root", ca=True)
LEAF = sign(MX, ROOT, names=[MX])
TRUST = TrustStore([ROOT.certificate])
Data = dict[str, t.Any]


def raw(*chains: list[str], **more: t.Any) -> Data:
    return {
        "host": MX,
        "port": 25,
        "reached": True,
        "handshake": {"accepted": True},
        "findings": [],
        "_chains": list(chains),
        **more,
    }


def read(result: Data, *, name: str = MX, policy: str | None = None) -> Data:
    wanted = load_policy(policy) if policy else None
    return understood(result, name=name, trust=TRUST, policy=wanted, now=NOW)


def test_chains_become_certificates() -> None:
    result = read(raw([LEAF.pem]))
    [certificate] = result["certificates"]
    assert "_chains" not in result
    assert "violations" not in result
    assert certificate["subject"] == f"CN={MX}"
    assert certificate["verified"] is certificate["name_matches"] is True
    assert certificate["verify_reason"] is None
    assert result["findings"] == []


def test_what_only_clients_without_a_name_get_is_marked() -> None:
    other = sign("default.example.test", ROOT, names=["default.example.test"])
    result = read(raw([LEAF.pem], sni=MX, _nameless_chains=[[other.pem]]))
    told = [(one["sni"], one["name_matches"]) for one in result["certificates"]]
    assert told == [(MX, True), (None, False)]
    assert not any(key.startswith("_") for key in result)
    [finding] = result["findings"]
    assert finding["code"] == "certificate-name-mismatch"
    assert finding["evidence"].endswith("(what clients without SNI get)")


def test_a_certificate_for_another_name_is_a_finding_at_host_and_port() -> None:
    result = read(raw([LEAF.pem]), name="other.example.test")
    assert result["certificates"][0]["name_matches"] is False
    [finding] = result["findings"]
    assert (finding["code"], finding["where"]) == ("certificate-name-mismatch", f"{MX}:25")


def test_by_address_only_a_certificate_that_names_it_says_anything() -> None:
    addressed = sign(MX, ROOT, names=[MX, "198.51.100.7"])
    result = read(raw([LEAF.pem], [addressed.pem]), name="198.51.100.7")
    assert [one["name_matches"] for one in result["certificates"]] == [None, True]
    assert result["findings"] == []


def test_an_unverified_chain_says_why() -> None:
    [certificate] = read(raw([sign(MX, names=[MX]).pem]))["certificates"]
    assert certificate["verified"] is False
    assert MX in certificate["verify_reason"]


def test_a_broken_certificate_does_not_end_the_task() -> None:
    broken = "-----BEGIN CERTIFICATE-----\nMAMCAQU=\n-----END CERTIFICATE-----\n"
    result = read(raw([broken]))
    assert result["certificates"][0]["verified"] is None
    assert [finding["code"] for finding in result["findings"]] == ["certificate-unusable"]


@pytest.mark.parametrize(("version", "violated"), [("TLSv1", True), ("TLSv1.2", False)])
def test_a_policy_adds_violations_and_one_finding(version: str, violated: bool) -> None:
    protocols = [{"name": version, "accepted": True, "reason": None}]
    result = read(
        raw(protocols=protocols, ciphers={}, groups=[]), policy="mozilla-intermediate-6.0"
    )
    assert bool(result["violations"]) is violated
    assert [finding["code"] for finding in result["findings"]] == ["policy-violation"] * violated


def test_an_ipv6_host_stands_in_brackets() -> None:
    result = read({**raw([LEAF.pem]), "host": "2001:db8::1"}, name="other.example.test")
    assert result["findings"][0]["where"] == "[2001:db8::1]:25"


def test_evidence_of_the_policy_check_counts_once() -> None:
    seen = {"protocol": "TLSv1.2", "kind": "group", "name": "x448", "message": "seen"}
    groups = [{"name": "x448", "accepted": True}, {"name": "secp521r1", "accepted": True}]
    result = read(
        raw(protocols=[], ciphers={}, groups=groups, violations=[seen]),
        policy="mozilla-intermediate-6.0",
    )
    assert [(one["kind"], one["name"]) for one in result["violations"]] == [
        ("group", "x448"),
        ("group", "secp521r1"),
    ]
    assert result["violations"][0]["message"] == "seen"


@pytest.mark.parametrize("compliant", [True, None])
def test_a_policy_that_the_certificate_violates_is_not_kept_to(compliant: bool | None) -> None:
    weak = sign(MX, ROOT, names=[MX], key=rsa.generate_private_key(65537, 1024))
    verdict = {"name": "mozilla-modern-6.0", "compliant": compliant, "undetermined": []}
    sound = read(raw([LEAF.pem], policy=verdict), policy="modern")
    result = read(raw([LEAF.pem], [weak.pem], policy=verdict), policy="modern")
    assert (sound["violations"], sound["policy"]) == ([], verdict)
    assert [one["kind"] for one in result["violations"]] == ["certificate"]
    assert result["policy"] == {**verdict, "compliant": False}


def test_what_nobody_could_ask_has_no_violations() -> None:
    unreached = read(raw(handshake=None, reached=False), policy="modern")
    assert unreached["violations"] is None
    assert unreached["findings"] == []


def revoked(signer: Signed = ROOT) -> str:
    response = (
        ocsp.OCSPResponseBuilder()
        .add_response(
            cert=LEAF.certificate,
            issuer=ROOT.certificate,
            algorithm=hashes.SHA256(),
            cert_status=ocsp.OCSPCertStatus.REVOKED,
            this_update=NOW - timedelta(days=1),
            next_update=NOW + timedelta(days=1),
            revocation_time=NOW - timedelta(days=1),
            revocation_reason=None,
        )
        .responder_id(ocsp.OCSPResponderEncoding.HASH, signer.certificate)
        .sign(signer.key, hashes.SHA256())
    )
    return base64.b64encode(response.public_bytes(Encoding.DER)).decode()


def test_a_revocation_that_somebody_else_signed_is_no_revocation() -> None:
    result = read(raw([LEAF.pem, ROOT.pem], _staples=[revoked(signer=LEAF)]))
    [finding] = result["findings"]
    assert finding["code"] == "staple-unusable"
    assert finding["evidence"] == "revoked, and its signature is not that of the issuer"


def test_a_revocation_that_is_stapled_is_a_finding_of_its_certificate() -> None:
    result = read(raw([LEAF.pem, ROOT.pem], _staples=[revoked()]))
    assert result["certificates"][0]["ocsp_staple"]["status"] == "revoked"
    assert [finding["code"] for finding in result["findings"]] == ["certificate-revoked"]
    assert result["findings"][0]["where"] == f"{MX}:25"
    assert not [key for key in result if key.startswith("_")]


def split(arguments: Data) -> tuple[Data, list[Reading]]:
    return Readings().split(arguments)


def test_what_only_the_controller_can_use_stays_there(tmp_path: Path) -> None:
    roots = tmp_path / "roots.pem"
    roots.write_text(ROOT.pem)
    arguments = {"host": MX, "policy": "intermediate", "ca_file": str(roots), "port": 587}
    own, [reading] = split(arguments)
    assert own == {"host": MX, "port": 587}
    assert (reading.name, bool(reading.trust)) == (MX, True)
    assert reading.policy is not None
    assert reading.policy.name == "mozilla-intermediate-6.0"


def test_the_policy_check_needs_its_rule_there() -> None:
    own, [reading] = split({"host": MX, "policy": "modern", "checks": ["policy"]})
    assert reading.policy is not None
    assert own["policy"] == plain(reading.policy)
    rule = _policy_check.rule_of(own["policy"])
    assert rule.protocols == reading.policy.protocols
    assert rule.ciphersuites == {suite.code for suite in reading.policy.ciphersuites or ()}
    assert rule.groups == frozenset(reading.policy.groups or ())


def test_targets_have_the_options_of_the_task_as_defaults() -> None:
    targets = ["mx1.example.test", {"host": "mx2.example.test", "policy": "old", "sni": "x.test"}]
    own, readings = split({"targets": targets, "policy": "modern", "checks": ["policy"]})
    assert [reading.name for reading in readings] == ["mx1.example.test", "x.test"]
    names = [reading.policy.name for reading in readings if reading.policy]
    assert names == ["mozilla-modern-6.0", "mozilla-old-5.8"]
    assert own["policy"]["name"] == "mozilla-modern-6.0"
    assert own["targets"][0] == "mx1.example.test"
    assert own["targets"][1]["policy"]["name"] == "mozilla-old-5.8"


def test_targets_may_be_words_in_one_text() -> None:
    own, readings = split({"targets": "mx1.example.test, mx2.example.test"})
    assert own["targets"] == ["mx1.example.test", "mx2.example.test"]
    assert len(readings) == 2


def test_a_bad_policy_of_one_target_is_said_with_its_place() -> None:
    targets = [MX, {"host": "mx2.example.test", "policy": "nosuch"}]
    with pytest.raises(InvalidInput, match=r"Target 2 of 2 \(mx2.example.test\): .*nosuch"):
        split({"targets": targets})


def test_a_bad_policy_of_the_task_is_one_sentence() -> None:
    with pytest.raises(PostmasterTlsError, match="There is no policy 'nosuch'"):
        split({"host": MX, "policy": "nosuch"})


def test_many_results_are_read_each_in_its_own_way() -> None:
    bare = {"handshake": None, "reason": "refused", "throttled": False, "connections": 1}
    first = {**raw([LEAF.pem], **bare), "_position": 0}
    second = {**raw([LEAF.pem], **bare), "host": "mx2.example.test", "_position": 1}
    readings = [Reading(MX, TRUST, None), Reading("mx2.example.test", TRUST, None)]
    result = all_understood({"results": [first, second], "changed": False}, readings, now=NOW)
    codes = [[finding["code"] for finding in one["findings"]] for one in result["results"]]
    assert codes == [[], ["certificate-name-mismatch"]]
    assert result["summary"]["findings"]["medium"] == 1
    assert "_position" not in result["results"][0]


def test_a_module_that_failed_is_left_alone() -> None:
    failed = {"failed": True, "msg": "no"}
    assert all_understood(failed, [Reading(MX, None, None)], now=NOW) is failed


def test_the_check_dane_stays_on_the_controller_and_asks_for_certificates() -> None:
    own, [reading] = Readings().split(
        {"host": MX, "checks": ["dane"], "resolver": ["127.0.0.1"], "domain": "example.test"}
    )
    assert own == {"host": MX, "checks": ["handshake", "certificates"]}
    assert reading.lookup is not None
    assert reading.domain == "example.test"


def test_targets_inherit_the_check_dane() -> None:
    own, readings = Readings().split(
        {
            "targets": [MX, {"host": MX, "checks": "groups"}, {"host": MX, "resolver": "::1"}],
            "checks": "ciphers, dane",
            "resolver": "127.0.0.1",
        }
    )
    assert own["checks"] == ["ciphers", "handshake", "certificates"]
    assert [one.lookup is not None for one in readings] == [True, False, True]
    assert own["targets"][1] == {"host": MX, "checks": "groups"}
    assert own["targets"][2] == {"host": MX, "checks": ["ciphers", "handshake", "certificates"]}


def test_without_the_check_nothing_of_dane_is_needed() -> None:
    own, [reading] = Readings().split({"host": MX, "validate": "self"})
    assert (own, reading.lookup) == ({"host": MX}, None)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"validate": "self"}, "needs trust_anchor"),
        ({"resolver": "dns.example.test"}, "is not an IP address"),
        ({"validate": "both"}, "can be resolver or self"),
        ({"validate": "self", "trust_anchor": "/nowhere"}, "/nowhere cannot be read"),
    ],
)
def test_an_option_of_dane_that_is_not_usable_is_one_sentence(options: Data, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        Readings().split({"host": MX, "checks": ["dane"], **options})


def test_what_was_seen_is_compared_with_the_records() -> None:
    zones = family()
    owner = dns.name.from_text("_25._tcp.mx1.example.test.")
    zones[1].add(owner, dns.rdata.from_text("IN", "TLSA", record(3, 1, 1, LEAF)))
    lookup = Lookup((Server("127.0.0.1"),), trusted=True, anchors=None)
    surveys = Surveys(NOW, transport=Resolving(*zones, secure=True))
    host = "mx1.example.test"
    for chain, status in ((LEAF, "match"), (ROOT, "mismatch")):
        seen = {"host": host, "port": 25, "address": "203.0.113.11", "_chains": [[chain.pem]]}
        dane, found = surveys.brief(seen, lookup, domain=None)
        assert dane["status"] == status
        assert [one["code"] for one in found] == ["stale-tlsa"] * (status == "mismatch")


UNRESOLVED = "The name has no address."


def found_by(arguments: Data, *more: dns.rdata.Rdata) -> tuple[Data, Data]:
    """The arguments of the module where name servers know some hosts, and what is returned for those, as the module reports it."""
    own, readings = Readings().split({"resolver": ["203.0.113.53"], **arguments})
    zones = family()
    for rdata in more:
        zones[1].add(dns.name.from_text("mx1.example.test."), rdata)
    surveys = Surveys(NOW, transport=Resolving(*zones, secure=True))
    own = addressed(own, readings, surveys)
    given = own.get("address", ["192.0.2.7"])
    doubt = finding("not-determined", where=own["host"], evidence=UNRESOLVED).as_dict()
    seen = {"_chains": [], "_position": 0, "throttled": False, "connections": 1}
    bare = raw(
        **seen,
        host=own["host"],
        address=given[0] if given else None,
        message=None if given else UNRESOLVED,
        findings=[] if given else [doubt],
    )
    return own, all_understood(bare, readings, surveys=surveys, now=NOW)


@pytest.mark.parametrize("every", [False, True])
@pytest.mark.parametrize(
    ("options", "address", "by"),
    [
        ({"host": "mx1.example.test"}, ["203.0.113.11"], True),
        ({"host": "alias.example.test"}, ["203.0.113.11"], True),
        ({"host": "nobody.example.test"}, [], True),
        ({"host": "a..b"}, [], True),
        ({"host": "203.0.113.99"}, None, False),
        ({"host": "mx1.example.test", "address": "192.0.2.9"}, "192.0.2.9", False),
        ({"host": "mx1.example.test", "resolver": None}, None, False),
    ],
)
def test_name_servers_that_are_named_give_the_addresses_too(
    options: Data, address: t.Any, by: bool, every: bool
) -> None:
    own, result = found_by({**options, "every_address": every})
    assert own.get("address") == address
    assert result.get("resolved_by") == (["203.0.113.53"] if by else None)
    assert result["findings"] == [] if address != [] else result["message"] != UNRESOLVED


@pytest.mark.parametrize(
    ("host", "said"),
    [("nobody.example.test", "does not exist (NXDOMAIN)"), ("a..b", "'a..b' is not a host name")],
)
def test_where_they_know_none_their_answer_is_the_reason(host: str, said: str) -> None:
    _own, result = found_by({"host": host, "checks": "dane"})
    assert said in result["message"]
    assert {one["code"] for one in result["findings"]} == {"not-determined"}
    assert all(said in one["evidence"] for one in result["findings"])
    assert result["dane"]["status"] is None
    assert said in result["dane"]["reason"]


def test_with_every_address_what_is_left_out_is_told() -> None:
    loopback = dns.rdata.from_text("IN", "AAAA", "::")
    for every, told in (("no", []), ("yes", ["not-determined"])):
        own, result = found_by({"host": "mx1.example.test", "every_address": every}, loopback)
        assert own["address"] == ["203.0.113.11"]
        assert [one["code"] for one in result["findings"]] == told
    assert result["findings"][0]["evidence"].startswith(":: cannot be the address")


def test_of_many_addresses_what_is_left_out_is_told_once() -> None:
    targets = [{"host": "mx1.example.test", "every_address": True}] * 2
    own, readings = Readings().split({"resolver": ["203.0.113.53"], "targets": targets})
    zones = family()
    unspecified = dns.rdata.from_text("IN", "AAAA", "::")
    zones[1].add(dns.name.from_text("mx1.example.test."), unspecified)
    surveys = Surveys(NOW, transport=Resolving(*zones, secure=True))
    addressed(own, readings, surveys)
    seen = {
        **raw(host="mx1.example.test", address=None, message=None, findings=[]),
        "_chains": [],
        "throttled": False,
        "connections": 1,
    }
    results = [{**seen, "_position": position} for position in (0, 0, 1, 1, 1)]
    told = all_understood({"results": results}, readings, surveys=surveys, now=NOW)["results"]
    assert [len(one["findings"]) for one in told] == [1, 0, 1, 0, 0]


@pytest.mark.parametrize("address", ["127.0.0.1", "203.0.113.11"])
def test_name_servers_that_lead_to_the_machine_that_probes_are_told_of(address: str) -> None:
    _own, readings = Readings().split({"resolver": ["203.0.113.53"], "host": "mx1.example.test"})
    surveys = Surveys(NOW, transport=Resolving(*family(), secure=True))
    seen = {
        **raw(host="mx1.example.test", address=address, message=None, findings=[]),
        "_chains": [],
    }
    result = all_understood(seen, readings, surveys=surveys, now=NOW)
    assert len(result["findings"]) == (address == "127.0.0.1")


def test_why_no_certificate_was_seen_is_the_reason_of_dane() -> None:
    zones = family()
    surveys = Surveys(NOW, transport=Resolving(*zones, secure=True))
    lookup = Lookup((Server("127.0.0.1"),), trusted=True, anchors=None)
    said = "No connection: Network is unreachable."
    seen = {"host": "mx1.example.test", "port": 25, "address": "2001:db8::1", "_chains": []}
    dane, found = surveys.brief({**seen, "message": said}, lookup, domain=None)
    assert (dane["status"], dane["reason"]) == (None, said)
    assert [(one["code"], one["evidence"]) for one in found] == [("not-determined", said)]


def test_of_many_targets_each_has_the_addresses_that_name_servers_know() -> None:
    targets = [MX, "mx1.example.test", {"host": "bare.example.test", "resolver": "::1"}]
    own, readings = Readings().split({"targets": targets, "resolver": "203.0.113.53"})
    surveys = Surveys(NOW, transport=Resolving(*family(), secure=True))
    assert addressed(own, readings, surveys)["targets"] == [
        {"host": MX, "address": []},
        {"host": "mx1.example.test", "address": ["203.0.113.11"]},
        {"host": "bare.example.test", "address": ["203.0.113.12"]},
    ]


def test_an_address_has_no_tlsa_records() -> None:
    lookup = Lookup((Server("127.0.0.1"),), trusted=True, anchors=None)
    dane, found = Surveys(NOW).brief({"host": "203.0.113.11", "port": 25}, lookup, domain=None)
    assert (dane["status"], found) == (None, [])
    assert "host is an address" in dane["reason"]


@pytest.mark.parametrize(
    ("given", "codes"), [(True, ["certificate-untrusted"]), (False, [])], ids=["given", "own"]
)
def test_only_roots_that_were_given_make_a_chain_untrusted(given: bool, codes: list[str]) -> None:
    alone = sign(MX, names=[MX])
    limits = Limits(given_roots=given)
    result = understood(raw([alone.pem]), name=MX, trust=TRUST, policy=None, now=NOW, limits=limits)
    assert [finding["code"] for finding in result["findings"]] == codes


@pytest.mark.parametrize(("days", "codes"), [(90, ["certificate-expiring"]), (79, []), (None, [])])
def test_when_a_certificate_expires_soon_is_an_option(days: int | None, codes: list[str]) -> None:
    own, [reading] = Readings().split({"host": MX, "expiring_days": days})
    assert own == {"host": MX}
    result = understood(
        raw([LEAF.pem]), name=MX, trust=TRUST, policy=None, now=NOW, limits=reading.limits
    )
    assert [finding["code"] for finding in result["findings"]] == codes


@pytest.mark.parametrize("days", [-1, "soon", 99999])
def test_a_number_of_days_that_is_none_is_one_sentence(days: t.Any) -> None:
    with pytest.raises(InvalidInput, match="expiring_days is"):
        Readings().split({"host": MX, "expiring_days": days})
