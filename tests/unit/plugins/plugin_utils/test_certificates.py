# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import hashlib
import subprocess
import typing as t
from datetime import timedelta
from pathlib import Path

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._errors import InvalidInput
from ansible_collections.postmaster.tls.plugins.plugin_utils._certificate_names import covers
from ansible_collections.postmaster.tls.plugins.plugin_utils._certificates import describe
from ansible_collections.postmaster.tls.plugins.plugin_utils._chain_building import (
    TrustStore,
    load_certificate,
    verify,
)
from ansible_collections.postmaster.tls.tests.support.authority import NOW, Signed, sign
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import example, given, settings
from hypothesis import strategies as st

MX = "mx.example.test"
FIXTURES = Path(__file__).parents[3] / "fixtures/dane"
KEYS = {
    "subject", "issuer", "san", "not_before", "not_after", "days_left", "key_type", "key_bits",
    "signature", "sha256", "spki_sha256", "chain", "chain_complete", "findings", "ca", "path_length",
    "key_usage", "extended_key_usage", "key_curve",
}  # fmt: skip

ROOT = sign("Root", ca=True, end=NOW + timedelta(days=3000))
MIDDLE = sign("Middle", ROOT, ca=True, path_length=0, ca_issuers=True)
LEAF = sign(MX, MIDDLE, names=[MX], ca_issuers=True)
TRUST = TrustStore([ROOT.certificate])


def codes(entry: dict[str, t.Any]) -> list[str]:
    return [finding["code"] for finding in entry["findings"]]


def test_a_sound_chain_in_pem_or_der() -> None:
    entry = describe([LEAF.pem, MIDDLE.pem], now=NOW, names=[MX], trust=TRUST)
    assert set(entry) == KEYS
    assert entry["subject"] == f"CN={MX}"
    assert entry["issuer"] == "CN=Middle"
    assert entry["san"] == [MX]
    assert entry["not_before"] == "2026-11-11T12:00:00Z"
    assert entry["not_after"] == "2027-02-09T12:00:00Z"
    assert entry["days_left"] == 80
    assert (entry["key_type"], entry["key_bits"]) == ("ecdsa", 256)
    assert entry["key_curve"] == "secp256r1"
    assert entry["signature"] == "ecdsa-with-SHA256"
    assert [one["subject"] for one in entry["chain"]] == [f"CN={MX}", "CN=Middle"]
    assert entry["chain_complete"] is True
    assert (entry["ca"], entry["path_length"], entry["key_usage"]) == (False, None, None)
    assert entry["extended_key_usage"] == ["serverAuth"]
    assert (entry["chain"][1]["ca"], entry["chain"][1]["path_length"]) == (True, 0)
    assert entry["findings"] == []
    assert entry == describe([LEAF.der, MIDDLE.der], now=NOW, names=[MX], trust=TRUST)


def test_digests_are_those_of_the_openssl_command(tmp_path: Path) -> None:
    path = tmp_path / "leaf.pem"
    path.write_text(LEAF.pem)
    command = ["openssl", "x509", "-in", str(path), "-noout", "-fingerprint", "-sha256"]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    entry = describe([LEAF.pem], now=NOW)
    assert entry["sha256"] == output.split("=")[1].strip().replace(":", "").lower()
    spki = LEAF.certificate.public_key().public_bytes(
        Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    )
    assert entry["spki_sha256"] == hashlib.sha256(spki).hexdigest()


def described(certificate: Signed, *more: Signed) -> dict[str, t.Any]:
    return describe([certificate.pem, *(one.pem for one in more)], now=NOW, names=[MX], trust=TRUST)


