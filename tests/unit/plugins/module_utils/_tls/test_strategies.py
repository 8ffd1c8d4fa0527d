# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._tls import (
    _group_scan,
    _scan,
    _suites,
    _survey,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._answers import (
    Alert,
    Answer,
    NotDetermined,
    ServerHello,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._client_hello import ClientHello
from ansible_collections.postmaster.tls.plugins.module_utils._tls._full_handshake import (
    FullHandshake,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import (
    PROTOCOLS,
    Protocol,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._scan import Offer
from ansible_collections.postmaster.tls.plugins.module_utils._tls._strategy import (
    drive,
)
from ansible_collections.postmaster.tls.tests.support.paper_server import (
    HANDSHAKE_FAILURE,
    PaperServer,
)
from hypothesis import given, settings
from hypothesis import strategies as st

V12, V13 = Protocol.TLSv1_2, Protocol.TLSv1_3
CODES = [suite.code for suite in _suites.in_version(V12)]
CODES13 = [0x1301, 0x1302, 0x1303]


def scan(server: t.Callable[[ClientHello], Answer], codes: t.Iterable[int]) -> _scan.SuiteScan:
    return drive(_scan.accepted_suites(V12, codes), server)


@given(st.lists(st.sampled_from(CODES), unique=True, max_size=30), st.booleans())
@settings(deadline=None)
def test_accepted_is_what_the_server_has_and_the_rest_is_rejected(
    suites: list[int], server_decides: bool
) -> None:
    server = PaperServer({V12: suites}, server_decides)
    result = scan(server, CODES)
    assert set(result.accepted) == set(suites)
    assert result.rejected == set(CODES) - set(suites)
    assert not result.undetermined
    assert len(server.questions) == len(suites) + 1
    if server_decides:
        assert list(result.accepted) == suites


def test_a_chain_is_kept_once() -> None:
    result = scan(PaperServer({V12: CODES[:5]}), CODES)
    assert result.chains == ((b"leaf",),)


def test_stop_after_asks_no_more_than_needed() -> None:
    server = PaperServer({V12: CODES[:5]})
    result = drive(_scan.accepted_suites(V12, CODES, stop_after=1), server)
    assert (len(result.accepted), len(server.questions)) == (1, 1)
    assert not result.rejected


def test_another_version_chosen_rejects_with_that_reason() -> None:
    result = scan(lambda _hello: ServerHello(Protocol.TLSv1, CODES[0]), CODES[:3])
    assert result.rejected == set(CODES[:3])
    assert set(result.reasons.values()) == {"TLSv1 chosen"}


def test_a_suite_that_was_not_offered_proves_nothing() -> None:
    result = scan(lambda _hello: ServerHello(V12, 0x1301), CODES[:3])
    assert not result.accepted
    assert not result.rejected
    assert result.undetermined == set(CODES[:3])


@given(st.sets(st.sampled_from(CODES), max_size=20), st.integers(0, 25))
@settings(deadline=None)
def test_no_answer_never_becomes_rejected(suites: set[int], silent_from: int) -> None:
    server = PaperServer({V12: sorted(suites)})

    def tired(hello: ClientHello) -> Answer:
        if len(server.questions) >= silent_from:
            return NotDetermined("timeout", "The server did not go on.")
        return server(hello)

    result = scan(tired, CODES)
    assert set(result.accepted) <= suites
    assert not result.rejected & suites
    assert set(result.accepted) | result.rejected | result.undetermined == set(CODES)


def test_one_suite_that_upsets_the_server_does_not_hide_the_others() -> None:
    good, evil = CODES[3:9], CODES[20]
    server = PaperServer({V12: good})

    def fragile(hello: ClientHello) -> Answer:
        return Alert(2, 80) if evil in hello.suites else server(hello)

    result = scan(fragile, CODES)
    assert set(result.accepted) == set(good)
    assert result.reasons[evil] == "alert internal_error"
    assert not result.undetermined


def test_a_server_that_is_upset_by_every_part_has_refused_them_all() -> None:
    questions: list[ClientHello] = []

    def upset(hello: ClientHello) -> Answer:
        questions.append(hello)
        return Alert(2, 80)

    result = scan(upset, CODES)
    assert result.rejected == set(CODES)
    assert set(result.reasons.values()) == {"alert internal_error"}
    assert len(questions) < 8


def test_a_key_that_cannot_sign_leaves_what_needs_no_signature() -> None:
    """OpenSSL from security level 1 on, in TLS 1.0, with an anonymous suite."""
    anonymous = [suite.code for suite in _suites.ALL if suite.authentication == "anon"][1:4]
    server = PaperServer({V12: [*anonymous, 0xC02F, 0x009E]})

    def cannot_sign(hello: ClientHello) -> Answer:
        signed = {0xC02F, 0x009E} & set(hello.suites)
        return Alert(2, 80) if signed else server(hello)

    result = scan(cannot_sign, CODES)
    assert set(result.accepted) == set(anonymous) & set(CODES)
    assert {0xC02F, 0x009E} <= result.rejected
    assert not result.undetermined


def test_a_server_that_cuts_everything_is_left_open_soon() -> None:
    questions: list[ClientHello] = []

    def cuts(hello: ClientHello) -> Answer:
        questions.append(hello)
        return NotDetermined("reset", "The connection broke.")

    result = scan(cuts, CODES)
    assert result.undetermined == set(CODES)
    assert len(questions) == 2


def test_a_long_offer_that_is_cut_is_asked_in_parts() -> None:
    server = PaperServer({V12: CODES[:2]})

    def old(hello: ClientHello) -> Answer:
        if len(hello.suites) > 100:
            return NotDetermined("closed", "The server closed the connection.")
        return server(hello)

    result = scan(old, CODES)
    assert set(result.accepted) == set(CODES[:2])
    assert not result.undetermined


def test_an_alert_after_the_hello_rejects_that_suite_only() -> None:
    server = PaperServer({V12: CODES[:4]})

    def broken(hello: ClientHello) -> Answer:
        answer = server(hello)
        if isinstance(answer, ServerHello) and answer.suite == CODES[1]:
            return Alert(2, 80, answer)
        return answer

    result = scan(broken, CODES[:10])
    assert set(result.accepted) == {CODES[0], CODES[2], CODES[3]}
    assert result.reasons[CODES[1]] == "alert internal_error"


def survey(server: t.Callable[[t.Any], Answer], *checks: str) -> _survey.Survey:
    return drive(_survey.survey(checks or _survey.CHECKS), server)


def by_version(result: _survey.Survey) -> dict[Protocol, _survey.ProtocolScan]:
    return {scan.protocol: scan for scan in result.protocols}


def test_survey_finds_everything_within_accepted_plus_thirty_questions() -> None:
    suites = {V12: CODES[5:76], Protocol.TLSv1: CODES[:1], V13: CODES13}
    server = PaperServer(suites)
    result = survey(server)
    scans = by_version(result)
    assert {version for version, scan in scans.items() if scan.accepted} == set(suites)
    for version, expected in suites.items():
        assert set(scans[version].suites.accepted) == set(expected)
    assert scans[Protocol.SSLv3].reason == "alert protocol_version"
    assert result.chains == ((b"leaf",),)
    assert len(server.questions) <= sum(map(len, suites.values())) + 30


@given(st.lists(st.sampled_from(CODES), unique=True, min_size=2, max_size=12), st.booleans())
@settings(deadline=None, max_examples=40)
def test_who_decides_and_in_which_order(suites: list[int], server_decides: bool) -> None:
    result = survey(PaperServer({V12: suites}, server_decides), "ciphers")
    scan = by_version(result)[V12]
    assert set(scan.suites.accepted) == set(suites)
    assert scan.preference == ("server" if server_decides else "client")
    if server_decides:
        assert list(scan.suites.accepted) == suites


def test_one_suite_says_nothing_about_who_decides() -> None:
    result = survey(PaperServer({V12: CODES[:1]}, server_decides=True), "ciphers")
    assert by_version(result)[V12].preference is None


@given(
    st.lists(st.sampled_from(CODES), unique=True, min_size=3, max_size=20),
    st.sets(st.integers(0, 19), min_size=1, max_size=3),
)
@settings(deadline=None)
def test_the_order_of_a_server_that_some_of_its_own_suites_upset(
    suites: list[int], places: set[int]
) -> None:
    """Postfix 3.5 with a DSA certificate in TLS 1.0: it picks DHE-DSS-AES256-SHA, and cannot sign with that key."""
    server = PaperServer({V12: suites}, server_decides=True)
    upsetting = {suites[place] for place in places if place < len(suites)}

    def cannot_sign(question: t.Any) -> Answer:
        answer = server(question)
        upset = isinstance(answer, ServerHello) and answer.suite in upsetting
        return Alert(2, 80) if upset else answer

    scan = by_version(survey(cannot_sign, "ciphers"))[V12]
    assert set(scan.suites.accepted) <= set(suites) - upsetting
    if scan.preference == "server":
        assert [code for code in suites if code in scan.suites.accepted] == list(
            scan.suites.accepted
        )


def test_silence_leaves_every_version_open() -> None:
    result = survey(lambda _hello: NotDetermined("timeout", "Nothing came."))
    assert all(scan.accepted is None for scan in result.protocols)
    assert {scan.reason for scan in result.protocols} == {"timeout"}
    assert all(scan.undetermined and not scan.rejected for scan in result.groups)


def test_protocols_alone_take_one_question_each() -> None:
    server = PaperServer({V12: CODES, V13: CODES13})
    result = survey(server, "protocols")
    assert len(server.questions) == len(["the handshake", "SSLv2"]) + len(PROTOCOLS)
    assert not any(scan.complete for scan in result.protocols)


def test_tls13_only_certificates_are_asked_for_by_a_full_handshake() -> None:
    server = PaperServer({V13: CODES13})

    def answers(question: ClientHello | FullHandshake) -> Answer:
        if isinstance(question, FullHandshake):
            return ServerHello(V13, 0x1301, certificates=(b"hidden",))
        return server(question)

    assert survey(answers, "certificates").chains == ((b"hidden",),)


def test_groups_of_both_versions() -> None:
    suites = {V12: [0xC02F], V13: CODES13}
    result = survey(PaperServer(suites, groups=(23, 30)), "groups")
    assert [(scan.protocol, set(scan.accepted)) for scan in result.groups] == [
        (V13, {23, 30}),
        (V12, {23, 30}),
    ]
    assert all(not scan.undetermined for scan in result.groups)


def with_ecdsa_p256(groups: set[int], *, server_decides: bool) -> t.Callable[[ClientHello], Answer]:
    """Such a server needs P-256 in every hello, whatever group it then uses (RFC 8422 section 5.1)."""

    def answers(hello: ClientHello) -> Answer:
        shared = [group for group in hello.groups if group in groups]
        if 0xC02B not in hello.suites or 23 not in hello.groups or not shared:
            return HANDSHAKE_FAILURE
        return ServerHello(V12, 0xC02B, 23 if server_decides else shared[0])

    return answers


def test_the_curve_of_the_certificate_does_not_hide_other_groups() -> None:
    server = with_ecdsa_p256({23, 25, 24}, server_decides=False)
    result = drive(_group_scan.accepted_groups(V12, offer=Offer()), server)
    assert set(result.accepted) == {23, 25, 24}


def test_a_server_that_insists_on_the_curve_leaves_the_others_open() -> None:
    server = with_ecdsa_p256({23, 25, 24}, server_decides=True)
    result = drive(_group_scan.accepted_groups(V12, offer=Offer()), server)
    assert result.accepted == (23,)
    assert {24, 25} <= result.undetermined
    assert not result.rejected


def test_a_refusal_of_suites_that_the_server_may_not_have_rejects_no_group() -> None:
    """Its suites are not determined, and one group was seen in passing: with RSA it refuses whatever the group is."""
    server = with_ecdsa_p256({23, 25, 24}, server_decides=False)
    result = drive(_group_scan.accepted_groups(V12, offer=Offer(), known=(23,)), server)
    assert set(result.accepted) == {23, 25, 24}
    assert not result.rejected & {23, 24, 25}
