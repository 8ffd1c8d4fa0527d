# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""The functions of one libssl, bound by ctypes: what `_child.py` builds on, in an interpreter of its own.

The prototypes are those of OpenSSL 1.1.1 to 3.x (include/openssl/ssl.h, bio.h, pem.h).
"""

from __future__ import annotations

import ctypes

TYPE_CHECKING = False  # an interpreter that loads typing takes half as long again to start
if TYPE_CHECKING:
    import typing as t

Reply = dict[str, "t.Any"]

PASSWORD_CALLBACK = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_int, ctypes.c_void_p
)

STATUS_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
RESUMABLE_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int)

P, INT, LONG, U64, S, SIZE = (
    ctypes.c_void_p,
    ctypes.c_int,
    ctypes.c_long,
    ctypes.c_uint64,
    ctypes.c_char_p,
    ctypes.c_size_t,
)
PROTOTYPES: dict[str, tuple[t.Any, ...]] = {
    "OpenSSL_version_num": (ctypes.c_ulong,),
    "OpenSSL_version": (S, INT),
    "ERR_get_error": (ctypes.c_ulong,),
    "ERR_clear_error": (None,),
    "ERR_error_string_n": (None, ctypes.c_ulong, S, SIZE),
    "TLS_server_method": (P,),
    "TLS_client_method": (P,),
    "SSL_CTX_new": (P, P),
    "SSL_CTX_free": (None, P),
    "SSL_CTX_ctrl": (LONG, P, INT, LONG, P),
    "SSL_CTX_set_options": (U64, P, U64),
    "SSL_CTX_get_options": (U64, P),
    "SSL_CTX_set_security_level": (None, P, INT),
    "SSL_CTX_get_security_level": (INT, P),
    "SSL_CTX_set_cipher_list": (INT, P, S),
    "SSL_CTX_set_ciphersuites": (INT, P, S),
    "SSL_CTX_get_ciphers": (P, P),
    "SSL_CTX_set_default_passwd_cb": (None, P, PASSWORD_CALLBACK),
    "SSL_CTX_use_certificate_chain_file": (INT, P, S),
    "SSL_CTX_use_certificate_file": (INT, P, S, INT),
    "SSL_CTX_use_PrivateKey_file": (INT, P, S, INT),
    "SSL_CTX_use_cert_and_key": (INT, P, P, P, P, INT),
    "SSL_CTX_check_private_key": (INT, P),
    "SSL_CTX_get0_privatekey": (P, P),
    "EC_KEY_new_by_curve_name": (P, INT),
    "EVP_get_digestbyname": (P, S),
    "EVP_PKEY_base_id": (INT, P),
    "EVP_PKEY_get_base_id": (INT, P),
    "SSL_CTX_load_verify_locations": (INT, P, S, S),
    "SSL_CTX_callback_ctrl": (LONG, P, INT, STATUS_CALLBACK),
    "SSL_CTX_set_not_resumable_session_callback": (None, P, RESUMABLE_CALLBACK),
    "SSL_CTX_set0_tmp_dh_pkey": (INT, P, P),
    "SSL_get_pending_cipher": (P, P),
    "SSL_version": (INT, P),
    "SSL_new": (P, P),
    "SSL_free": (None, P),
    "SSL_set_security_level": (None, P, INT),
    "SSL_set_bio": (None, P, P, P),
    "SSL_set_accept_state": (None, P),
    "SSL_set_connect_state": (None, P),
    "SSL_do_handshake": (INT, P),
    "SSL_get_error": (INT, P, INT),
    "SSL_get_peer_cert_chain": (P, P),
    "SSL_CIPHER_get_auth_nid": (INT, P),
    "SSL_CIPHER_get_id": (ctypes.c_uint32, P),
    "SSL_CIPHER_get_name": (S, P),
    "SSL_CIPHER_get_bits": (INT, P, P),
    "OPENSSL_sk_num": (INT, P),
    "OPENSSL_sk_value": (P, P, INT),
    "OPENSSL_sk_new_null": (P,),
    "OPENSSL_sk_push": (INT, P, P),
    "BIO_new": (P, P),
    "BIO_s_mem": (P,),
    "BIO_new_mem_buf": (P, S, INT),
    "BIO_free": (INT, P),
    "BIO_up_ref": (INT, P),
    "BIO_write": (INT, P, S, INT),
    "BIO_read": (INT, P, P, INT),
    "BIO_ctrl": (LONG, P, INT, LONG, P),
    "PEM_write_bio_X509": (INT, P, P),
    "PEM_read_bio_X509": (P, P, P, PASSWORD_CALLBACK, P),
    "PEM_read_bio_PrivateKey": (P, P, P, PASSWORD_CALLBACK, P),
    "PEM_read_bio_DHparams": (P, P, P, PASSWORD_CALLBACK, P),
    "PEM_read_bio_Parameters": (P, P, P),
}

OP_NO: t.Final = {
    0x0300: 1 << 25,
    0x0301: 1 << 26,
    0x0302: 1 << 28,
    0x0303: 1 << 27,
    0x0304: 1 << 29,
}


def raw(text: str) -> bytes:
    """The bytes of a value or a file name of a configuration, also of one that is not UTF-8."""
    return text.encode("utf-8", "surrogateescape")


class Refused(Exception):
    """The library does not do what was asked; carries what was tried, with which file, and its own words."""

    def __init__(self, stage: str, subject: str, error: str) -> None:
        super().__init__(stage)
        self.reply = {"ok": False, "stage": stage, "subject": subject, "error": error}


def _no_password(_buffer: t.Any, _size: int, _writing: int, _data: t.Any) -> int:
    return -1


no_password = PASSWORD_CALLBACK(_no_password)


class Binding:
    """The functions of one libssl and its libcrypto, and the contexts made with them."""

    def __init__(self, libcrypto: str, libssl: str) -> None:
        self.crypto = ctypes.CDLL(libcrypto, mode=ctypes.RTLD_GLOBAL)
        self.ssl = ctypes.CDLL(libssl, mode=ctypes.RTLD_GLOBAL)
        self.contexts: list[int] = []
        self.callbacks: list[t.Any] = []

    def __getattr__(self, name: str) -> t.Any:
        restype, *argtypes = PROTOTYPES[name]
        home = self.ssl if name.startswith(("SSL_", "TLS_")) else self.crypto
        function = home[name]
        if name in ("SSL_CTX_set_options", "SSL_CTX_get_options") and self.major() < 3:
            restype, argtypes = ctypes.c_ulong, [P, ctypes.c_ulong][: len(argtypes)]
        function.restype, function.argtypes = restype, argtypes
        self.__dict__[name] = function
        return function

    def major(self) -> int:
        number: int = self.OpenSSL_version_num()
        return number >> 28

    def key_id(self, key: int) -> int:
        name = "EVP_PKEY_base_id" if self.major() < 3 else "EVP_PKEY_get_base_id"
        found: int = getattr(self, name)(key)
        return found

    def error(self) -> str:
        code = self.ERR_get_error()
        self.ERR_clear_error()
        text = ctypes.create_string_buffer(256)
        self.ERR_error_string_n(code, text, len(text))
        return text.value.decode("ascii", "replace") if code else ""

    def configure(self, config_file: str, config_name: str) -> None:
        """Initialise the library as tls_library_init() of Postfix's tls_misc.c does."""
        if config_file == "default" and not config_name:
            return
        new, init = self.crypto.OPENSSL_INIT_new, self.ssl.OPENSSL_init_ssl
        new.restype, init.argtypes = P, [U64, P]
        settings = P(new())
        if config_file == "default":
            self.crypto.OPENSSL_INIT_set_config_file_flags(settings, ctypes.c_ulong(0x32))
        elif config_file != "none":
            self.crypto.OPENSSL_INIT_set_config_file_flags(settings, ctypes.c_ulong(0))
            self.crypto.OPENSSL_INIT_set_config_filename(settings, raw(config_file))
        if config_name:
            self.crypto.OPENSSL_INIT_set_config_appname(settings, raw(config_name))
        if init(0x80 if config_file == "none" else 0, settings) <= 0:
            raise Refused("config", config_file, self.error())

    def new_context(self, method: str = "TLS_server_method") -> int:
        context: int = self.SSL_CTX_new(getattr(self, method)())
        if not context:
            raise Refused("context", "", self.error())
        self.SSL_CTX_set_security_level(context, 0)
        self.SSL_CTX_set_default_passwd_cb(context, no_password)
        return context

    def ciphers(self, context: int) -> list[tuple[int, str, int]]:
        """(code, name of the library, bits) of every suite that the context would take, in its order."""
        stack = self.SSL_CTX_get_ciphers(context)
        found = []
        for index in range(self.OPENSSL_sk_num(stack)):
            cipher = self.OPENSSL_sk_value(stack, index)
            name = self.SSL_CIPHER_get_name(cipher).decode("ascii")
            code = self.SSL_CIPHER_get_id(cipher) & 0xFFFF
            found.append((code, name, self.SSL_CIPHER_get_bits(cipher, None)))
        return found


__all__ = [
    "OP_NO",
    "RESUMABLE_CALLBACK",
    "STATUS_CALLBACK",
    "Binding",
    "Refused",
    "Reply",
    "no_password",
    "raw",
]
