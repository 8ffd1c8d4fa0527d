# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be wrong with a chain, each served by the openssl command behind a STARTTLS front, probed, and found."""

from __future__ import annotations

import ssl
import subprocess
import typing as t
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from ansible_collections.postmaster.tls.plugins.action.starttls_probe import Limits, understood
from ansible_collections.postmaster.tls.plugins.module_utils._probe._engine import probe
from ansible_collections.postmaster.tls.plugins.module_utils._probe._report import report
from ansible_collections.postmaster.tls.plugins.module_utils._probe._target import Target
from ansible_collections.postmaster.tls.plugins.plugin_utils._chain_building import TrustStore
from ansible_collections.postmaster.tls.tests.support.authority import Signed, sign
from ansible_collections.postmaster.tls.tests.support.mail_servers import (
    openssl_server,
    relayed,
    scripted,
)
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

MX = "mx.example.test"
NOW = datetime.now(UTC)
DAY = timedelta(days=1)
DATES = {"begin": NOW - 10 * DAY, "end": NOW + 80 * DAY}
GONE = {"begin": NOW - 80 * DAY, "end": NOW - DAY}
ROOT = sign("Root", ca=True, **DATES)
TRUST = TrustStore([ROOT.certificate])
UPPER = sign("Upper", ROOT, ca=True, ca_issuers=True, **DATES)
MIDDLE = sign("Middle", UPPER, ca=True, path_length=0, ca_issuers=True, **DATES)
LEAF = sign(MX, MIDDLE, names=[MX], ca_issuers=True, **DATES)
BY_OUR_ROOT = Limits(given_roots=True)
Data = dict[str, t.Any]


@dataclass(frozen=True)
class Case:
    """What is served, and the findings that it must have, no others."""

    chain: tuple[Signed, ...]
    codes: tuple[str, ...] = ()
    staple: bytes | None = None
    limits: Limits = BY_OUR_ROOT


def by_middle(*codes: str, **options: t.Any) -> Case:
    """A certificate with one fault at the head of a sound chain."""
    wanted = {"name": MX, "names": [MX], **DATES, **options}
    own = sign(wanted.pop("name"), MIDDLE, **wanted)
    return Case((own, MIDDLE, UPPER), codes)


def below(middle: Signed, *codes: str, served: tuple[Signed, ...] = ()) -> Case:
    """A sound certificate below an intermediate one with a fault."""
    own = sign(MX, middle, names=[MX], **DATES)
    return Case((own, middle, *served), codes)


def stapled(*codes: str, status: str = "GOOD", signer: Signed = MIDDLE, old: bool = False) -> Case:
    end = -DAY if old else DAY
    revoked = status == "REVOKED"
    response = (
        ocsp.OCSPResponseBuilder()
        .add_response(
            cert=LEAF.certificate,
            issuer=MIDDLE.certificate,
            algorithm=hashes.SHA256(),
            cert_status=ocsp.OCSPCertStatus[status],
            this_update=NOW - 2 * DAY,
            next_update=NOW + end,
            revocation_time=NOW - 2 * DAY if revoked else None,
            revocation_reason=None,
        )
        .responder_id(ocsp.OCSPResponderEncoding.HASH, signer.certificate)
        .sign(signer.key, hashes.SHA256())
    )
    return Case((LEAF, MIDDLE, UPPER), codes, response.public_bytes(Encoding.DER))


