# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import subprocess
import sys

from ansible_collections.postmaster.tls.plugins.module_utils._openssl import _peeking
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._linked import Linked
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._server import (
    Context,
    Library,
    Settings,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls import _suites
from ansible_collections.postmaster.tls.plugins.module_utils._tls._client_hello import ClientHello
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol
from ansible_collections.postmaster.tls.tests.support.pems import Pair

TLS1_2 = int(Protocol.TLSv1_2)
ADH, AECDH, RSA = 0x00A6, 0xC018, 0x009C
HELLO_SENT, KEY_SENT, DONE = 2, 12, 14  # RFC 5246 section 7.4
STATUS_REQUEST = ((5, b"\x01\0\0\0\0"),)
BY_ITSELF = f"""\
import sys
from {_peeking.__name__} import Peek, answer, watch
from {_peeking.__name__.replace("_peeking", "_binding")} import Binding
library = Binding(*sys.argv[1:3])
context = library.new_context()
library.SSL_CTX_set_cipher_list(context, b"aNULL:@SECLEVEL=0")
library.SSL_CTX_ctrl(context, 118, 1, None)  # SSL_CTRL_SET_DH_AUTO
watch(library, context)
for Peek.wanted in (False, True):
    print(answer(library, context, bytes.fromhex(sys.argv[3])).hex(), Peek.suite)
"""


def hello(*suites: int) -> bytes:
    offered = ClientHello((Protocol.TLSv1_2,), suites, (0x1D, 0x17), extra=STATUS_REQUEST)
    return offered.encode()


def suite_of(flight: bytes) -> int:
    at = _peeking.SESSION_AT + 1 + flight[_peeking.SESSION_AT]
    return int.from_bytes(flight[at : at + 2], "big")


def messages(flight: bytes) -> list[int]:
    """The types of the handshake messages of a flight that has one message in each record."""
    found, at = [], 0
    while at + 5 < len(flight):
        if flight[at] == _peeking.HANDSHAKE:
            found.append(flight[at + 5])
        at += 5 + int.from_bytes(flight[at + 3 : at + 5], "big")
    return found


def test_no_key_is_made_for_a_suite_without_certificate_that_is_only_looked_at(
    linked: Linked,
) -> None:
    argv = [sys.executable, "-c", BY_ITSELF, linked.libcrypto, linked.libssl, hello(ADH).hex()]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    shown = subprocess.run(argv, env=env, check=True, capture_output=True, text=True).stdout.split()
    assert messages(bytes.fromhex(shown[0]))[:2] == [HELLO_SENT, KEY_SENT]
    assert KEY_SENT not in messages(bytes.fromhex(shown[2]))
    assert [int(shown[1]), int(shown[3])] == [0, ADH]


def test_what_is_looked_at_is_what_is_served(library: Library, rsa: Pair) -> None:
    """Suites with and without a certificate, each asked for first."""
    context = library.open(Settings("ALL:@SECLEVEL=0", certificates=(rsa.settings(),)))
    assert isinstance(context, Context)
    known = [one.code for one in context.ciphers if _suites.by_code(one.code)]
    asked = [hello(code, *(other for other in known if other != code)) for code in known]
    served = [library.answer(context, one) for one in asked]
    chosen = library.chosen(context, [(TLS1_2, one) for one in asked])
    assert chosen == [suite_of(one) if HELLO_SENT in messages(one) else 0 for one in served]
    assert {ADH, AECDH, RSA} <= set(chosen)


def test_a_context_that_was_looked_at_serves_as_before(library: Library) -> None:
    context = library.open(Settings("ADH:@SECLEVEL=0"))
    assert isinstance(context, Context)
    before = messages(library.answer(context, hello(ADH)))
    assert library.chosen(context, [(TLS1_2, hello(ADH))] * 2) == [ADH, ADH]
    assert messages(library.answer(context, hello(ADH))) == before
    assert before == [HELLO_SENT, KEY_SENT, DONE]
