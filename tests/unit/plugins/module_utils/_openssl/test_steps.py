# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.postmaster.tls.plugins.module_utils._openssl._effective import effective
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._server import (
    Context,
    Library,
    Refusal,
    Settings,
    Step,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol
from ansible_collections.postmaster.tls.tests.support.pems import Pair


def stepped(pair: Pair, *steps: Step, ciphers: str = "DEFAULT", options: int = 0) -> Settings:
    loaded = (("key", True, pair.key), ("certificate", True, pair.certificate))
    return Settings(ciphers=ciphers, options=options, steps=(*loaded, *steps))


def opened(library: Library, settings: Settings) -> Context:
    context = library.open(settings)
    assert isinstance(context, Context)
    return context


def test_a_step_that_is_not_needed_is_passed_over_and_told(library: Library, rsa: Pair) -> None:
    context = opened(library, stepped(rsa, ("ciphers", False), ciphers="NOSUCH"))
    assert [(one.stage, one.subject) for one in context.ignored] == [("ciphers", "NOSUCH")]
    refusal = library.open(stepped(rsa, ("ciphers", True), ciphers="NOSUCH"))
    assert isinstance(refusal, Refusal)
    assert refusal.stage == "ciphers"


def test_an_unknown_list_leaves_the_suites_of_tls13_alone(library: Library, rsa: Pair) -> None:
    context = opened(library, stepped(rsa, ("ciphers", False), ciphers="NOSUCH"))
    assert {cipher.code >> 8 for cipher in context.ciphers} == {0x13}
    context = opened(library, stepped(rsa, ("ciphers", False), ciphers="@SECLEVEL=9"))
    assert {cipher.code >> 8 for cipher in context.ciphers} > {0x13}


def test_parameters_are_taken_at_the_level_that_is_in_force_before_the_list(
    library: Library, rsa: Pair
) -> None:
    small, lowered = ("dh", False, "1024"), ("ciphers", True)
    before = effective(library, stepped(rsa, small, lowered, ciphers="DHE:@SECLEVEL=0"))
    after = effective(library, stepped(rsa, lowered, small, ciphers="DHE:@SECLEVEL=0"))
    level = opened(library, stepped(rsa)).bounds.level
    assert (before.dh == ()) is (level >= 2)
    assert after.dh == (1024,)


def test_one_curve(library: Library, rsa: Pair) -> None:
    assert effective(library, stepped(rsa, ("curve", True, "415"))).groups == (23,)


def test_options_and_protocols(library: Library, rsa: Pair) -> None:
    settings = Settings(
        ciphers="DEFAULT",
        options=1 << 14,
        excluded=(int(Protocol.TLSv1_3),),
        steps=stepped(rsa, ("options", True)).steps,
    )
    found = effective(library, settings)
    assert Protocol.TLSv1_3 not in found.suites
    assert found.bounds.options & (1 << 14)
    assert found.bounds.options & (1 << 29)


def test_suites_of_tls13(library: Library, rsa: Pair) -> None:
    found = effective(library, stepped(rsa, ("suites", True, "TLS_AES_128_GCM_SHA256")))
    assert found.suites[Protocol.TLSv1_3] == (0x1301,)


def test_a_handshake_that_breaks_off_serves_nobody(library: Library, rsa: Pair) -> None:
    """A key of 2048 bits has a strength of 112 bits, and level 3 asks for 128: OpenSSL sees that after its first answer."""
    found = effective(library, stepped(rsa, ("ciphers", True), ciphers="ECDHE:@SECLEVEL=3"))
    assert "key too small" in found.broken[Protocol.TLSv1_3]
    assert found.suites == {}
    sound = effective(library, stepped(rsa, ("ciphers", True), ciphers="ECDHE"))
    assert sound.broken == {}


def test_without_certificates_the_other_steps_stay(rsa: Pair) -> None:
    settings = stepped(rsa, ("check", True, rsa.key), ("dh", False, "auto"), ("ciphers", False))
    assert settings.without_certificates().steps == (("dh", False, "auto"), ("ciphers", False))
