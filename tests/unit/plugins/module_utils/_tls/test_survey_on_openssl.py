# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole job on the openssl command: order, ChaCha20, groups, chains of every key, and how many questions it takes."""

from __future__ import annotations

import subprocess
import typing as t
from pathlib import Path

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._tls import _scan, _suites, _survey
from ansible_collections.postmaster.tls.plugins.module_utils._tls._answers import (
    Alert,
    NotDetermined,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._client_hello import ClientHello
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol
from ansible_collections.postmaster.tls.plugins.module_utils._tls._strategy import drive
from ansible_collections.postmaster.tls.tests.support.asking import ask
from ansible_collections.postmaster.tls.tests.support.mail_servers import (
    Keys,
    make_keys,
    openssl_server,
)
from ansible_collections.postmaster.tls.tests.support.paper_server import PaperServer

V12, V13 = Protocol.TLSv1_2, Protocol.TLSv1_3
AES, CHACHA = "ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-CHACHA20-POLY1305"
MORE = "ECDHE-RSA-AES256-GCM-SHA384"


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    return make_keys(tmp_path_factory.mktemp("keys"))


class Counted:
    """Asks a server, and keeps the questions."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.questions: list[t.Any] = []

    def __call__(self, question: t.Any) -> t.Any:
        self.questions.append(question)
        return ask(self.port, question)


def surveyed(keys: Keys, *options: str, checks: t.Sequence[str]) -> tuple[_survey.Survey, int]:
    both = ["-cert", str(keys.rsa), "-key", str(keys.rsa_key)]
    both += ["-dcert", str(keys.ecdsa), "-dkey", str(keys.ecdsa_key)]
    with openssl_server(*both, *options) as port:
        counted = Counted(port)
        return drive(_survey.survey(checks), counted), len(counted.questions)


def scan_of(survey: _survey.Survey, version: Protocol) -> _survey.ProtocolScan:
    return next(scan for scan in survey.protocols if scan.protocol == version)


def names(scan: _survey.ProtocolScan) -> list[str]:
    return [_suites.shape_of(code)["name"] for code in scan.suites.accepted]


def pairs(survey: _survey.Survey) -> int:
    return sum(len(scan.suites.accepted) for scan in survey.protocols)


SERVER, CHACHA_FIRST = ("-serverpref",), ("-serverpref", "-prioritize_chacha")


ANON = "ADH-AES128-SHA"


@pytest.mark.parametrize(
    "ciphers",
    [(AES, MORE, CHACHA), (AES, CHACHA), (CHACHA, AES), (AES, ANON), (CHACHA, ANON), (ANON, AES)],
)
@pytest.mark.parametrize("options", [SERVER, CHACHA_FIRST, ()])
def test_who_decides_even_where_chacha_goes_first(
    keys: Keys, ciphers: tuple[str, ...], options: tuple[str, ...]
) -> None:
    wanted = ["-cipher", ":".join((*ciphers, "@SECLEVEL=0")), "-tls1_2"]
    survey, _count = surveyed(keys, *wanted, *options, checks=("ciphers",))
    scan = scan_of(survey, V12)
    assert scan.preference == ("server" if options else "client")
    if options:
        assert names(scan) == list(ciphers)
    visible = options and CHACHA in ciphers[1:]
    assert scan.chacha_first is ((options == CHACHA_FIRST) if visible else None)


@pytest.mark.parametrize("level", ["0", "2"])
@pytest.mark.parametrize("preference", [SERVER, ()])
def test_the_full_job_stays_within_accepted_pairs_and_thirty(
    keys: Keys, level: str, preference: tuple[str, ...]
) -> None:
    options = ("-cipher", f"ALL:@SECLEVEL={level}", "-min_protocol", "TLSv1", *preference)
    survey, count = surveyed(keys, *options, checks=_survey.CHECKS)
    assert count <= pairs(survey) + 30
    assert len(survey.chains) == 2
    for scan in survey.groups:
        assert {29, 23, 30, 25, 24} <= set(scan.accepted)
        assert not scan.undetermined
    assert pairs(survey) > (100 if level == "0" else 20)


@pytest.mark.parametrize("preference", [SERVER, ()])
def test_groups_of_an_ecdsa_key_alone(keys: Keys, preference: tuple[str, ...]) -> None:
    options = ["-cert", str(keys.ecdsa), "-key", str(keys.ecdsa_key), "-tls1_2", *preference]
    with openssl_server(*options, "-groups", "P-521:X25519:P-256") as port:
        survey = drive(_survey.survey(("ciphers", "groups")), Counted(port))
    groups = next(scan for scan in survey.groups if scan.protocol == V12)
    assert set(groups.accepted) <= {25, 29, 23}
    assert not {25, 29, 23} & groups.rejected
    assert set(groups.accepted) == {25, 29, 23} or groups.undetermined


@pytest.mark.parametrize("checks", [("ciphers", "groups"), ("groups",)])
@pytest.mark.parametrize("preference", [SERVER, ()])
def test_the_curve_of_the_certificate_stays_in_the_hello_when_one_other_group_was_seen_in_passing(
    keys: Keys, preference: tuple[str, ...], checks: tuple[str, ...]
) -> None:
    """RSA key exchange is chosen from the list, the one suite with ECDSA from its reverse: one group in passing."""
    suites = "ECDHE-ECDSA-AES128-GCM-SHA256:AES256-SHA:AES128-SHA:@SECLEVEL=0"
    options = ("-tls1_2", "-cipher", suites, "-groups", "X25519:P-256:X448:P-521:P-384")
    survey, _count = surveyed(keys, *options, *preference, checks=checks)
    groups = next(scan for scan in survey.groups if scan.protocol == V12)
    assert not {29, 23, 30, 25, 24} & groups.rejected
    if not preference:
        assert set(groups.accepted) == {29, 23, 30, 25, 24}
        assert not groups.undetermined


def made(directory: Path, name: str, *key: str) -> list[str]:
    files = ["-out", str(directory / f"{name}.pem"), "-keyout", str(directory / f"{name}.key")]
    command = ["openssl", "req", "-x509", "-nodes", "-subj", f"/CN={name}", *key]
    subprocess.run([*command, *files], check=True, capture_output=True)
    return files[1::2]


KINDS = {
    "ed25519": ["-newkey", "ed25519"],
    "pss": ["-newkey", "rsa-pss", "-pkeyopt", "rsa_keygen_bits:2048"],
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_a_rare_key_beside_a_usual_one_shows_its_chain(
    keys: Keys, tmp_path: Path, kind: str, version: str
) -> None:
    certificate, key = made(tmp_path, kind, *KINDS[kind])
    usual = ["-dcert", str(keys.ecdsa), "-dkey", str(keys.ecdsa_key)]
    with openssl_server("-cert", certificate, "-key", key, *usual, version) as port:
        survey = drive(_survey.survey(("certificates",)), Counted(port))
    assert len(survey.chains) == 2


@pytest.mark.slow
@pytest.mark.parametrize("checks", [("certificates",), ("certificates", "ciphers")])
def test_a_dsa_key_beside_a_usual_one_shows_its_chain(
    keys: Keys, tmp_path: Path, checks: tuple[str, ...]
) -> None:
    parameters = tmp_path / "dsa.pem"
    command = ["openssl", "dsaparam", "-out", str(parameters), "1024"]
    subprocess.run(command, check=True, capture_output=True)
    certificate, key = made(tmp_path, "dsa", "-newkey", f"dsa:{parameters}")
    options = ["-cert", certificate, "-key", key, "-dcert", str(keys.rsa), "-dkey"]
    loose = ["-cipher", "ALL:@SECLEVEL=0", "-tls1_2"]
    with openssl_server(*options, str(keys.rsa_key), *loose) as port:
        survey = drive(_survey.survey(checks), Counted(port))
    assert len(survey.chains) == 2


@pytest.mark.parametrize("checks", [("groups", "protocols"), ("groups", "ciphers")])
def test_groups_of_a_server_that_stops_at_tls10(keys: Keys, checks: tuple[str, ...]) -> None:
    old = ["-cipher", "ALL:@SECLEVEL=0", "-tls1", "-groups", "P-384:P-521"]
    options = ["-cert", str(keys.rsa), "-key", str(keys.rsa_key), *old]
    with openssl_server(*options) as port:
        survey = drive(_survey.survey(checks), Counted(port))
    accepted = {scan.protocol: set(scan.accepted) for scan in survey.groups if scan.accepted}
    assert accepted == {Protocol.TLSv1: {24, 25}}


def test_a_client_certificate_asked_for_in_tls13_alone(keys: Keys) -> None:
    options = ("-tls1_3", "-Verify", "1", "-CAfile", str(keys.rsa))
    survey, _count = surveyed(keys, *options, checks=("certificates",))
    assert survey.features.verdicts["client_certificate"] is True
    assert b"mx.example.test" in survey.features.authorities[0]


def test_closing_over_one_version_is_its_refusal() -> None:
    server = PaperServer({V12: [0xC02F, 0x002F]})

    def closes(question: t.Any) -> t.Any:
        answer = server(question)
        if isinstance(answer, Alert) and isinstance(question, ClientHello):
            return NotDetermined("reset", "The connection broke.", after_hello=True)
        return answer

    survey = drive(_survey.survey(("protocols",)), closes)
    accepted = {scan.protocol: scan.accepted for scan in survey.protocols}
    assert accepted[V12] is True
    assert accepted[Protocol.TLSv1] is accepted[Protocol.SSLv3] is False
    assert scan_of(survey, Protocol.TLSv1).reason == "reset after the hello"


def test_closing_over_everything_is_no_refusal() -> None:
    cut = NotDetermined("reset", "The connection broke.", after_hello=True)
    survey = drive(_survey.survey(("protocols", "ciphers")), lambda _question: cut)
    assert {scan.accepted for scan in survey.protocols} == {None}


def test_a_key_that_cannot_sign_old_versions_takes_few_questions() -> None:
    """OpenSSL 3 in TLS 1.0 at security level 1: whatever needs the key ends in internal_error."""
    codes = [suite.code for suite in _suites.in_version(Protocol.TLSv1)]
    needy = [code for code in codes if _suites.by_code(code).authentication == "RSA"]  # type: ignore[union-attr]
    server = PaperServer({Protocol.TLSv1: [0x0034], V12: [0x009C]})
    server.spoils = {Protocol.TLSv1: frozenset(needy)}
    survey = drive(_survey.survey(("ciphers",)), server)
    scan = scan_of(survey, Protocol.TLSv1)
    assert scan.suites.accepted == (0x0034,)
    assert not scan.suites.undetermined
    asked = [q for q in server.questions if getattr(q, "versions", ()) == (Protocol.TLSv1,)]
    assert len(asked) <= 5


def test_what_tls11_showed_of_the_key_is_not_asked_again_in_tls10() -> None:
    codes = [suite.code for suite in _suites.in_version(Protocol.TLSv1)]
    needy = frozenset(code for code in codes if _scan.needs_key(code))
    old = (Protocol.TLSv1_1, Protocol.TLSv1)
    for accepted, most in (([], 2), ([0x0034], 3)):
        server = PaperServer({**dict.fromkeys(old, accepted), V12: [0x009C]})
        server.spoils = dict.fromkeys(old, needy)
        survey = drive(_survey.survey(("ciphers",)), server)
        for version in old:
            scan = scan_of(survey, version)
            assert list(scan.suites.accepted) == accepted
            assert scan.suites.rejected == set(codes) - set(accepted)
        asked = [q for q in server.questions if getattr(q, "versions", ()) == (Protocol.TLSv1,)]
        assert len(asked) == most


@pytest.mark.parametrize(
    ("more", "alone"), [("ADH-AES128-SHA", True), ("DHE-RSA-AES128-SHA", False)]
)
def test_a_group_is_of_anonymous_suites_where_no_other_shows_it(
    keys: Keys, more: str, alone: bool
) -> None:
    wanted = ("-cipher", f"{AES}:{more}:@SECLEVEL=0", "-tls1_2")
    survey, _count = surveyed(keys, *wanted, checks=("ciphers",))
    assert len(survey.dh) == 1
    assert survey.anonymous_dh == frozenset(survey.dh if alone else ())
