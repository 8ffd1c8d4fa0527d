# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The verdict on a chain: against what OpenSSL said of the same combinations, and by section of the RFCs."""

from __future__ import annotations

import hashlib
import json
import ssl
import subprocess
import time
import typing as t
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._errors import InvalidInput
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._chains import (
    Chain,
    chain_in,
    chain_of,
)
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._matching import Verdict, judge
from ansible_collections.postmaster.tls.plugins.plugin_utils._dane._records import Record, parsed
from ansible_collections.postmaster.tls.tests.support.authority import NOW, Signed, new_key, sign
from ansible_collections.postmaster.tls.tests.support.dane_cases import (
    DOMAIN,
    MX,
    chains,
    record,
    record_sets,
)
from ansible_collections.postmaster.tls.tests.support.waiting import at_most
from hypothesis import given, settings
from hypothesis import strategies as st

CHAINS = chains(NOW)
OTHER = sign("other")
USUAL = CHAINS["usual"]
FIXTURES = Path(__file__).parents[4] / "fixtures/dane"


def shown(*signed: Signed) -> Chain:
    return chain_of([one.pem for one in signed], "a server")


def verdict(records: t.Sequence[str], chain: Chain, *, names: t.Sequence[str] = (MX,)) -> Verdict:
    return judge([parsed(text) for text in records], chain, names=names, now=NOW)


def test_openssl_says_the_same_of_every_combination() -> None:
    """As openssl s_client said. It also takes usages 0 and 1, which RFC 7672 section 3.1.3 leaves out for mail."""
    truth = json.loads((FIXTURES / "openssl-3.0.22.json").read_text())
    assert set(truth) == set(CHAINS)
    count: Counter[str] = Counter()
    for name, served in CHAINS.items():
        sets = record_sets(served, OTHER)
        assert set(truth[name]) == set(sets)
        for title in set(sets) - {"pkix-only"}:
            found = verdict(sets[title], shown(*served.chain))
            assert (name, title, found.status) == (name, title, truth[name][title])
            count[found.status] += 1
    assert min(count["match"], count["mismatch"]) > 300
    assert count["unusable"] > 20


def test_rfc7672_section_3_1_3_usages_0_and_1_are_not_usable() -> None:
    found = verdict(record_sets(USUAL, OTHER)["pkix-only"], shown(*USUAL.chain))
    assert found.status == "unusable"


def test_rfc7671_section_5_1_dane_ee_ignores_names_and_dates() -> None:
    for name in ("expired", "not-yet-valid", "other-name", "for-clients"):
        served = CHAINS[name]
        assert verdict([record(3, 1, 1, served.leaf)], shown(served.leaf)).status == "match"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("expired", "not valid at this time"),
        ("expired-middle", "CN=Late middle is not valid"),
        ("other-name", "is for none of mx1.example.test"),
        ("for-clients", "does not allow a TLS server"),
        ("middle-is-no-authority", "CN=No authority may not issue"),
        ("path-too-long", "CN=Short root may not issue"),
        ("forged-middle", "no certificate of the chain leads to it"),
        ("without-middle", "no certificate of the chain leads to it"),
    ],
)
def test_rfc7671_section_5_2_dane_ta_asks_for_a_valid_chain(name: str, reason: str) -> None:
    served = CHAINS[name]
    found = verdict([record(2, 0, 1, served.root)], shown(*served.chain))
    assert found.status == "mismatch"
    assert reason in (found.reason or "")
    assert [match.authenticates for match in found.matches] == [False]


def test_rfc7671_section_5_2_1_the_anchor_has_to_be_served() -> None:
    found = verdict([record(2, 0, 1, USUAL.root)], shown(*USUAL.chain))
    assert (found.status, found.matches) == ("mismatch", ())


def test_rfc7671_section_5_2_3_an_anchor_in_the_record_need_not_be_served() -> None:
    for selector in (0, 1):
        found = verdict([record(2, selector, 0, USUAL.root)], shown(*USUAL.chain))
        assert found.status == "match"
        assert found.matches[0].depth is None


def test_rfc7672_section_3_2_3_reference_identifiers() -> None:
    """The next-hop domain counts beside the name of the server."""
    served = CHAINS["next-hop-name"]
    records, chain = [record(2, 0, 1, served.root)], shown(*served.chain)
    assert verdict(records, chain).status == "mismatch"
    assert verdict(records, chain, names=(MX, DOMAIN)).status == "match"


