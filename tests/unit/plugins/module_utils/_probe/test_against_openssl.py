# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The probe against the openssl command as a server: what it configures is what the probe must see."""

from __future__ import annotations

import contextlib
import socket
import ssl
import subprocess
import sys
import threading
import typing as t
from pathlib import Path

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._probe._engine import probe
from ansible_collections.postmaster.tls.plugins.module_utils._probe._report import report
from ansible_collections.postmaster.tls.plugins.module_utils._probe._target import Target
from ansible_collections.postmaster.tls.plugins.module_utils._tls._survey import CHECKS
from ansible_collections.postmaster.tls.tests.support.mail_servers import (
    Keys,
    make_keys,
    openssl_server,
    relayed,
    scripted,
)

Data = dict[str, t.Any]
VERSIONS = {"TLSv1": "-tls1", "TLSv1.1": "-tls1_1", "TLSv1.2": "-tls1_2", "TLSv1.3": "-tls1_3"}


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    return make_keys(tmp_path_factory.mktemp("keys"))


def rsa(keys: Keys) -> tuple[str, ...]:
    return ("-cert", str(keys.rsa), "-key", str(keys.rsa_key))


def both(keys: Keys) -> tuple[str, ...]:
    return (*rsa(keys), "-dcert", str(keys.ecdsa), "-dkey", str(keys.ecdsa_key))


def probed(port: int, **options: t.Any) -> Data:
    return report(probe(Target("127.0.0.1", port, timeout=60.0, ehlo_name="probe.test", **options)))


def over_starttls(backend: int, **options: t.Any) -> Data:
    with scripted(relayed(backend)) as front:
        return probed(front.port, **options)


def names(result: Data, version: str) -> list[str]:
    return [suite["name"] for suite in result["ciphers"][version]]


def configured(ciphers: str, version: str) -> list[str]:
    """The suites that this openssl can use in a version, in its order, by its own word."""
    command = ["openssl", "ciphers", "-s", VERSIONS[version], f"{ciphers}:@SECLEVEL=0"]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return output.strip().split(":")


ONE_BY_ONE = ("kRSA", "kDHE+aRSA", "ECDHE+AESGCM", "aNULL+AES", "ECDHE+CHACHA20:AES128-SHA")


@pytest.mark.parametrize("ciphers", ONE_BY_ONE)
@pytest.mark.parametrize("preference", ["-serverpref", None])
def test_suites_of_tls12_are_those_configured(
    keys: Keys, ciphers: str, preference: str | None
) -> None:
    options = [
        "-cipher",
        f"{ciphers}:@SECLEVEL=0",
        "-tls1_2",
        *([preference] if preference else []),
    ]
    with openssl_server(*both(keys), *options) as port:
        result = probed(port, implicit=True)
    expected = configured(ciphers, "TLSv1.2")
    assert sorted(names(result, "TLSv1.2")) == sorted(expected)
    assert result["preference"]["TLSv1.2"] == ("server" if preference else "client")
    if preference:
        assert names(result, "TLSv1.2") == expected
    accepted = {item["name"]: item["accepted"] for item in result["protocols"]}
    assert accepted["TLSv1.3"] is accepted["TLSv1.1"] is accepted["TLSv1"] is False
    assert result["connections"] <= len(expected) + 30


@pytest.mark.parametrize("version", VERSIONS)
def test_each_version_alone(keys: Keys, version: str) -> None:
    options = ("-cipher", "ALL:@SECLEVEL=0", VERSIONS[version])
    with openssl_server(*rsa(keys), *options) as port:
        result = over_starttls(port, checks=("protocols",))
    accepted = [item["name"] for item in result["protocols"] if item["accepted"]]
    refused = [item["name"] for item in result["protocols"] if item["accepted"] is False]
    assert accepted == [version]
    assert len(refused) == 5


def test_old_versions_that_the_security_level_forbids_are_refused(keys: Keys) -> None:
    """OpenSSL 3 at level 2 answers internal_error instead of protocol_version."""
    with openssl_server(*rsa(keys), "-cipher", "DEFAULT:@SECLEVEL=2") as port:
        result = over_starttls(port)
    accepted = {item["name"]: item["accepted"] for item in result["protocols"]}
    assert accepted["TLSv1.2"] is accepted["TLSv1.3"] is True
    assert accepted["TLSv1"] is accepted["TLSv1.1"] is False
    assert not result["undetermined"]
    assert result["connections"] <= sum(map(len, result["ciphers"].values())) + 30


