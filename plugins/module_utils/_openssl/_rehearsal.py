# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""Whole handshakes between a server's context and a client of the same library. Runs in the child, after `_binding.py`."""

from __future__ import annotations

from ansible_collections.postmaster.tls.plugins.module_utils._openssl._binding import Library

BOUNDS = (123, 124)  # SSL_CTRL_SET_MIN_PROTO_VERSION, SSL_CTRL_SET_MAX_PROTO_VERSION
ERROR_SSL = 1
MOST_TURNS = 8
EVERYTHING = b"ALL:COMPLEMENTOFALL:@SECLEVEL=0"
ALL_TLS13 = (
    b"TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256:"
    b"TLS_AES_128_CCM_SHA256:TLS_AES_128_CCM_8_SHA256"
)


def rehearse(library: Library, context: int, protocol: int) -> str:
    """The error with which a server ends a handshake of this version that a client of the same library begins; empty if
    it does not. Some certificates are only refused when they are about to be sent.
    """
    client = library.new_context("TLS_client_method")
    for bound in BOUNDS:
        library.SSL_CTX_ctrl(client, bound, protocol, None)
    library.SSL_CTX_set_cipher_list(client, EVERYTHING)
    library.SSL_CTX_set_ciphersuites(client, ALL_TLS13)
    library.ERR_clear_error()
    ends = [library.SSL_new(client), library.SSL_new(context)]
    pipes = [library.BIO_new(library.BIO_s_mem()) for _side in ends]
    for pipe in pipes:
        library.BIO_up_ref(pipe)
    library.SSL_set_bio(ends[0], *pipes)
    library.SSL_set_bio(ends[1], *reversed(pipes))
    library.SSL_set_connect_state(ends[0])
    library.SSL_set_accept_state(ends[1])
    trouble = ""
    for _turn in range(MOST_TURNS):
        library.SSL_do_handshake(ends[0])
        library.ERR_clear_error()
        done = library.SSL_do_handshake(ends[1])
        failed = done <= 0 and library.SSL_get_error(ends[1], done) == ERROR_SSL
        if done > 0 or failed:
            trouble = library.error() if failed else ""
            break
    for end in ends:
        library.SSL_free(end)
    library.SSL_CTX_free(client)
    library.ERR_clear_error()
    return trouble


__all__ = ["ALL_TLS13", "rehearse"]
