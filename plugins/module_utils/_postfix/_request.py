# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""What a Postfix service asks of OpenSSL: the settings of the SSL_CTX that it makes.

Source: tls_server_init() and tls_server_start() in src/tls/tls_server.c, tls_client_init() and tls_client_start() in
tls_client.c, tls_auto_groups() in tls_dh.c, tls_bug_bits() in tls_misc.c, at the tags v3.5.0 to v3.11.0.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._openssl._server import (
    SERVER_PREFERENCE,
    Settings,
)
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._cipher_string import (
    CipherString,
    client_cipher_string,
    items,
    server_cipher_string,
)
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._protocol_list import (
    ProtocolList,
    understand,
)
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._services import (
    TlsService,
    is_yes,
)
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._version import (
    PostfixVersion,
    reached,
)
from ansible_collections.postmaster.tls.plugins.module_utils._records import dataclass
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol

_BOUNDS: t.Final = PostfixVersion(3, 6, 0)
_RESETS_MINIMUM: t.Final = ((3, 2, 18), (3, 3, 13), (3, 4, 15), (3, 5, 5), (3, 6, 0))
_GROUPS_MAY_BE_EMPTY: t.Final = ((3, 6, 17), (3, 7, 13), (3, 8, 8), (3, 9, 2), (3, 10, 0))
_AUTOMATIC_DH: t.Final = PostfixVersion(3, 7, 0)
_FFDHE_GROUPS: t.Final = PostfixVersion(3, 8, 0)
_GROUPS_BY_NAME: t.Final = PostfixVersion(3, 10, 0)
_OPENSSL_1_1_0: t.Final = 0x10100000
_OPENSSL_1_1_1: t.Final = 0x10101000
_OPTION_BITS: t.Final = {
    "legacy_server_connect": 1 << 2,
    "no_ticket": 1 << 14,
    "no_session_resumption_on_renegotiation": 1 << 16,
    "no_compression": 1 << 17,
    "enable_middlebox_compat": 1 << 20,
    "prioritize_chacha": 1 << 21,
    "no_renegotiation": 1 << 30,
}
#: ssl_bug_tweaks of src/tls/tls_misc.c, at v2.8.0 to v3.11.0.
_WORKAROUNDS: t.Final = frozenset(
    (
        *("microsoft_sess_id_bug", "netscape_challenge_bug", "legacy_server_connect"),
        *("netscape_reuse_cipher_change_bug", "cve-2010-4180", "sslref2_reuse_cert_type_bug"),
        *("microsoft_big_sslv3_buffer", "msie_sslv2_rsa_padding", "cve-2005-2969"),
        *("ssleay_080_client_dh_bug", "tls_d5_bug", "tls_block_padding_bug", "tls_rollback_bug"),
        *("dont_insert_empty_fragments", "cryptopro_tlsext_bug", "tlsext_padding"),
    )
)
_NUMBER: t.Final = re.compile(r"0[xX][0-9a-fA-F]+")
_MANAGED_BITS: t.Final = SERVER_PREFERENCE | 0x3E000000
_HYBRID_DEFAULT: t.Final = PostfixVersion(3, 11, 0)
_OPENSSL_3_0: t.Final = 0x30000000
_OPENSSL_3_5: t.Final = 0x30500000
_DEFAULT_CURVES: t.Final = ("X25519", "X448", "prime256v1", "secp384r1", "secp521r1")
_DEFAULT_FFDHE: t.Final = ("ffdhe2048", "ffdhe3072")
_DEFAULT_HYBRID: t.Final = ("?X25519MLKEM768", "DEFAULT")
_AUTHENTICATING: t.Final = frozenset({"fingerprint", "verify", "secure", "dane-only"})


@dataclass(frozen=True)
class Request:
    """What one service asks for. `settings` is None if Postfix would not even ask, and `problem` says why.

    `protocol_setting` is the parameter that is in force at the level of the service.
    """

    settings: Settings | None
    protocols: ProtocolList
    protocol_setting: str
    cipher_string: CipherString
    certificates: tuple[tuple[str, ...], ...]
    problem: str | None = None