FAULTS: dict[str, tuple[Signed, str]] = {
    "expired": (
        sign(MX, MIDDLE, names=[MX], end=NOW - timedelta(hours=1)),
        "certificate-expired",
    ),
    "expires-in-days": (
        sign(MX, MIDDLE, names=[MX], begin=NOW - timedelta(days=77), end=NOW + timedelta(days=13)),
        "certificate-expiring",
    ),
    "of-tomorrow": (
        sign(MX, MIDDLE, names=[MX], begin=NOW + timedelta(days=1)),
        "certificate-not-yet-valid",
    ),
    "for-another-name": (
        sign("other.example.test", MIDDLE, names=["other.example.test"]),
        "certificate-name-mismatch",
    ),
    "name-in-subject-only": (sign(MX, MIDDLE), "certificate-name-mismatch"),
    "rsa-1024": (
        sign(MX, MIDDLE, names=[MX], key=rsa.generate_private_key(65537, 1024)),
        "key-weak",
    ),
    "for-clients-only": (
        sign(MX, MIDDLE, names=[MX], usage=ExtendedKeyUsageOID.CLIENT_AUTH),
        "certificate-not-for-servers",
    ),
    "of-an-authority": (sign(MX, MIDDLE, names=[MX], ca=True), "certificate-not-for-servers"),
    "p192": (
        sign(MX, MIDDLE, names=[MX], key=ec.generate_private_key(ec.SECP192R1())),
        "key-weak",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_its_finding(fault: str) -> None:
    certificate, code = FAULTS[fault]
    assert codes(described(certificate, MIDDLE)) == [code]


def test_a_chain_that_is_not_in_order_is_complete_all_the_same() -> None:
    upper = sign("Upper", ROOT, ca=True, ca_issuers=True)
    lower = sign("Lower", upper, ca=True, ca_issuers=True)
    leaf = sign(MX, lower, names=[MX], ca_issuers=True)
    assert codes(described(leaf, lower, upper)) == []
    entry = described(leaf, upper, lower)
    assert (codes(entry), entry["chain_complete"]) == (["chain-unordered"], True)


def test_every_extension_is_read_as_the_openssl_command_prints_it(tmp_path: Path) -> None:
    path = tmp_path / "own.pem"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-sha1",
        "-subj",
        f"/CN={MX}",
    ]
    command += ["-keyout", str(tmp_path / "key"), "-out", str(path), "-addext"]
    command += [
        "keyUsage=keyEncipherment,keyCertSign",
        "-addext",
        "extendedKeyUsage=serverAuth,1.2.3",
    ]
    subprocess.run(command, capture_output=True, check=True)
    entry = describe([path.read_text()], now=NOW)
    assert entry["key_usage"] == ["keyEncipherment", "keyCertSign"]
    assert entry["extended_key_usage"] == ["serverAuth", "1.2.3"]
    assert entry["signature"] == "sha1WithRSAEncryption"
    assert "signature-weak" not in codes(entry), "nobody verifies a root's own signature"
    assert "certificate-not-for-servers" in codes(entry)


def test_a_broken_hash_below_the_root_is_found(tmp_path: Path) -> None:
    root, leaf = tmp_path / "root.pem", tmp_path / "leaf.pem"
    new = ["openssl", "req", "-newkey", "rsa:2048", "-nodes", "-subj"]
    made = [*new, "/CN=Root", "-x509", "-keyout", f"{root}.key", "-out", str(root)]
    request = [*new, f"/CN={MX}", "-keyout", f"{leaf}.key", "-out", f"{leaf}.csr"]
    signed = ["openssl", "x509", "-req", "-sha1", "-in", f"{leaf}.csr", "-CA", str(root)]
    signed += ["-CAkey", f"{root}.key", "-CAcreateserial", "-out", str(leaf)]
    for command in (made, request, signed):
        subprocess.run(command, capture_output=True, check=True)
    entry = describe([leaf.read_text(), root.read_text()], now=NOW)
    (finding,) = [one for one in entry["findings"] if one["code"] == "signature-weak"]
    assert finding["evidence"] == f"CN={MX}: sha1WithRSAEncryption"


def test_a_short_lived_certificate_is_not_expiring_on_its_first_day() -> None:
    six_days = sign(
        MX, MIDDLE, names=[MX], begin=NOW - timedelta(days=1), end=NOW + timedelta(days=5)
    )
    assert codes(described(six_days, MIDDLE)) == []


def test_days_left_of_an_expired_certificate_is_negative() -> None:
    assert described(FAULTS["expired"][0], MIDDLE)["days_left"] == -1


def test_a_missing_intermediate_is_told_from_a_missing_root() -> None:
    assert described(LEAF)["chain_complete"] is False
    assert codes(described(LEAF)) == ["chain-incomplete"]
    assert described(LEAF, MIDDLE)["chain_complete"] is True


def test_without_known_roots_completeness_is_mostly_not_determined() -> None:
    assert describe([LEAF.pem, MIDDLE.pem], now=NOW)["chain_complete"] is None
    assert describe([LEAF.pem, MIDDLE.pem, ROOT.pem], now=NOW)["chain_complete"] is True
    assert describe([ROOT.pem], now=NOW)["chain_complete"] is True


def test_a_certificate_of_a_private_root_is_not_called_incomplete() -> None:
    private = sign("Private", ca=True)
    entry = described(sign(MX, private, names=[MX]))
    assert entry["chain_complete"] is None
    assert entry["findings"] == []


@pytest.mark.parametrize(
    "raw", [b"", b"\x30\x03\x02\x01\x05", LEAF.der[:-40], LEAF.der + b"x", "no PEM", ""]
)
def test_a_broken_leaf_is_a_finding(raw: str | bytes) -> None:
    entry = describe([raw, MIDDLE.pem], now=NOW, names=[MX])
    assert set(entry) == KEYS
    assert codes(entry) == ["certificate-unusable"]
    assert entry["subject"] is entry["days_left"] is entry["chain_complete"] is None


def test_a_bit_string_in_a_name_is_a_finding() -> None:
    """The library raises TypeError for it, when the subject is read."""
    der = sign("x" * 9, names=["x.example"]).der
    text = b"\x0c\x09" + b"x" * 9
    assert text in der
    entry = describe([der.replace(text, b"\x03\x09\x00" + b"x" * 8)], now=NOW)
    assert codes(entry) == ["certificate-unusable"]


def test_what_a_terminal_would_obey_is_escaped() -> None:
    entry = describe([sign("\x1b[31m\n\x9bgrün").pem], now=NOW)
    assert entry["subject"] == r"CN=\x1b[31m\n\x9bgrün"
    assert entry["issuer"].isprintable()


def test_a_broken_intermediate_leaves_the_leaf_readable() -> None:
    entry = describe([LEAF.pem, b"\x30\x00"], now=NOW, names=[MX])
    assert entry["subject"] == f"CN={MX}"
    assert codes(entry) == ["certificate-unusable"]


def test_no_certificate_at_all_is_a_finding() -> None:
    assert codes(describe([], now=NOW)) == ["certificate-missing"]


#: Its signature ends with an even byte, so that one bit of it may be said to be unused; one try in two makes one.
EVEN = next(
    one for one in (sign(MX, MIDDLE, names=[MX]) for _try in range(200)) if not one.der[-1] % 2
)
UNUSED_BITS = len(EVEN.der) - len(EVEN.certificate.signature) - 1


def damaged(position: int, change: int) -> bytes:
    content = bytearray(EVEN.der)
    content[position] ^= change
    return bytes(content)


@given(st.integers(0, len(EVEN.der) - 1), st.integers(1, 255))
@settings(max_examples=400)
@example(position=12, change=31).via("version 29")
@example(position=UNUSED_BITS, change=1).via("one unused bit")
def test_no_damage_raises_or_is_verified(position: int, change: int) -> None:
    leaf = damaged(position, change)
    entry = describe([leaf, MIDDLE.der], now=NOW, names=[MX], trust=TRUST)
    assert set(entry) == KEYS
    if entry["subject"] is not None:
        chain = [load_certificate(leaf), MIDDLE.certificate]
        assert verify(chain, TRUST, now=NOW).verified is False


def test_a_signature_with_an_unused_bit_is_refused_as_openssl_refuses_it(tmp_path: Path) -> None:
    assert verified(EVEN, MIDDLE) is True
    odd = Signed(load_certificate(damaged(UNUSED_BITS, 1)), EVEN.key)
    assert verified(odd, MIDDLE) is False
    assert openssl_verifies(tmp_path, [odd, MIDDLE], ROOT) is False


@pytest.mark.parametrize(
    ("presented", "name", "matches"),
    [
        ("mx.example.test", "MX.example.test.", True),
        ("*.example.test", "mx.example.test", True),
        ("*.example.test", "example.test", False),
        ("*.example.test", "a.mx.example.test", False),
        ("m*.example.test", "mx.example.test", False),
        ("*", "localhost", False),
        ("mx.example.test", "xmx.example.test", False),
        ("xn--bcher-kva.example", "bücher.example", True),
        ("198.51.100.7", "198.51.100.7", True),
        ("2001:db8::7", "2001:0db8:0::7", True),
        ("mx.example.test", "198.51.100.7", False),
    ],
)
def test_names_match_as_rfc_9525_says(presented: str, name: str, matches: bool) -> None:
    certificate = sign("whatever", names=[presented]).certificate
    assert covers(certificate, name) is matches


def verified(*chain: Signed, trust: TrustStore | None = TRUST) -> bool | None:
    return verify([one.certificate for one in chain], trust, now=NOW).verified


def openssl_verifies(directory: Path, chain: t.Sequence[Signed], root: Signed) -> bool:
    for name, content in (
        ("leaf.pem", chain[0].pem),
        ("rest.pem", "".join(one.pem for one in chain[1:])),
        ("root.pem", root.pem),
    ):
        (directory / name).write_text(content)
    command = ["openssl", "verify", "-no-CApath", "-no-CAstore", "-purpose", "sslserver"]
    command += ["-attime", str(int(NOW.timestamp())), "-CAfile", str(directory / "root.pem")]
    if len(chain) > 1:
        command += ["-untrusted", str(directory / "rest.pem")]
    done = subprocess.run([*command, str(directory / "leaf.pem")], capture_output=True, check=False)
    return done.returncode == 0


OLD = sign("Old", ROOT, ca=True, end=NOW - timedelta(days=1))
NO_CA = sign("NoCA", ROOT)
TOO_DEEP = sign("TooDeep", MIDDLE, ca=True)
IMPOSTOR = sign("Middle", ca=True)
CHAINS: dict[str, tuple[list[Signed], bool]] = {
    "sound": ([LEAF, MIDDLE], True),
    "root-served-too": ([LEAF, MIDDLE, ROOT], True),
    "in-another-order": ([LEAF, ROOT, MIDDLE], True),
    "with-a-stranger": ([LEAF, sign("Stranger"), MIDDLE], True),
    "no-intermediate": ([LEAF], False),
    "self-signed": ([sign(MX, names=[MX])], False),
    "leaf-expired": ([FAULTS["expired"][0], MIDDLE], False),
    "leaf-of-tomorrow": ([FAULTS["of-tomorrow"][0], MIDDLE], False),
    "intermediate-expired": ([sign(MX, OLD), OLD], False),
    "intermediate-is-no-ca": ([sign(MX, NO_CA), NO_CA], False),
    "path-length-exceeded": ([sign(MX, TOO_DEEP), TOO_DEEP, MIDDLE], False),
    "signed-by-a-namesake": ([sign(MX, IMPOSTOR), MIDDLE], False),
    "for-clients-only": ([sign(MX, MIDDLE, usage=ExtendedKeyUsageOID.CLIENT_AUTH), MIDDLE], False),
    "without-usage": ([sign(MX, MIDDLE, usage=None), MIDDLE], True),
}


@pytest.mark.parametrize("case", CHAINS)
def test_verification_agrees_with_the_openssl_command(case: str, tmp_path: Path) -> None:
    chain, expected = CHAINS[case]
    assert verified(*chain) is expected
    assert openssl_verifies(tmp_path, chain, ROOT) is expected


def test_the_issuer_is_found_among_its_namesakes() -> None:
    assert verified(LEAF, IMPOSTOR, MIDDLE) is True


def test_a_root_that_has_expired_is_not_trusted() -> None:
    old = sign("OldRoot", ca=True, end=NOW - timedelta(days=1))
    assert verified(sign(MX, old), trust=TrustStore([old.certificate])) is False


def test_a_trusted_leaf_needs_no_issuer() -> None:
    pinned = sign(MX, names=[MX])
    assert verified(pinned, trust=TrustStore([pinned.certificate])) is True


def test_without_roots_nothing_is_verified_or_refuted() -> None:
    result = verify([LEAF.certificate], None, now=NOW)
    assert result.verified is None
    assert result.reason


def test_many_namesakes_do_not_take_for_ever() -> None:
    key = ROOT.key
    crowd = [sign("Crowd", ca=True, key=key) for _number in range(40)]
    leaf = sign(MX, Signed(crowd[0].certificate, key))
    assert verified(leaf, *crowd) is False


def test_a_ca_file_is_read_or_refused_in_one_sentence(tmp_path: Path) -> None:
    good, empty = tmp_path / "ca.pem", tmp_path / "empty.pem"
    good.write_text(f"# the root\n{ROOT.pem}\n{MIDDLE.pem}")
    empty.write_text("nothing here")
    assert verified(LEAF, trust=TrustStore.load(str(good))) is True
    with pytest.raises(InvalidInput, match=r"empty\.pem has no certificate"):
        TrustStore.load(str(empty))
    with pytest.raises(InvalidInput, match=r"missing\.pem cannot be read"):
        TrustStore.load(str(tmp_path / "missing.pem"))


def test_load_takes_pem_and_der() -> None:
    assert load_certificate(LEAF.pem) == load_certificate(LEAF.der) == LEAF.certificate


def test_an_intermediate_certificate_that_has_expired() -> None:
    late = sign("Late", ROOT, ca=True, end=NOW - timedelta(days=1))
    leaf = sign(MX, late, names=[MX])
    [finding] = describe([leaf.pem, late.pem, ROOT.pem], now=NOW, names=[MX])["findings"]
    assert finding["code"] == "chain-expired"
    assert finding["evidence"].startswith("CN=Late is valid from ")


def test_the_digest_of_a_key_is_that_of_the_octets_served() -> None:
    """A key that is only for RSASSA-PSS has another identifier than the one a library writes for RSA keys."""
    pem = (FIXTURES / "rsa-pss-key.pem").read_text()
    entry = describe([pem], now=NOW)
    made = subprocess.run(
        "openssl x509 -pubkey -noout | openssl pkey -pubin -outform der",
        input=pem.encode(),
        shell=True,
        check=True,
        capture_output=True,
    )
    assert entry["spki_sha256"] == hashlib.sha256(made.stdout).hexdigest()
    assert b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a" in made.stdout
