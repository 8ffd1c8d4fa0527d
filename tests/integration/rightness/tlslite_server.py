# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SMTP servers with STARTTLS by tlslite-ng; usage: tlslite_server.py KEYS ADDRESS:PORT:LOWEST:HIGHEST..."""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
import typing as t
from pathlib import Path

from tlslite.api import (  # type: ignore[import-not-found]
    HandshakeSettings,
    TLSConnection,
    X509CertChain,
    parsePEMKey,
)


def settings(lowest: str, highest: str) -> t.Any:
    """Everything that the library knows."""
    chosen = HandshakeSettings()
    chosen.minVersion = tuple(int(part) for part in lowest.split("."))
    chosen.maxVersion = tuple(int(part) for part in highest.split("."))
    chosen.cipherNames = [
        *("chacha20-poly1305", "aes256gcm", "aes128gcm", "aes256ccm", "aes128ccm", "aes256ccm_8"),
        *("aes128ccm_8", "aes256", "aes128", "3des", "rc4", "null"),
    ]
    chosen.macNames = ["sha", "sha256", "sha384", "md5", "aead"]
    chosen.keyExchangeNames = ["rsa", "dhe_rsa", "ecdhe_rsa", "dh_anon", "ecdh_anon"]
    chosen.minKeySize = 512
    return chosen


def read_line(connection: socket.socket) -> bytes:
    """One command."""
    line = b""
    while not line.endswith(b"\n"):
        data = connection.recv(1)
        if not data:
            raise EOFError
        line += data
    return line


def serve(connection: socket.socket, chain: t.Any, key: t.Any, chosen: t.Any) -> None:
    """One client."""
    with connection, contextlib.suppress(Exception):
        connection.settimeout(10)
        connection.sendall(b"220 mail.park.example ESMTP\r\n")
        read_line(connection)
        connection.sendall(b"250-mail.park.example\r\n250 STARTTLS\r\n")
        read_line(connection)
        connection.sendall(b"220 go on\r\n")
        TLSConnection(connection).handshakeServer(
            certChain=chain, privateKey=key, settings=chosen, anon=False
        )


def listen(address: str, port: int, chain: t.Any, key: t.Any, chosen: t.Any) -> None:
    """Accept for ever."""
    with socket.create_server((address, port), backlog=32) as listening:
        while True:
            connection, _peer = listening.accept()
            arguments = (connection, chain, key, chosen)
            threading.Thread(target=serve, args=arguments, daemon=True).start()


def main() -> None:
    """One thread for each address."""
    keys = Path(sys.argv[1])
    chain = X509CertChain()
    chain.parsePemList((keys / "rsa.crt").read_text())
    key = parsePEMKey((keys / "rsa.key").read_text(), private=True)
    threads = []
    for word in sys.argv[2:]:
        address, port, lowest, highest = word.split(":")
        arguments = (address, int(port), chain, key, settings(lowest, highest))
        threads.append(threading.Thread(target=listen, args=arguments))
        threads[-1].start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()