def certificate_files(service: TlsService) -> tuple[tuple[str, ...], ...]:
    """("pair", certificate, key) or ("chain", file...) as the service loads them; empty if there is none."""
    value, prefix = service.macros.value, service.prefix
    chain = re.split(r"[\s,]+", value(f"{prefix}_chain_files"))
    if any(chain):
        return (("chain", *filter(None, chain)),)
    found = []
    for kind in ("", "d", "ec"):
        certificate = value(f"{prefix}_{kind}cert_file")
        if certificate and not (kind == "" and certificate.lower() == "none"):
            found.append(("pair", certificate, value(f"{prefix}_{kind}key_file")))
    return tuple(found)


def _listed(text: str, version: PostfixVersion) -> tuple[str, ...]:
    """The names of a list of groups. Before 3.10 a colon parts nothing, so that a name with one is unknown."""
    if version >= _GROUPS_BY_NAME:
        return items(text)
    return tuple(name for name in re.split(r"[\s,]+", text) if name and ":" not in name)


def _groups(
    service: TlsService, version: PostfixVersion, library: int
) -> tuple[tuple[str, ...], ...]:
    """The lists that are tried in turn; where none is usable, what openssl.cnf or the library says stays in force."""
    value = service.macros.value
    curves = _listed(value("tls_eecdh_auto_curves"), version)
    if version < _BOUNDS:
        grade = value(f"{service.prefix}_eecdh_grade").lower()
        if grade in ("strong", "ultra"):
            curves = _listed(value(f"tls_eecdh_{grade}_curve"), version)
    if version < _FFDHE_GROUPS:
        return (curves,)
    modern = library >= _OPENSSL_3_0
    ffdhe = _listed(value("tls_ffdhe_auto_groups"), version) if modern else ()
    if not curves and not ffdhe and reached(version, _GROUPS_MAY_BE_EMPTY):
        return ()
    return (curves + ffdhe, _compiled_groups(version, library))


def _compiled_groups(version: PostfixVersion, library: int) -> tuple[str, ...]:
    """What is compiled in as the default of both lists (DEF_TLS_EECDH_AUTO and DEF_TLS_FFDHE_AUTO in mail_params.h)."""
    if version >= _HYBRID_DEFAULT and library >= _OPENSSL_3_5:
        return _DEFAULT_HYBRID
    return _DEFAULT_CURVES + (_DEFAULT_FFDHE if library >= _OPENSSL_3_0 else ())


def _dh(service: TlsService, version: PostfixVersion, library: int) -> str:
    """Where the parameters of DHE come from, as tls_set_dh_from_file() and tls_tmp_dh() of tls_dh.c choose them."""
    automatic = version >= _AUTOMATIC_DH and library >> 28 >= 3
    path = service.macros.value(f"{service.prefix}_dh1024_param_file")
    fallback = "auto" if automatic else "built-in"
    named = bool(path) and not (path == "auto" and version >= _AUTOMATIC_DH)
    return f"{fallback}:{path}" if named else fallback


def unknown_options(service: TlsService) -> dict[str, list[str]]:
    """By parameter, the names that are none, nor a number, and that Postfix passes over with a warning."""
    known = {"tls_ssl_options": _OPTION_BITS, "tls_disable_workarounds": _WORKAROUNDS}
    found = {
        parameter: [
            one
            for one in _option_names(service, parameter)
            if one.lower() not in names and not _NUMBER.fullmatch(one)
        ]
        for parameter, names in known.items()
    }
    return {parameter: names for parameter, names in found.items() if names}


def _option_names(service: TlsService, parameter: str) -> list[str]:
    return [one for one in re.split(r"[,\s]+", service.macros.value(parameter)) if one]


