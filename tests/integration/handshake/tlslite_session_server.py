# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A TLS server by tlslite-ng with a session cache, for clients that speak at once; prints its port.

usage: tlslite_session_server.py CERTIFICATE KEY
"""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
import typing as t
from pathlib import Path

from tlslite.api import (  # type: ignore[import-not-found]
    HandshakeSettings,
    SessionCache,
    TLSConnection,
    X509CertChain,
    parsePEMKey,
)


def settings() -> t.Any:
    """Every version and cipher that the library knows."""
    chosen = HandshakeSettings()
    chosen.minVersion, chosen.maxVersion = (3, 0), (3, 4)
    chosen.cipherNames = [
        *("chacha20-poly1305", "aes256gcm", "aes128gcm", "aes256ccm", "aes128ccm", "aes256ccm_8"),
        *("aes128ccm_8", "aes256", "aes128", "3des", "rc4", "null"),
    ]
    chosen.macNames = ["sha", "sha256", "sha384", "md5", "aead"]
    return chosen


def serve(connection: socket.socket, options: dict[str, t.Any]) -> None:
    """One client."""
    with connection, contextlib.suppress(Exception):
        connection.settimeout(10)
        tls = TLSConnection(connection)
        tls.handshakeServer(**options)
        tls.read(max=1)
        tls.close()


def main() -> None:
    """Accept for ever."""
    chain = X509CertChain()
    chain.parsePemList(Path(sys.argv[1]).read_text())
    key = parsePEMKey(Path(sys.argv[2]).read_text(), private=True)
    options = {
        "certChain": chain,
        "privateKey": key,
        "settings": settings(),
        "sessionCache": SessionCache(),
    }
    with socket.create_server(("127.0.0.1", 0), backlog=32) as listening:
        print(listening.getsockname()[1], flush=True)
        while True:
            connection, _peer = listening.accept()
            threading.Thread(target=serve, args=(connection, options), daemon=True).start()


if __name__ == "__main__":
    main()
