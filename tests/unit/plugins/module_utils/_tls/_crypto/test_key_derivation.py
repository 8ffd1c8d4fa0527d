# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Key derivation: RFC 8448 for TLS 1.3, the published vectors and `openssl kdf` for the older versions."""

from __future__ import annotations

import subprocess

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._tls._crypto import _prf
from ansible_collections.postmaster.tls.plugins.module_utils._tls._crypto._key_schedule import (
    KeySchedule,
)
from ansible_collections.postmaster.tls.tests.support.rfc8448 import TRACE, messages

FLIGHT = messages(TRACE["server_flight"])
HELLOS = TRACE["client_hello"] + TRACE["server_hello"]


def test_the_key_schedule_of_rfc_8448() -> None:
    schedule = KeySchedule("sha256")
    schedule.handshake(TRACE["shared_secret"], HELLOS)
    assert schedule.client == TRACE["client_handshake_secret"]
    assert schedule.server == TRACE["server_handshake_secret"]
    key, iv = schedule.keys(schedule.server, 16)
    assert (key, iv) == (TRACE["server_handshake_key"], TRACE["server_handshake_iv"])
    before = HELLOS + b"".join(FLIGHT[:-1])
    assert schedule.finished(schedule.server, before) == FLIGHT[-1][4:]
    schedule.application(HELLOS + TRACE["server_flight"])
    assert schedule.client == TRACE["client_application_secret"]
    assert schedule.server == TRACE["server_application_secret"]
    key, iv = schedule.keys(schedule.client, 16)
    assert (key, iv) == (TRACE["client_application_key"], TRACE["client_application_iv"])


def test_the_binder_of_rfc_8448() -> None:
    """Section 4: PSK, hash of the truncated ClientHello and binder; a schedule is asked with the hash as it stands there."""
    psk = TRACE["resumption_secret"]
    digest = bytes.fromhex("63224b2e4573f2d3454ca84b9d009a04f6be9e05711a8396473aefa01e924a14")
    expected = "3add4fb2d8fdf822a0ca3cf7678ef5e88dae990141c5924d57bb6fa31b9e5f9d"

    class Hashed(KeySchedule):
        def hashed(self, transcript: bytes) -> bytes:
            return super().hashed(transcript) if transcript != digest else digest

    assert Hashed("sha256", psk).binder(digest).hex() == expected


PRF_SECRET = bytes.fromhex("9bbe436ba940f017b17652849a71db35")
PRF_SEED = bytes.fromhex("a0ba9f936cda311827a6f796ffd5198c")


def test_the_prf_of_tls_1_2() -> None:
    """The vector that was published on the TLS working group's list for P_SHA256."""
    expected = (
        "e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a6b301791e90d35c9c9a46b4e"
        "14baf9af0fa022f7077def17abfd3797c0564bab4fbc91666e9def9b97fce34f796789baa48082d122ee42c5"
        "a72e5a5110fff70187347b66"
    )
    assert _prf.prf(PRF_SECRET, b"test label", PRF_SEED, 100, "sha256").hex() == expected


@pytest.mark.parametrize(
    ("name", "digest"), [("md5-sha1", "MD5-SHA1"), ("sha256", "SHA256"), ("sha384", "SHA384")]
)
@pytest.mark.parametrize("secret", [PRF_SECRET, PRF_SECRET[:7]], ids=["even", "odd"])
def test_the_prf_is_what_openssl_computes(name: str, digest: str, secret: bytes) -> None:
    options = (f"digest:{digest}", f"hexsecret:{secret.hex()}", f"hexseed:{PRF_SEED.hex()}")
    command = ["openssl", "kdf", "-keylen", "104"]
    for option in options:
        command += ["-kdfopt", option]
    output = subprocess.run([*command, "TLS1-PRF"], capture_output=True, text=True, check=True)
    expected = bytes.fromhex(output.stdout.replace(":", ""))
    assert _prf.prf(secret, b"", PRF_SEED, 104, name) == expected