def cases() -> dict[str, Case]:
    untrusted = "certificate-untrusted"
    other_root = sign("Another root", ca=True, **DATES)
    short = sign("Short", ROOT, ca=True, path_length=0, **DATES)
    too_deep = sign("Too deep", short, ca=True, **DATES)
    forged = sign("Middle", sign("Upper", ca=True, **DATES), ca=True, **DATES)
    small = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    soon = Limits(expiring=90 * DAY, given_roots=True)
    return {
        "sound": Case((LEAF, MIDDLE, UPPER)),
        "sound-with-its-root": Case((LEAF, MIDDLE, UPPER, ROOT)),
        "expired": by_middle("certificate-expired", untrusted, **GONE),
        "not-yet-valid": by_middle("certificate-not-yet-valid", untrusted, begin=NOW + DAY),
        "expires-soon": by_middle("certificate-expiring", end=NOW + 3 * DAY),
        "expires-before-the-threshold": Case(
            (LEAF, MIDDLE, UPPER), ("certificate-expiring",), limits=soon
        ),
        "for-another-name": by_middle("certificate-name-mismatch", names=["other.example.test"]),
        "name-in-the-subject-only": by_middle("certificate-name-mismatch", names=[]),
        "for-clients-only": by_middle(
            "certificate-not-for-servers", untrusted, usage=ExtendedKeyUsageOID.CLIENT_AUTH
        ),
        "of-an-authority": by_middle("certificate-not-for-servers", ca=True),
        "key-of-1024-bits": by_middle("key-weak", key=small),
        "without-intermediate": Case((LEAF,), ("chain-incomplete", untrusted)),
        "without-the-upper-intermediate": Case((LEAF, MIDDLE), ("chain-incomplete", untrusted)),
        "out-of-order": Case((LEAF, UPPER, MIDDLE), ("chain-unordered",)),
        "of-an-unknown-root": below(sign("Other", other_root, ca=True, **DATES), untrusted),
        "intermediate-expired": below(
            sign("Old", ROOT, ca=True, **GONE), "chain-expired", untrusted
        ),
        "intermediate-is-no-authority": below(sign("Plain", ROOT, **DATES), untrusted),
        "below-the-path-length": below(too_deep, untrusted, served=(short,)),
        "intermediate-forged": Case((LEAF, forged, UPPER), (untrusted,)),
        "staple-good": stapled(),
        "staple-revoked": stapled("certificate-revoked", status="REVOKED"),
        "staple-unknown": stapled("staple-unusable", status="UNKNOWN"),
        "staple-old": stapled("staple-unusable", old=True),
        "staple-by-somebody-else": stapled("staple-unusable", signer=ROOT),
    }


CASES = cases()


def served(case: Case, directory: Path) -> list[str]:
    """The options of a server that shows this chain and staple."""
    key, chain, staple = (directory / name for name in ("key.pem", "chain.pem", "staple.der"))
    kind = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    key.write_bytes(case.chain[0].key.private_bytes(*kind))
    chain.write_text("".join(one.pem for one in case.chain))
    files = ["-key", str(key), "-cert", str(chain), "-cert_chain", str(directory / "above.pem")]
    (directory / "above.pem").write_text("".join(one.pem for one in case.chain[1:]))
    if len(case.chain) == 1:
        files = files[:4]
    if case.staple:
        staple.write_bytes(case.staple)
        files += ["-status_file", str(staple)]
    return [*files, "-cipher", "DEFAULT@SECLEVEL=0", "-no-CAfile", "-no-CApath"]


def probed(options: t.Sequence[str]) -> Data:
    checks = ("handshake", "certificates", "features")
    with openssl_server(*options) as backend, scripted(relayed(backend)) as front:
        target = Target(
            "127.0.0.1", front.port, timeout=60.0, ehlo_name="probe.test", checks=checks
        )
        return report(probe(target))


def about_certificates(result: Data, limits: Limits) -> list[str]:
    own = {**result, "findings": []}
    complete = understood(own, name=MX, trust=TRUST, policy=None, now=NOW, limits=limits)
    return sorted(one["code"] for one in complete["findings"])


@pytest.mark.parametrize("title", CASES)
def test_each_fault_that_is_served_is_found(title: str, tmp_path: Path) -> None:
    case = CASES[title]
    result = probed(served(case, tmp_path))
    [seen] = result["_chains"]
    assert [ssl.PEM_cert_to_DER_cert(pem) for pem in seen] == [one.der for one in case.chain]
    assert about_certificates(result, case.limits) == sorted(case.codes)


def test_a_signature_with_a_broken_hash_is_found(tmp_path: Path) -> None:
    key, certificate = tmp_path / "leaf.key", tmp_path / "leaf.pem"
    root, root_key = tmp_path / "root.pem", tmp_path / "root.key"
    root.write_text(ROOT.pem)
    kind = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    root_key.write_bytes(ROOT.key.private_bytes(*kind))
    request = ["openssl", "req", "-new", "-nodes", "-newkey", "rsa:2048", "-keyout", str(key)]
    request += ["-subj", f"/CN={MX}", "-addext", f"subjectAltName=DNS:{MX}"]
    made = subprocess.run(request, check=True, capture_output=True).stdout
    issue = ["openssl", "x509", "-req", "-sha1", "-days", "80", "-copy_extensions", "copyall"]
    issue += ["-CA", str(root), "-CAkey", str(root_key), "-out", str(certificate)]
    subprocess.run(issue, check=True, capture_output=True, input=made)
    options = ["-key", str(key), "-cert", str(certificate), "-cipher", "DEFAULT@SECLEVEL=0"]
    codes = about_certificates(probed(options), Limits())
    assert "signature-weak" in codes
