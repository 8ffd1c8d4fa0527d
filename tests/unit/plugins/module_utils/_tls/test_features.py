# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Features: the openssl command is the server, with each thing on and off."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._tls import _survey
from ansible_collections.postmaster.tls.plugins.module_utils._tls._answers import (
    Alert,
    NotDetermined,
    ServerHello,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._client_hello import ClientHello
from ansible_collections.postmaster.tls.plugins.module_utils._tls._full_handshake import (
    FullHandshake,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._handshake_result import (
    HandshakeResult,
    Resumption,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol
from ansible_collections.postmaster.tls.plugins.module_utils._tls._strategy import drive
from ansible_collections.postmaster.tls.tests.support.asking import asker
from ansible_collections.postmaster.tls.tests.support.mail_servers import (
    Keys,
    make_keys,
    openssl_server,
)
from ansible_collections.postmaster.tls.tests.support.paper_server import PaperServer

V12, V13 = Protocol.TLSv1_2, Protocol.TLSv1_3


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    return make_keys(tmp_path_factory.mktemp("keys"))


def verdicts(ask: t.Callable[[t.Any], t.Any], *checks: str) -> dict[str, bool | None]:
    return drive(_survey.survey(checks), ask).features.verdicts


def of_openssl(
    keys: Keys, *options: str, checks: t.Sequence[str] = ("features",)
) -> dict[str, bool | None]:
    both = ["-cert", str(keys.rsa), "-key", str(keys.rsa_key), "-cipher", "ALL:@SECLEVEL=0"]
    with openssl_server(*both, *options) as port:
        return verdicts(asker(port), *checks)


def test_everything_of_a_usual_server(keys: Keys) -> None:
    found = of_openssl(keys)
    assert found == {
        "secure_renegotiation": True,
        "extended_master_secret": True,
        "encrypt_then_mac": True,
        "session_tickets": True,
        "session_ids": None,
        "heartbeat": False,
        "client_certificate": False,
        "ocsp_staple": False,
        "compression": False,
        "alpn": False,
        "fallback_scsv": True,
        "client_renegotiation": False,
        "resumption_ticket": True,
        "resumption_id": True,
        "resumption_tls13": True,
        "early_data": False,
    }


def test_what_is_switched_off_is_seen_to_be_off(keys: Keys) -> None:
    found = of_openssl(keys, "-no_ticket", "-no_etm", "-no_cache", "-tls1_2")
    for name in ("encrypt_then_mac", "session_tickets", "resumption_ticket", "session_ids"):
        assert found[name] is False, name
    assert found["resumption_id"] is False
    assert "resumption_tls13" not in found


def test_what_is_switched_on_is_seen_to_be_on(keys: Keys) -> None:
    request = ("-Verify", "1", "-CAfile", str(keys.ecdsa))
    assert of_openssl(keys, "-client_renegotiation", "-tls1_2")["client_renegotiation"] is True
    assert of_openssl(keys, "-max_early_data", "16384", "-early_data")["early_data"] is True
    assert of_openssl(keys, "-alpn", "smtp")["alpn"] is True
    found = of_openssl(keys, *request, "-tls1_3", checks=("certificates",))
    assert found["client_certificate"] is True


def test_flights_of_a_scan_show_the_passive_ones_at_no_cost(keys: Keys) -> None:
    found = of_openssl(keys, checks=("ciphers",))
    assert found["session_ids"] is found["session_tickets"] is found["encrypt_then_mac"] is True
    assert "compression" not in found


def test_a_server_of_tls13_alone_leaves_open_what_only_older_versions_show(keys: Keys) -> None:
    found = of_openssl(keys, "-tls1_3")
    assert found["secure_renegotiation"] is found["session_ids"] is None
    assert found["resumption_tls13"] is True
    assert "fallback_scsv" not in found


def paper(**answers: t.Any) -> t.Callable[[t.Any], t.Any]:
    """A server on paper of TLS 1.0 and 1.2 whose answers to unusual questions are given."""
    server = PaperServer({V12: [0xC02F, 0x002F], Protocol.TLSv1: [0x002F]})

    def ask(question: t.Any) -> t.Any:
        if isinstance(question, FullHandshake):
            return answers.get(question.purpose, NotDetermined("timeout", "Nothing came."))
        if isinstance(question, ClientHello) and 0x5600 in question.suites:
            return answers.get("fallback", NotDetermined("timeout", "Nothing came."))
        if isinstance(question, ClientHello) and question.compressions != (0,):
            return answers.get("compression", NotDetermined("timeout", "Nothing came."))
        return server(question)

    return ask


def test_silence_is_no_verdict() -> None:
    result = drive(_survey.survey(("features",)), paper())
    asked = ("compression", "alpn", "fallback_scsv", "client_renegotiation", "resumption_id")
    assert {result.features.verdicts[name] for name in asked} == {None}
    assert {result.features.reasons[name] for name in asked} == {"timeout"}


def test_a_chosen_method_is_compression_and_a_hello_below_is_no_fallback_protection() -> None:
    found = verdicts(
        paper(
            compression=ServerHello(V12, 0x002F, compression=1),
            fallback=ServerHello(Protocol.TLSv1, 0x002F),
        ),
        "features",
    )
    assert found["compression"] is True
    assert found["fallback_scsv"] is False


def test_another_alert_says_nothing_about_the_fallback() -> None:
    found = verdicts(paper(fallback=Alert(2, 80)), "features")
    assert found["fallback_scsv"] is None


def test_a_session_that_is_given_and_not_taken_back_is_no_resumption() -> None:
    hello = ServerHello(V12, 0x002F)
    given = Resumption(V12, 0x002F, b"secret", session_id=b"id")
    found = verdicts(
        paper(resumption=HandshakeResult(hello, resumption=given, resumed=False)), "features"
    )
    assert found["resumption_id"] is False
    assert found["resumption_ticket"] is False