def _options(service: TlsService) -> int:
    value = service.macros.value
    bits = 0
    for name in _option_names(service, "tls_ssl_options"):
        if _NUMBER.fullmatch(name):
            bits |= int(name, 16)
        bits |= _OPTION_BITS.get(name.lower(), 0)
    bits &= ~_MANAGED_BITS
    if service.direction == "inbound" and is_yes(value("tls_preempt_cipherlist")):
        bits |= SERVER_PREFERENCE
    return bits


def _ciphers(service: TlsService, version: PostfixVersion) -> CipherString:
    value, prefix = service.macros.value, service.prefix
    if service.direction == "outbound":
        found = client_cipher_string(value, version, prefix=prefix, level=service.level or "may")
    else:
        found = server_cipher_string(
            value,
            version,
            prefix=prefix,
            mandatory=service.mandatory,
            asks_certificate=asks_certificate(service),
        )
    known = not found.base_setting or found.base_setting in service.values
    return found if known else found.of_an_unknown_build()


def asks_certificate(service: TlsService) -> bool:
    """Whether a server asks the client for a certificate, which rules out anonymous suites."""
    value, prefix = service.macros.value, service.prefix
    return is_yes(value(f"{prefix}_ask_ccert")) or requires_certificate(service)


def requires_certificate(service: TlsService) -> bool:
    """Whether a server insists on a client certificate; it then uses security level 1."""
    return service.mandatory and is_yes(service.macros.value(f"{service.prefix}_req_ccert"))


def _problem(service: TlsService, protocols: ProtocolList, ciphers: CipherString) -> str | None:
    if service.level is None:
        return "the security level is not one that Postfix knows here"
    if protocols.invalid is not None:
        return f"the protocol list has the unknown name {protocols.invalid}"
    if ciphers.problem:
        return ciphers.problem
    if service.direction == "inbound" and not certificate_files(service):
        anonymous = service.macros.value(f"{service.prefix}_cert_file").lower() == "none"
        if not anonymous or asks_certificate(service):
            return "no certificate is configured"
    return None


def _spoken(library: int) -> tuple[Protocol, ...] | None:
    """The protocols that a library has names for: SSLv2 is gone since 1.1.0 (CHANGES.md); None for an unknown one."""
    if library < _OPENSSL_1_1_0:
        return None
    newest = Protocol.TLSv1_3 if library >= _OPENSSL_1_1_1 else Protocol.TLSv1_2
    return tuple(one for one in Protocol if Protocol.SSLv2 < one <= newest)


def request_of(service: TlsService, version: PostfixVersion, *, library: int) -> Request:
    """What the service asks of a library; `library` is its OPENSSL_VERSION_NUMBER."""
    value, prefix = service.macros.value, service.prefix
    setting = f"{prefix}_mandatory_protocols" if service.mandatory else f"{prefix}_protocols"
    protocols = understand(value(setting), version, library=_spoken(library))
    ciphers = _ciphers(service, version)
    certificates = certificate_files(service)
    problem = _problem(service, protocols, ciphers)
    settings = None
    if problem is None and ciphers.text is not None and service.level != "none":
        inbound = service.direction == "inbound"
        strict = requires_certificate(service) if inbound else service.level in _AUTHENTICATING
        settings = Settings(
            ciphers=ciphers.text,
            role="server" if inbound else "client",
            level=1 if strict else 0,
            options=_options(service),
            excluded=tuple(sorted(int(one) for one in Protocol if one not in protocols.protocols)),
            reset_minimum=reached(version, _RESETS_MINIMUM),
            reset_maximum=version >= _BOUNDS,
            groups=_groups(service, version, library),
            certificates=certificates,
            trust=(value(f"{prefix}_CAfile"), value(f"{prefix}_CApath")),
            dh=_dh(service, version, library) if inbound else "auto",
        )
    return Request(settings, protocols, setting, ciphers, certificates, problem)


__all__ = [
    "Request",
    "asks_certificate",
    "certificate_files",
    "request_of",
    "requires_certificate",
    "unknown_options",
]
