# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""Whole handshakes between a server's context and a client of the same library. Runs in the child, after `_binding.py`."""

from __future__ import annotations

import ctypes

from ansible_collections.postmaster.tls.plugins.module_utils._openssl._binding import Binding

BOUNDS = (123, 124)  # SSL_CTRL_SET_MIN_PROTO_VERSION, SSL_CTRL_SET_MAX_PROTO_VERSION
SET_SIGALGS_LIST = 98  # SSL_CTRL_SET_SIGALGS_LIST
ERROR_SSL = 1
PENDING = 10
MOST_TURNS = 8
SET_GROUPS_LIST = 92  # SSL_CTRL_SET_GROUPS_LIST
#: What libraries know, and what those from 1.1.1, 3.0, 3.2 and 3.5 on know besides. A list with a name that a library does not
#: know is refused whole, and the one before stays.
GROUPS = (
    b"P-256:P-384:P-521",
    b":X25519:X448",
    b":ffdhe2048:ffdhe3072:ffdhe4096:ffdhe6144:ffdhe8192",
    b":brainpoolP256r1tls13:brainpoolP384r1tls13:brainpoolP512r1tls13",
    b":X25519MLKEM768:SecP256r1MLKEM768:SecP384r1MLKEM1024:MLKEM512:MLKEM768:MLKEM1024",
)
EVERYTHING = b"ALL:COMPLEMENTOFALL:@SECLEVEL=0"
ALL_TLS13 = (
    b"TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256:"
    b"TLS_AES_128_CCM_SHA256:TLS_AES_128_CCM_8_SHA256"
)


def client_of(library: Binding, protocol: int = 0) -> int:
    """A client's context that offers all that it can, of one version or of every version (0), whatever openssl.cnf says."""
    client = library.new_context("TLS_client_method")
    for bound in BOUNDS:
        library.SSL_CTX_ctrl(client, bound, protocol, None)
    for count in range(len(GROUPS)):
        library.SSL_CTX_ctrl(client, SET_GROUPS_LIST, 0, b"".join(GROUPS[: count + 1]))
    library.SSL_CTX_set_cipher_list(client, EVERYTHING)
    library.SSL_CTX_set_ciphersuites(client, ALL_TLS13)
    library.ERR_clear_error()
    return client


def shake_hands(library: Binding, client: int, server: int) -> tuple[list[int], str]:
    """Both ends of a handshake, and the error with which the server ends it; free the ends."""
    ends = [library.SSL_new(client), library.SSL_new(server)]
    pipes = [library.BIO_new(library.BIO_s_mem()) for _side in ends]
    for pipe in pipes:
        library.BIO_up_ref(pipe)
    library.SSL_set_bio(ends[0], *pipes)
    library.SSL_set_bio(ends[1], *reversed(pipes))
    library.SSL_set_connect_state(ends[0])
    library.SSL_set_accept_state(ends[1])
    for _turn in range(MOST_TURNS):
        library.SSL_do_handshake(ends[0])
        library.ERR_clear_error()
        done = library.SSL_do_handshake(ends[1])
        if done > 0:
            break
        if library.SSL_get_error(ends[1], done) == ERROR_SSL:
            return ends, library.error()
    return ends, ""


def rehearse(library: Binding, context: int, protocol: int, signatures: str) -> str:
    """The error with which a server ends a handshake of this version, begun by a client of the same library that knows these
    signature schemes only; empty if it does not. Some certificates are only refused when they are about to be sent.
    """
    client = client_of(library, protocol)
    library.SSL_CTX_ctrl(client, SET_SIGALGS_LIST, 0, signatures.encode())
    ends, trouble = shake_hands(library, client, context)
    finish(library, client, ends)
    return trouble


def finish(library: Binding, client: int, ends: list[int]) -> None:
    for end in ends:
        library.SSL_free(end)
    library.SSL_CTX_free(client)
    library.ERR_clear_error()


def served(library: Binding, context: int, signatures: str) -> list[str]:
    """The chain, in PEM, that a server sends to a client that knows these signature schemes only; empty without one.

    Where the server was given no intermediate certificates, OpenSSL completes the chain with those that it trusts.
    """
    client = client_of(library)
    library.SSL_CTX_ctrl(client, SET_SIGALGS_LIST, 0, signatures.encode())
    ends, _trouble = shake_hands(library, client, context)
    stack = library.SSL_get_peer_cert_chain(ends[0])
    count = library.OPENSSL_sk_num(stack) if stack else 0
    found = [pem_of(library, library.OPENSSL_sk_value(stack, index)) for index in range(count)]
    finish(library, client, ends)
    return found


def pem_of(library: Binding, certificate: int) -> str:
    bio = library.BIO_new(library.BIO_s_mem())
    library.PEM_write_bio_X509(bio, certificate)
    size = library.BIO_ctrl(bio, PENDING, 0, None)
    buffer = ctypes.create_string_buffer(max(size, 1))
    count = library.BIO_read(bio, buffer, size) if size else 0
    library.BIO_free(bio)
    return buffer.raw[: max(count, 0)].decode("ascii")


__all__ = ["ALL_TLS13", "rehearse", "served"]