def test_both_chains_come_from_the_clear_flight(keys: Keys) -> None:
    with openssl_server(*both(keys)) as port:
        full = over_starttls(port)
        quick = over_starttls(port, checks=("certificates",))
    leaves = {ssl.PEM_cert_to_DER_cert(path.read_text()) for path in (keys.rsa, keys.ecdsa)}
    for result in (full, quick):
        assert {ssl.PEM_cert_to_DER_cert(chain[0]) for chain in result["_chains"]} == leaves
    clear = ["handshake", "RSA", "ECDSA", "DSA", "EdDSA", "RSA-PSS"]
    assert quick["connections"] == len([*clear, "others in TLS 1.3"])


def test_tls13_alone_shows_its_whole_chain(keys: Keys) -> None:
    extra = ("-cert_chain", str(keys.ecdsa), "-tls1_3")
    with openssl_server(*rsa(keys), *extra) as port:
        result = over_starttls(port, checks=("certificates",))
    [chain] = result["_chains"]
    expected = [ssl.PEM_cert_to_DER_cert(path.read_text()) for path in (keys.rsa, keys.ecdsa)]
    assert [ssl.PEM_cert_to_DER_cert(pem) for pem in chain] == expected


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
@pytest.mark.parametrize("groups", ["P-256", "P-384:X25519", "X448:P-521:X25519"])
def test_groups_are_those_configured(keys: Keys, version: str, groups: str) -> None:
    registry = {"P-256": "secp256r1", "P-384": "secp384r1", "P-521": "secp521r1"}
    with openssl_server(*rsa(keys), "-groups", groups, version) as port:
        result = over_starttls(port, checks=("groups",))
    accepted = {item["name"] for item in result["groups"] if item["accepted"]}
    assert accepted == {registry.get(name, name.lower()) for name in groups.split(":")}
    assert not [item["name"] for item in result["groups"] if item["accepted"] is None]


def test_the_server_name_chooses_the_certificate(keys: Keys) -> None:
    other = ("-cert2", str(keys.ecdsa), "-key2", str(keys.ecdsa_key))
    with openssl_server(*rsa(keys), *other, "-servername", "other.example.test") as port:
        default = over_starttls(port, checks=("certificates",))
        named = over_starttls(port, checks=("certificates",), sni="other.example.test")
    leaf = ssl.PEM_cert_to_DER_cert(keys.ecdsa.read_text())
    assert [ssl.PEM_cert_to_DER_cert(chain[0]) for chain in named["_chains"]] == [leaf]
    assert [ssl.PEM_cert_to_DER_cert(chain[0]) for chain in default["_chains"]] != [leaf]
    assert (default["sni"], named["sni"]) == (None, "other.example.test")


@pytest.mark.parametrize("versions", [(), ("-tls1_2",), ("-tls1_3",)])
@pytest.mark.parametrize("checks", [CHECKS, ("certificates",)])
def test_what_a_client_without_a_name_gets_is_told_where_it_differs(
    tmp_path: Path, keys: Keys, versions: tuple[str, ...], checks: tuple[str, ...]
) -> None:
    named = make_keys(tmp_path, "other.example.test")
    other = ("-cert2", str(named.rsa), "-key2", str(named.rsa_key))
    with openssl_server(*rsa(keys), *other, "-servername", "other.example.test", *versions) as port:
        differs = over_starttls(port, checks=checks, sni="other.example.test")
        same = over_starttls(port, checks=checks, sni="third.example.test")
        unnamed = over_starttls(port, checks=checks)
    default, special = (ssl.PEM_cert_to_DER_cert(one.rsa.read_text()) for one in (keys, named))
    found = [
        [ssl.PEM_cert_to_DER_cert(chain[0]) for chain in one["_nameless_chains"]]
        for one in (differs, same, unnamed)
    ]
    assert found == [[default], [], []]
    assert [ssl.PEM_cert_to_DER_cert(chain[0]) for chain in differs["_chains"]] == [special]
    assert same["connections"] == unnamed["connections"] + 1
    assert differs["connections"] <= sum(map(len, differs["ciphers"].values())) + 30


