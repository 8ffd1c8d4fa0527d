# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import ssl
import subprocess
from pathlib import Path

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._dropped import (
    KINDS,
    Choices,
    Matcher,
    dropped_suites,
)
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._effective import (
    Effective,
    effective,
)
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._oracle import Oracle
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._server import (
    SERVER_PREFERENCE,
    Library,
    Settings,
)
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._verdicts import (
    accepted_findings,
    suite_findings,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls import _suites
from ansible_collections.postmaster.tls.plugins.module_utils._tls._modern_hello import modern_hello
from ansible_collections.postmaster.tls.plugins.module_utils._tls._modern_suites import (
    modern_suites,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol
from ansible_collections.postmaster.tls.plugins.module_utils._tls._scan import Offer
from ansible_collections.postmaster.tls.plugins.module_utils._tls._senders import NAMES, by_name
from ansible_collections.postmaster.tls.tests.support.pems import Pair

MEDIUM = "aNULL:-aNULL:HIGH:MEDIUM:!SEED:!IDEA:!3DES:!RC2:!RC4:!RC5:!kDH:!kECDH:!aDSS:!MD5:+RC4:@STRENGTH"
OLD = (0x300, 0x301, 0x302)


@pytest.fixture(scope="module")
def dh_file(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = str(tmp_path_factory.mktemp("dh") / "dh.pem")
    command = ["openssl", "genpkey", "-genparam", "-algorithm", "DH", "-pkeyopt", "group:ffdhe2048"]
    subprocess.run([*command, "-out", path], check=True, capture_output=True)
    return path


def server_context(ciphers: str, pairs: list[Pair], dh_file: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(f"{ciphers}:@SECLEVEL=0")
    context.load_dh_params(dh_file)
    for pair in pairs:
        context.load_cert_chain(pair.certificate, pair.key)
    return context


def agreed(server: ssl.SSLContext, name: str) -> bool:
    """Whether Python's own TLS agrees on this suite of TLS 1.2 with a client that offers nothing else."""
    client_context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client_context.check_hostname, client_context.verify_mode = False, ssl.CERT_NONE
    client_context.minimum_version = client_context.maximum_version = ssl.TLSVersion.TLSv1_2
    client_context.set_ciphers(f"{name}:@SECLEVEL=0")
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [client_context.wrap_bio(down, up), server.wrap_bio(up, down, server_side=True)]
    for _flight in range(4):
        for end in ends:
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLError:
                return False
    return True


@pytest.mark.parametrize("kinds", [("rsa",), ("ec",), ("rsa", "ec")])
@pytest.mark.parametrize("ciphers", [MEDIUM, f"{MEDIUM}:!RSA+AES:!CAMELLIA", "ALL:!aNULL:!SHA1"])
def test_the_suites_are_those_on_which_python_agrees(
    library: Library, rsa: Pair, ec: Pair, dh_file: str, kinds: tuple[str, ...], ciphers: str
) -> None:
    pairs = [{"rsa": rsa, "ec": ec}[kind] for kind in kinds]
    certificates = tuple(pair.settings() for pair in pairs)
    settings = Settings(ciphers, excluded=(*OLD, 0x304), certificates=certificates)
    found = effective(library, settings).suites[Protocol.TLSv1_2]
    server = server_context(ciphers, pairs, dh_file)
    expected = {
        cipher["id"] & 0xFFFF
        for cipher in server.get_ciphers()
        if not cipher["name"].startswith("TLS_") and agreed(server, cipher["name"])
    }
    assert expected
    assert set(found) == expected


def test_without_preference_the_order_is_that_of_the_list(library: Library, rsa: Pair) -> None:
    ciphers = "AES128-SHA256:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-GCM-SHA256"
    settings = Settings(ciphers, excluded=(*OLD, 0x304), certificates=(rsa.settings(),))
    names = [_suites.by_code(code) for code in effective(library, settings).order()]
    assert [suite.name for suite in names if suite] == ciphers.split(":")


def test_a_refusal_leaves_nothing(library: Library, rsa: Pair, ec: Pair) -> None:
    settings = Settings(MEDIUM, certificates=(("pair", rsa.certificate, ec.key),))
    found = effective(library, settings)
    assert found.refusal
    assert found.refusal.stage == "mismatch"
    assert not found.protocols


def test_excluded_protocols_are_gone(library: Library, rsa: Pair) -> None:
    settings = Settings(MEDIUM, excluded=(0x300, 0x301), certificates=(rsa.settings(),))
    assert effective(library, settings).protocols == (
        Protocol.TLSv1_1,
        Protocol.TLSv1_2,
        Protocol.TLSv1_3,
    )


def test_a_security_level_in_the_list_counts(library: Library, rsa: Pair) -> None:
    loose = effective(library, Settings("ALL", certificates=(rsa.settings(),)))
    strict = effective(library, Settings("ALL:@SECLEVEL=2", certificates=(rsa.settings(),)))
    assert set(strict.order()) < set(loose.order())


def test_groups_are_those_that_were_set(library: Library, rsa: Pair) -> None:
    settings = Settings(
        MEDIUM, certificates=(rsa.settings(),), groups=(("nonsense",), ("secp384r1", "X25519"))
    )
    assert set(effective(library, settings).groups) == {0x18, 0x1D}


def test_a_curve_that_few_know_serves_those_who_know_it(
    library: Library, rsa: Pair, ec: Pair
) -> None:
    settings = Settings(
        "ECDHE", certificates=(rsa.settings(), ec.settings()), groups=(("brainpoolP256r1",),)
    )
    found = effective(library, settings)
    assert found.groups == (0x1A,)
    assert 0xC02F in found.suites[Protocol.TLSv1_2]


def test_a_server_that_stops_below_tls12_has_the_curves_of_its_newest_version(
    library: Library, rsa: Pair
) -> None:
    settings = Settings(
        "ALL:@SECLEVEL=0",
        excluded=(0x303, 0x304),
        certificates=(rsa.settings(),),
        groups=(("brainpoolP256r1", "secp384r1"),),
    )
    assert effective(library, settings).groups == (0x18, 0x1A)


def test_below_tls12_a_curve_that_nobody_asks_suites_with_is_none(
    library: Library, rsa: Pair
) -> None:
    settings = Settings(
        "ALL:@SECLEVEL=0",
        excluded=(0x303, 0x304),
        certificates=(rsa.settings(),),
        groups=(("brainpoolP256r1",),),
    )
    found = effective(library, settings)
    assert found.groups == ()
    suites = [_suites.by_code(code) for code in found.suites[Protocol.TLSv1_1]]
    assert {suite.key_exchange for suite in suites if suite} == {"RSA", "DHE"}


def choices(**changes: object) -> Choices:
    values: dict[str, object] = {
        "base": MEDIUM,
        "base_setting": "smtpd_tls_ciphers = medium (tls_medium_cipherlist)",
        "grade": "medium",
        "exclusions": (("RSA+AES", "smtpd_tls_exclude_ciphers"),),
        "protocols": frozenset({Protocol.TLSv1_2}),
        "protocol_setting": "smtpd_tls_protocols = TLSv1.2",
        "certificate_setting": "smtpd_tls_cert_file",
        **changes,
    }
    return Choices(**values)  # type: ignore[arg-type]


def causes_at(
    library: Library, pair: Pair, level: int, spoken: frozenset[Protocol], *groups: str
) -> dict[str, list[tuple[str, str, str]]]:
    """The causes of each dropped suite of a server that is asked for these protocols, as (reason, kind, item)."""
    settings = Settings(
        f"ALL:@SECLEVEL={level}",
        excluded=tuple(int(one) for one in Protocol if one not in spoken),
        certificates=(pair.settings(),),
        groups=(groups,) if groups else (),
    )
    oracle = Oracle(library)
    setting = {"protocols": spoken, "protocol_setting": "smtpd_tls_protocols = some"}
    made = choices(base="ALL", exclusions=(), level=level, **setting)
    dropped = dropped_suites(
        oracle.effective(settings), oracle.matcher, made, oracle.possible(settings, level)
    )
    return {one.name: [(c.reason, c.kind, c.item) for c in one.causes] for one in dropped}


def test_a_protocol_that_the_level_forbids_is_no_way_to_a_suite(
    library: Library, rsa: Pair
) -> None:
    spoken = frozenset({Protocol.TLSv1, Protocol.TLSv1_3})
    found = causes_at(library, rsa, 1, spoken)
    why = "needs TLSv1.2, since security level 1 forbids TLSv1"
    assert found["AES128-SHA"] == [(why, "protocol", "1")]
    assert found["AES128-GCM-SHA256"] == [("needs TLSv1.2", "protocol", "")]
    assert "AES128-SHA" not in causes_at(library, rsa, 1, spoken | {Protocol.TLSv1_2})
    assert "AES128-SHA" not in causes_at(library, rsa, 0, spoken)


@pytest.mark.parametrize("level", [0, 1])
def test_what_would_still_be_in_the_way_of_tls13_is_known_while_it_is_off(
    library: Library, rsa: Pair, level: int
) -> None:
    spoken = frozenset({Protocol.TLSv1_2})
    found = causes_at(library, rsa, level, spoken, "brainpoolP256r1")
    kinds = [kind for _reason, kind, _item in found["TLS_AES_128_GCM_SHA256"]]
    assert kinds == ["protocol", "unexplained"]
    found = causes_at(library, rsa, level, spoken, "X25519")
    kinds = [kind for _reason, kind, _item in found["TLS_AES_128_GCM_SHA256"]]
    assert kinds == ["protocol"]


def test_what_the_level_takes_is_known_beside_a_protocol_that_it_forbids(
    library: Library, rsa: Pair
) -> None:
    found = causes_at(library, rsa, 1, frozenset({Protocol.TLSv1, Protocol.TLSv1_3}))
    kinds = {kind for _reason, kind, _item in found["ECDHE-ECDSA-NULL-SHA"]}
    assert kinds == {"not-in-list", "protocol", "certificate", "security-level"}


def test_an_edwards_key_is_blamed_where_nothing_newer_than_tls11_is_spoken(
    library: Library, ed: Pair
) -> None:
    """RFC 8422 section 5.10."""
    old, older = "ECDHE-ECDSA-AES128-SHA", frozenset({Protocol.TLSv1_1})
    reason = "no ECDSA certificate, and Ed25519 signs nothing below TLSv1.2"
    found = causes_at(library, ed, 0, older)
    assert found[old] == [(reason, "certificate", "ECDSA")]
    assert found["ECDHE-ECDSA-AES128-GCM-SHA256"] == [("needs TLSv1.2", "protocol", "")]
    assert old not in causes_at(library, ed, 0, older | {Protocol.TLSv1_2})
    newest = causes_at(library, ed, 0, frozenset({Protocol.TLSv1_3}))
    assert [kind for _reason, kind, _item in newest[old]] == ["protocol"]


def test_a_bound_of_openssl_cnf_is_a_cause_beside_the_list(library: Library, rsa: Pair) -> None:
    context = effective(library, Settings("ALL", certificates=(rsa.settings(),), excluded=OLD))
    found = {
        spoken: dropped_suites(
            Effective({}, listed=context.listed, keys=("RSA",)),
            Matcher(library),
            choices(
                base="ALL",
                exclusions=(),
                protocols=frozenset(spoken),
                protocol_setting="list",
                out_of_bounds=frozenset(Protocol) - {Protocol.TLSv1_1, Protocol.TLSv1_2},
                bound_setting="bounds",
            ),
        )
        for spoken in ((Protocol.TLSv1_3,), (Protocol.TLSv1,), (Protocol.TLSv1_2,))
    }
    causes = {
        (spoken[0].label, one.name): [(cause.reason, cause.setting) for cause in one.causes]
        for spoken, dropped in found.items()
        for one in dropped
    }
    bound = ("a bound in openssl.cnf forbids TLSv1.3", "bounds")
    assert causes["TLSv1.3", "TLS_AES_128_GCM_SHA256"] == [bound]
    assert causes["TLSv1", "TLS_AES_128_GCM_SHA256"] == [("TLSv1.3 is off", "list"), bound]
    reason = "needs TLSv1.1 to TLSv1.2, since a bound in openssl.cnf forbids TLSv1"
    assert causes["TLSv1", "AES128-SHA"] == [(reason, "list")]
    assert causes["TLSv1.2", "AES128-SHA"][0][1] == "none"


@pytest.mark.parametrize(
    ("name", "reason", "setting"),
    [
        ("AES128-SHA", "excluded by RSA+AES", "smtpd_tls_exclude_ciphers"),
        ("ECDHE-ECDSA-AES128-GCM-SHA256", "no ECDSA certificate", "smtpd_tls_cert_file"),
        ("TLS_AES_128_GCM_SHA256", "TLSv1.3 is off", "smtpd_tls_protocols = TLSv1.2"),
        ("PSK-AES128-GCM-SHA256", "needs PSK, which mail servers do not use", "none"),
        (
            "NULL-SHA",
            "not in the list of the grade medium",
            "smtpd_tls_ciphers = medium (tls_medium_cipherlist)",
        ),
    ],
)
def test_why_a_suite_is_missing(
    library: Library, rsa: Pair, name: str, reason: str, setting: str
) -> None:
    settings = Settings(
        f"{MEDIUM}:!RSA+AES", excluded=(*OLD, 0x304), certificates=(rsa.settings(),)
    )
    found = effective(library, settings)
    dropped = {one.name: one for one in dropped_suites(found, Matcher(library), choices())}
    assert (dropped[name].reason, dropped[name].setting) == (reason, setting)


@pytest.mark.parametrize(
    ("name", "kind", "item"),
    [
        ("AES128-SHA", "excluded", "RSA+AES"),
        ("CAMELLIA128-SHA", "excluded", "!CAMELLIA"),
        ("ECDHE-ECDSA-AES128-GCM-SHA256", "certificate", "ECDSA"),
        ("TLS_AES_128_GCM_SHA256", "protocol", ""),
        ("PSK-AES128-GCM-SHA256", "credentials", ""),
        ("NULL-SHA", "not-in-list", ""),
    ],
)
def test_programs_read_a_word_and_what_it_is_about(
    library: Library, rsa: Pair, name: str, kind: str, item: str
) -> None:
    base = f"{MEDIUM}:!CAMELLIA"
    settings = Settings(f"{base}:!RSA+AES", excluded=(*OLD, 0x304), certificates=(rsa.settings(),))
    why = choices(base=base, base_list="tls_medium_cipherlist")
    found = effective(library, settings)
    dropped = {one.name: one.causes[0] for one in dropped_suites(found, Matcher(library), why)}
    assert (dropped[name].kind, dropped[name].item) == (kind, item)
    assert dropped[name].kind in KINDS


def test_every_suite_of_the_library_is_either_kept_or_dropped_once(
    library: Library, rsa: Pair
) -> None:
    matcher = Matcher(library)
    found = effective(library, Settings(MEDIUM, certificates=(rsa.settings(),)))
    dropped = [one.code for one in dropped_suites(found, matcher, choices(exclusions=()))]
    kept = list(found.order())
    assert sorted(dropped + kept) == sorted(one.code for one in matcher.everything())


def test_every_cause_is_named_the_most_specific_first(library: Library, rsa: Pair) -> None:
    settings = Settings(
        f"{MEDIUM}:!RSA+AES:!AES", excluded=(*OLD, 0x303), certificates=(rsa.settings(),)
    )
    both = choices(
        exclusions=(("RSA+AES", "smtpd_tls_exclude_ciphers"), ("AES", "own")),
        protocols=frozenset({Protocol.TLSv1_3}),
    )
    found = dropped_suites(effective(library, settings), Matcher(library), both)
    one = next(dropped for dropped in found if dropped.name == "AES128-SHA")
    assert [one.reason, *(cause.reason for cause in one.also)] == [
        "excluded by RSA+AES",
        "excluded by AES",
        "needs SSLv3 to TLSv1.2",
    ]


def test_an_exclusion_within_the_list_is_not_blamed_on_the_grade(
    library: Library, rsa: Pair
) -> None:
    base = "HIGH:!CAMELLIA:-SHA256"
    found = dropped_suites(
        effective(library, Settings(base, excluded=OLD, certificates=(rsa.settings(),))),
        Matcher(library),
        choices(base=base, base_list="tls_medium_cipherlist", exclusions=()),
    )
    reasons = {one.name: (one.reason, one.setting) for one in found}
    assert reasons["CAMELLIA256-SHA"] == (
        "excluded by !CAMELLIA in tls_medium_cipherlist",
        "tls_medium_cipherlist",
    )
    assert reasons["AES128-SHA256"][0] == "excluded by -SHA256 in tls_medium_cipherlist"


def test_a_server_signs_with_what_its_key_can(library: Library, rsa: Pair, ec: Pair) -> None:
    with_rsa = effective(library, Settings(MEDIUM, certificates=(rsa.settings(),))).signatures
    with_ec = effective(library, Settings(MEDIUM, certificates=(ec.settings(),))).signatures
    assert 0x0804 in with_rsa[Protocol.TLSv1_3]
    assert 0x0401 in with_rsa[Protocol.TLSv1_2]
    assert 0x0401 not in with_rsa[Protocol.TLSv1_3]
    assert with_ec[Protocol.TLSv1_3] == (0x0403,)
    assert not {0x0401, 0x0804} & set(with_ec[Protocol.TLSv1_2])


def test_the_size_of_the_prime_is_that_of_the_file(
    library: Library, rsa: Pair, dh_file: str, tmp_path: Path
) -> None:
    big = tmp_path / "big.pem"
    command = "openssl genpkey -genparam -algorithm DH -pkeyopt group:ffdhe3072"
    done = subprocess.run(command.split(), check=True, capture_output=True)
    big.write_bytes(done.stdout)
    bits = [
        effective(library, Settings(MEDIUM, certificates=(rsa.settings(),), dh=dh)).dh
        for dh in ("built-in", f"auto:{dh_file}", f"auto:{big}", "built-in:/nonexistent")
    ]
    assert bits == [(2048,), (2048,), (3072,), (2048,)]


def test_without_dhe_there_is_no_prime(library: Library, rsa: Pair) -> None:
    settings = Settings("ECDHE", certificates=(rsa.settings(),))
    assert effective(library, settings).dh == ()


def test_without_a_certificate_the_prime_may_depend_on_the_suite(
    library: Library, rsa: Pair
) -> None:
    settings = Settings("DHE:ADH:@SECLEVEL=0", certificates=(rsa.settings(),), dh="auto")
    found = effective(library, settings)
    assert found.dh == (2048,)
    assert found.anonymous_dh == (1024, 3072)


def test_a_key_too_small_for_the_level_ends_handshakes_of_tls13(
    library: Library, rsa: Pair
) -> None:
    found = effective(library, Settings("ALL:@SECLEVEL=3", certificates=(rsa.settings(),)))
    assert "key too small" in found.broken[Protocol.TLSv1_3]
    assert not {Protocol.TLSv1_2, Protocol.TLSv1_3} & set(found.suites)


def test_another_key_that_is_large_enough_still_serves(
    library: Library, rsa: Pair, ec: Pair
) -> None:
    both = (rsa.settings(), ec.settings())
    found = effective(library, Settings("ALL:!aNULL:@SECLEVEL=3", certificates=both))
    assert found.broken == {}
    assert found.signatures[Protocol.TLSv1_3] == (0x0403,)
    names = [_suites.by_code(code) for code in found.suites[Protocol.TLSv1_2]]
    assert {suite.authentication for suite in names if suite} == {"ECDSA"}


def test_every_kind_of_key_signs_with_its_own_schemes(
    library: Library, rsa: Pair, ec: Pair
) -> None:
    both = Settings(
        "ECDHE:@SECLEVEL=0",
        options=SERVER_PREFERENCE,
        certificates=(rsa.settings(), ec.settings()),
    )
    assert {0x0401, 0x0501, 0x0403, 0x0503} <= set(
        effective(library, both).signatures[Protocol.TLSv1_2]
    )


def test_what_counts_as_modern_is_what_the_probe_offers_first() -> None:
    assert modern_suites() == set(modern_hello(Offer()).suites)


@pytest.mark.parametrize(
    ("ciphers", "group", "excluded", "told"),
    [
        ("ECDHE", "brainpoolP256r1", (*OLD, 0x304), True),
        ("ECDHE:kRSA", "brainpoolP256r1", (*OLD, 0x304), False),
        ("ECDHE:kRSA", "ffdhe2048", OLD, True),
        ("ECDHE", "brainpoolP256r1:secp384r1", (*OLD, 0x304), False),
    ],
)
def test_without_a_group_that_most_senders_offer_suites_alone_do_not_help(
    library: Library, rsa: Pair, ciphers: str, group: str, excluded: tuple[int, ...], told: bool
) -> None:
    settings = Settings(
        ciphers,
        excluded=excluded,
        certificates=(rsa.settings(),),
        groups=(tuple(group.split(":")),),
    )
    found = suite_findings(effective(library, settings), (), "here")
    assert [one.code for one in found] == (["no-common-group"] if told else [])


def test_every_recorded_sender_of_today_offers_one_of_the_common_groups() -> None:
    common = {0x1D, 0x17, 0x18, 0x19}
    profiles = [by_name(name) for name in NAMES]
    modern = [one for one in profiles if one.hello.groups]
    assert len(modern) > 20
    assert all(common & set(one.hello.groups) for one in modern)


def test_suites_that_encrypt_nothing_are_found_where_they_are_served(
    library: Library, rsa: Pair
) -> None:
    settings = Settings("ALL:eNULL:@SECLEVEL=0", certificates=(rsa.settings(),))
    found = accepted_findings(effective(library, settings), "here")
    assert [one.code for one in found] == ["null-ciphers"]
    assert "ECDHE-RSA-NULL-SHA" in found[0].evidence


def test_export_suites_and_ssl_are_found_as_a_probe_finds_them() -> None:
    result = Effective({Protocol.SSLv3: (0x0005, 0x0003), Protocol.TLSv1: (0x0003, 0x0034)})
    found = {one.code: one.evidence for one in accepted_findings(result, "here")}
    assert found == {"sslv3-accepted": "RC4-SHA, EXP-RC4-MD5", "export-ciphers": "EXP-RC4-MD5"}