def test_rfc7671_section_9_a_weaker_digest_does_not_count() -> None:
    found = verdict([record(3, 1, 1, USUAL.leaf), record(3, 1, 2, OTHER)], shown(*USUAL.chain))
    assert found.status == "mismatch"
    assert "stronger digest" in (found.reason or "")


@pytest.mark.parametrize("end", ["", "-----END PUBLIC KEY-----", "A" * 400_000])
def test_a_block_that_does_not_end_is_read_once(end: str) -> None:
    with at_most(60), pytest.raises(InvalidInput, match="no certificate in PEM form"):
        chain_in("-----BEGIN CERTIFICATE-----" + "\n" * 400_000 + end, "a file")


def changed_leaf(find: bytes, replacement: bytes) -> bytes:
    assert find in USUAL.leaf.der
    return USUAL.leaf.der.replace(find, replacement, 1)


_VALIDITY = b"\x30\x1e\x17\x0d"
UNREADABLE = {
    "a-time-of-another-type": changed_leaf(_VALIDITY, b"\x30\x1e\x16\x0d"),
    "a-length-that-is-none": changed_leaf(_VALIDITY, b"\x30\xff\x17\x0d"),
    "octets-behind-it": USUAL.leaf.der + b"more",
}


@pytest.mark.parametrize("fault", UNREADABLE)
def test_a_leaf_that_no_client_can_read_is_let_in_by_no_record(fault: str) -> None:
    """OpenSSL ends the handshake before it looks at a record (tls_process_server_certificate)."""
    der = UNREADABLE[fault]
    assert _openssl("x509", "-inform", "DER", "-noout", der=der) is (fault == "octets-behind-it")
    found = verdict([f"3 0 1 {_sha256(der)}"], chain_of([_pem(der)], "a server"))
    assert (found.status, found.reason) == ("mismatch", "the server's certificate cannot be read")
    assert [match.authenticates for match in found.matches] == [False]


def test_a_leaf_that_openssl_alone_can_read_is_matched_by_its_octets() -> None:
    der = changed_leaf(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x07")
    chain = chain_of([_pem(der)], "a server")
    assert chain.certificates[0].parsed is None
    assert _openssl("x509", "-inform", "DER", "-noout", der=der)
    assert verdict([f"3 0 1 {_sha256(der)}"], chain).status == "match"


def _openssl(*arguments: str, der: bytes) -> bool:
    """Whether the command takes a certificate; it does not mind what is behind it, as TLS does."""
    done = subprocess.run(["openssl", *arguments], input=der, capture_output=True, check=False)
    return done.returncode == 0


def _pem(der: bytes) -> str:
    return ssl.DER_cert_to_PEM_cert(der)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def hostile_chains() -> dict[str, Chain]:
    key = new_key()
    first = sign("Same", ca=True, key=key)
    circle = [sign("Same", first, ca=True, key=key) for _number in range(99)]
    leaf = sign(MX, first, names=[MX])
    huge = sign("N" * 64, names=[f"{'n' * 60}.{number}.example.test" for number in range(2000)])
    junk = [_pem(bytes([number]) * 50) for number in range(100)]
    return {
        "a hundred that all signed each other": shown(leaf, *circle),
        "huge names": shown(huge, huge, first),
        "broken DER": chain_of([leaf.pem, *junk], "a server"),
        "nothing but broken DER": chain_of(junk, "a server"),
        "more than a hundred": chain_of([leaf.pem] * 5000, "a server"),
        "no PEM": chain_of(["", "-----BEGIN CERTIFICATE-----", "x" * 100000], "a server"),
    }


@pytest.mark.parametrize("title", list(hostile_chains()))
def test_hostile_chains_cost_little(title: str) -> None:
    chain = hostile_chains()[title]
    absent = [record(2, 0, 1, OTHER), record(2, 1, 0, OTHER), record(2, 0, 0, OTHER)]
    records = [f"2 1 1 {number:064x}" for number in range(1000)]
    began = time.process_time()
    found = judge([parsed(text) for text in absent + records], chain, names=[MX], now=NOW)
    assert found.status == "mismatch"
    assert time.process_time() - began < 5


@settings(max_examples=100, deadline=None)
@given(st.lists(st.binary(max_size=80), max_size=5), st.lists(st.binary(max_size=200), min_size=1, max_size=4))  # fmt: skip
def test_any_records_and_any_chain_have_a_verdict(wires: list[bytes], ders: list[bytes]) -> None:
    found = judge(
        [Record(wire) for wire in wires],
        chain_of([_pem(der) for der in ders], "a server"),
        names=[MX],
        now=datetime.now(UTC),
    )
    assert found.status in ("match", "mismatch", "unusable")