def test_the_handshake_is_what_a_modern_client_gets(keys: Keys) -> None:
    with openssl_server(*rsa(keys), "-tls1_2", "-cipher", "AES128-GCM-SHA256") as port:
        handshake = over_starttls(port, checks=("handshake",))["handshake"]
    assert handshake == {
        "accepted": True,
        "protocol": "TLSv1.2",
        "cipher": {
            "name": "AES128-GCM-SHA256",
            "iana": "TLS_RSA_WITH_AES_128_GCM_SHA256",
            "code": "0x009C",
        },
        "group": None,
        "reason": None,
    }


def test_no_shared_cipher_is_what_a_modern_client_gets(keys: Keys) -> None:
    options = ("-tls1_2", "-cipher", "aNULL:@SECLEVEL=0")
    with openssl_server(*rsa(keys), *options) as port:
        result = over_starttls(port, checks=("handshake", "protocols"))
    assert result["handshake"]["accepted"] is False
    assert result["handshake"]["reason"] == "alert handshake_failure"
    accepted = {item["name"]: item["accepted"] for item in result["protocols"]}
    assert accepted["TLSv1.2"] is True


def test_the_engine_loads_no_tls_library_and_no_event_loop() -> None:
    """Start-up is most of the cost of a short scan."""
    code = (
        "import sys\n"
        "from ansible_collections.postmaster.tls.plugins.module_utils._probe import _report\n"
        "heavy = {'ssl', 'asyncio', 'json', 'concurrent.futures', 'cryptography', 'threading'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    tree = str(Path(sys.modules["ansible_collections"].__path__[0]).parent)
    done = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {tree!r})\n{code}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"


AS_POSTFIX: t.Final[Data] = {"checks": ("senders",), "senders": ("postfix-3.10",)}


@contextlib.contextmanager
def served_with(context: ssl.SSLContext) -> t.Iterator[int]:
    """The port of a server with this context, until the end."""

    def answer(connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            context.wrap_socket(connection, server_side=True).close()

    def serve(listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                answer(listener.accept()[0])

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


@pytest.mark.parametrize(("level", "accepted"), [(1, True), (3, False)])
def test_tls13_that_the_server_always_breaks_off_is_not_accepted(
    keys: Keys, level: int, accepted: bool
) -> None:
    """A key that is too small for the level is found only behind the ServerHello: openssl s_client gets an alert, too."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.load_cert_chain(keys.rsa, keys.rsa_key)
    context.set_ciphers(f"ALL:@SECLEVEL={level}")
    with served_with(context) as port:
        connect = ("openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-tls1_3")
        client = subprocess.run(connect, input="", capture_output=True, text=True, check=False)
        result = probed(port, implicit=True)
        [sender] = probed(port, implicit=True, **AS_POSTFIX)["senders"]
    assert ("alert internal error" in client.stderr) is not accepted
    assert (sender["connects"], sender["protocol"]) == (accepted, "TLSv1.3")
    assert sender["reason"] == (None if accepted else "handshake-breaks-off")
    assert ("tlsv1 alert internal error" in (sender["client_log"] or "")) is not accepted
    (newest,) = (one for one in result["protocols"] if one["name"] == "TLSv1.3")
    assert newest["accepted"] is accepted
    assert bool(result["ciphers"]["TLSv1.3"]) is accepted
    assert any(one["accepted"] for one in result["groups"]) is accepted
    if not accepted:
        assert newest["reason"] == "alert internal_error after its ServerHello"
        assert result["handshake"]["reason"] == "alert internal_error"


def test_a_sender_that_gets_tls12_needs_no_whole_handshake(keys: Keys) -> None:
    with openssl_server(*rsa(keys), "-tls1_2") as port:
        result = probed(port, implicit=True, **AS_POSTFIX)
    assert (result["senders"][0]["protocol"], result["connections"]) == ("TLSv1.2", 2)
