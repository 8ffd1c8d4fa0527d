# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""Makes a context by steps: what a program calls, in its order, and whether it goes on where a call fails.

Runs in the child, after `_pem.py` and before `_child.py`. Order matters: parameters of DHE, for one, are taken or
refused at the security level that is in force before the cipher list sets another.
"""

from __future__ import annotations

from ansible_collections.postmaster.tls.plugins.module_utils._openssl._binding import (
    OP_NO,
    Binding,
    Refused,
    Reply,
    no_password,
    raw,
)
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._pem import read_pem
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._reading import (
    read_bytes,
    refuse_pipe,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    import typing as t

FILETYPE_PEM = 1
SET_TMP_DH, SET_TMP_ECDH, DH_AUTO = 3, 4, 118
# A safe prime of 512 bits, and the group of 1024 bits of RFC 2409 section 6.2; of 2048 bits, ffdhe2048 of RFC 7919.
# They stand for primes of the same size that a program has compiled in, or makes when it starts: only the size matters.
PRIMES = {
    "512": b"""-----BEGIN DH PARAMETERS-----
MEYCQQCaStZ0pH8kgi8vRA6broPGhVD1H/yMB2GmqgGFpCF5j9C41PuuMx8ZPd6S
DClFgAMAoeMXGlOxogfCBWDGmBNHAgEC
-----END DH PARAMETERS-----
""",
    "1024": b"""-----BEGIN DH PARAMETERS-----
MIGHAoGBAP//////////yQ/aoiFowjTExmKLgNwc0SkCTgiKZ8x0Agu+pjsTmyJR
Sgh5jjQE3e+VGbPNOkMbMCsKbfJfFDdP4TVtbVHCReSFtXZiXn7G9ExC6aY37WsL
/1y29Aa37e44a/taiZ+lrp8kEXxLH+ZJKGZR7OZTgf//////////AgEC
-----END DH PARAMETERS-----
""",
    "2048": b"""-----BEGIN DH PARAMETERS-----
MIIBCAKCAQEA//////////+t+FRYortKmq/cViAnPTzx2LnFg84tNpWp4TZBFGQz
+8yTnc4kmz75fS/jY2MMddj2gbICrsRhetPfHtXV/WVhJDP1H18GbtCFY2VVPe0a
87VXE15/V8k1mE8McODmi3fipona8+/och3xWKE2rec1MKzKT0g6eXq8CrGCsyT7
YdEIqUuyyOP7uWrat2DX9GgdT0Kj3jlN9K5W7edjcrsZCwenyO4KbXCeAvzhzffi
7MA0BM0oNC9hkXL+nOmFg/+OTxIy7vKBg8P+OxtMb61zO7X8vC7CIAXFjvGDfRaD
ssbzSibBsu/6iGtCOGEoXJf//////////wIBAg==
-----END DH PARAMETERS-----
""",
}


def use_key(library: Binding, context: int, path: str) -> None:
    refuse_pipe(path)
    if library.SSL_CTX_use_PrivateKey_file(context, raw(path), FILETYPE_PEM) <= 0:
        raise Refused("key", path, library.error())


def use_certificate(library: Binding, context: int, path: str) -> None:
    """The first certificate of a file, without those that follow it."""
    refuse_pipe(path)
    if library.SSL_CTX_use_certificate_file(context, raw(path), FILETYPE_PEM) <= 0:
        raise Refused("certificate", path, library.error())


def use_chain(library: Binding, context: int, path: str) -> None:
    refuse_pipe(path)
    if library.SSL_CTX_use_certificate_chain_file(context, raw(path)) <= 0:
        raise Refused("certificate", path, library.error())


def check_key(library: Binding, context: int, path: str) -> None:
    if library.SSL_CTX_check_private_key(context) <= 0:
        raise Refused("mismatch", path, library.error())


def trust(library: Binding, context: int, file: str, directory: str) -> None:
    """Certificates of authorities, with which the library also completes the chain that it sends."""
    refuse_pipe(file)
    if library.SSL_CTX_load_verify_locations(context, raw(file), raw(directory)) <= 0:
        raise Refused("trust", f"{file} {directory}", library.error())


def use_dh(library: Binding, context: int, wanted: str) -> None:
    """A size in bits, C(auto) or C(none), with a colon and a file that is preferred to it."""
    kind, _colon, path = wanted.partition(":")
    parameters = 0
    if path:
        parameters = read_pem(library, "PEM_read_bio_DHparams", read_bytes(path))
    if not parameters and kind == "none":
        return
    if not parameters and kind == "auto":
        library.SSL_CTX_ctrl(context, DH_AUTO, 1, None)
        return
    parameters = parameters or read_pem(library, "PEM_read_bio_DHparams", PRIMES[kind])
    if library.SSL_CTX_ctrl(context, SET_TMP_DH, 0, parameters) <= 0:
        raise Refused("dh", path or kind, library.error())


def use_curve(library: Binding, context: int, number: str) -> None:
    """One curve, by its object number in OpenSSL, for ECDHE; the only one then."""
    key = library.EC_KEY_new_by_curve_name(int(number))
    if not key or library.SSL_CTX_ctrl(context, SET_TMP_ECDH, 0, key) <= 0:
        raise Refused("curve", number, library.error())


def know_digest(library: Binding, _context: int, name: str) -> None:
    if not library.EVP_get_digestbyname(raw(name)):
        raise Refused("digest", name, library.error() or "no digest of this name")


def use_suites(library: Binding, context: int, text: str) -> None:
    if library.SSL_CTX_set_ciphersuites(context, raw(text)) <= 0:
        raise Refused("suites", text, library.error())


def use_ciphers(library: Binding, context: int, text: str) -> None:
    if library.SSL_CTX_set_cipher_list(context, raw(text)) <= 0:
        raise Refused("ciphers", text, library.error())


STEPS: dict[str, t.Callable[..., None]] = {
    "digest": know_digest,
    "key": use_key,
    "certificate": use_certificate,
    "chain": use_chain,
    "check": check_key,
    "trust": trust,
    "dh": use_dh,
    "curve": use_curve,
    "suites": use_suites,
}


def take_steps(library: Binding, ask: Reply, ignored: list[Reply]) -> int:
    """Make the context; a refusal ends it where the step is needed, and is added to the ignored ones elsewhere."""
    method = "TLS_server_method" if ask["role"] == "server" else "TLS_client_method"
    context: int = library.SSL_CTX_new(getattr(library, method)())
    if not context:
        raise Refused("context", "", library.error())
    library.SSL_CTX_set_default_passwd_cb(context, no_password)
    for name, needed, *arguments in ask["steps"]:
        try:
            if name == "options":
                bits = sum(OP_NO.get(protocol, 0) for protocol in ask["excluded"])
                library.SSL_CTX_set_options(context, ask["options"] | bits)
            elif name == "ciphers":
                use_ciphers(library, context, ask["ciphers"])
            else:
                STEPS[name](library, context, *arguments)
        except Refused as refused:
            if needed:
                raise
            ignored.append(refused.reply)
        library.ERR_clear_error()
    return context


__all__ = ["PRIMES", "SET_TMP_DH", "take_steps"]
