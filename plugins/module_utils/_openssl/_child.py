# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""A TLS server without a network: answers questions about one libssl over a pair of pipes.

This source runs with `_binding.py` in a fresh isolated interpreter (`_server.py` starts it), so that a crash or a
strange library harms nothing. Questions and answers are marshal data behind a length of four bytes. The constants
are those of OpenSSL 1.1.1 to 3.x: include/openssl/ssl.h and bio.h.
"""

from __future__ import annotations

import marshal
import sys

from ansible_collections.postmaster.tls.plugins.module_utils._openssl._binding import (
    OP_NO,
    Binding,
    Refused,
    Reply,
    raw,
)
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._peeking import (
    choices,
    chosen,
    flight,
    talk,
    watch,
)
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._pem import (
    pem_blocks,
    read_pem,
)
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._reading import (
    read_bytes,
    refuse_pipe,
)
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._rehearsal import (
    ALL_TLS13,
    rehearse,
    served,
)
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._steps import (
    PRIMES,
    SET_TMP_DH,
    take_steps,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    import typing as t

MIN_PROTO, MAX_PROTO, GROUPS_LIST, DH_AUTO = 123, 124, 92, 118
SET_CURRENT_CERT, FIRST, NEXT = 117, 1, 2
BOUNDS = (130, 131)  # SSL_CTRL_GET_MIN_PROTO_VERSION, SSL_CTRL_GET_MAX_PROTO_VERSION
FILETYPE_PEM = 1
KEY_TYPES = {6: "RSA", 912: "RSA-PSS", 116: "DSS", 408: "ECDSA", 1087: "Ed25519", 1088: "Ed448"}
OP_BUG_WORKAROUNDS = {1: 0x80000854, 3: 0x80000850}
VERSION, DIRECTORY = 0, 4
DH_HEADERS = {
    1: (b"-----BEGIN DH PARAMETERS-----", b"-----BEGIN X9.42 DH PARAMETERS-----"),
    3: (b"-----BEGIN DH PARAMETERS-----",),
}
OP_IGNORE_UNEXPECTED_EOF = 1 << 7


def set_options(library: Binding, context: int, ask: Reply) -> None:
    options = OP_BUG_WORKAROUNDS[1 if library.major() < 3 else 3] | ask["options"]
    if library.major() >= 3:
        options |= OP_IGNORE_UNEXPECTED_EOF
    for protocol in ask["excluded"]:
        options |= OP_NO.get(protocol, 0)
    library.SSL_CTX_set_options(context, options)
    if ask["reset_minimum"]:
        library.SSL_CTX_ctrl(context, MIN_PROTO, 0, None)
    if ask["reset_maximum"]:
        library.SSL_CTX_ctrl(context, MAX_PROTO, 0, None)


def known_groups(library: Binding, names: list[str]) -> bytes:
    """The names that this library takes one by one, without repetition: what tls_dh.c of Postfix does."""
    trial = library.new_context()
    kept: list[str] = []
    for name in names:
        taken = library.SSL_CTX_ctrl(trial, GROUPS_LIST, 0, raw(name)) > 0
        if taken and name.lower() not in (one.lower() for one in kept):
            kept.append(name)
    library.SSL_CTX_free(trial)
    library.ERR_clear_error()
    return raw(":".join(kept))


def set_groups(library: Binding, context: int, candidates: list[list[str]]) -> None:
    for names in candidates:
        groups = known_groups(library, names)
        if groups:
            library.SSL_CTX_ctrl(context, GROUPS_LIST, 0, groups)
            break
    library.ERR_clear_error()


def load_pair(library: Binding, context: int, certificate: str, key: str) -> None:
    if certificate == key:
        load_chain(library, context, [certificate], mixed=True)
        return
    for path in (certificate, key):
        refuse_pipe(path)
    if library.SSL_CTX_use_certificate_chain_file(context, raw(certificate)) <= 0:
        raise Refused("certificate", certificate, library.error())
    if library.SSL_CTX_use_PrivateKey_file(context, raw(key), FILETYPE_PEM) <= 0:
        stage = "mismatch" if is_key(library, key) else "key"
        raise Refused(stage, key, library.error())
    if not library.SSL_CTX_check_private_key(context):
        raise Refused("mismatch", key, library.error())


def is_key(library: Binding, path: str) -> bool:
    return any(
        b"PRIVATE KEY" in block and bool(read_pem(library, "PEM_read_bio_PrivateKey", block))
        for block in pem_blocks(read_bytes(path))
    )


def chain_groups(
    path_blocks: list[tuple[str, bytes]], *, mixed: bool
) -> list[tuple[str, bytes, list[bytes]]]:
    """(file of the key, key, certificates) as tls_certkey.c of Postfix groups PEM objects over several files."""
    groups: list[tuple[str, bytes, list[bytes]]] = []
    loose: list[bytes] = []
    for path, block in path_blocks:
        header = block.split(b"\n", 1)[0]
        if b"PRIVATE KEY" in header and not (mixed and groups):
            groups.append((path, block, loose if mixed else []))
        elif b"CERTIFICATE-----" in header and b"REQUEST" not in header:
            if groups:
                groups[-1][2].append(block)
            elif mixed:
                loose.append(block)
            else:
                raise Refused("certificate", path, "the key must come before its certificate")
    return groups


def load_chain(library: Binding, context: int, paths: list[str], *, mixed: bool = False) -> None:
    """Load what smtpd_tls_chain_files names, or one file with a certificate and its key in any order."""
    blocks: list[tuple[str, bytes]] = []
    for path in paths:
        blocks += [(path, block) for block in pem_blocks(read_bytes(path))]
    groups = chain_groups(blocks, mixed=mixed)
    if not groups:
        raise Refused("key", " ".join(paths), "no private key found")
    for path, key_block, certificate_blocks in groups:
        key = read_pem(library, "PEM_read_bio_PrivateKey", key_block)
        if not key:
            raise Refused("key", path, library.error())
        certificates = [
            read_pem(library, "PEM_read_bio_X509", block) for block in certificate_blocks
        ]
        if not certificates or not all(certificates):
            raise Refused("certificate", path, library.error() or "no certificate follows the key")
        stack = library.OPENSSL_sk_new_null()
        for certificate in certificates[1:]:
            library.OPENSSL_sk_push(stack, certificate)
        if library.SSL_CTX_use_cert_and_key(context, certificates[0], key, stack, 0) <= 0:
            raise Refused("mismatch", path, library.error())


def parameters_of(path: str, headers: tuple[bytes, ...]) -> bytes:
    """The first block with such a header; empty if there is none, or the file cannot be read."""
    try:
        blocks = pem_blocks(read_bytes(path))
    except OSError:
        return b""
    return next((block for block in blocks if block.startswith(headers)), b"")


def set_dh(library: Binding, context: int, wanted: str) -> None:
    """A file, C(built-in), or C(auto); a file that cannot be used is passed over, as in tls_dh.c of Postfix."""
    kind, _colon, path = wanted.partition(":")
    pem = PRIMES["2048"] if kind == "built-in" else b""
    if path:
        pem = parameters_of(path, DH_HEADERS[1 if library.major() < 3 else 3]) or pem
    taken = False
    if pem and library.major() >= 3:
        parameters = read_pem(library, "PEM_read_bio_Parameters", pem)
        taken = bool(parameters) and library.SSL_CTX_set0_tmp_dh_pkey(context, parameters) > 0
    elif pem:
        parameters = read_pem(library, "PEM_read_bio_DHparams", pem)
        taken = bool(parameters) and library.SSL_CTX_ctrl(context, SET_TMP_DH, 0, parameters) > 0
    if not taken:
        library.SSL_CTX_ctrl(context, DH_AUTO, 1, None)
    library.ERR_clear_error()


def key_types(library: Binding, context: int) -> list[str]:
    """The types of the keys that are loaded, by OpenSSL's object numbers (obj_mac.h)."""
    found = []
    position = FIRST
    while library.SSL_CTX_ctrl(context, SET_CURRENT_CERT, position, None) == 1:
        position = NEXT
        key = library.SSL_CTX_get0_privatekey(context)
        if key:
            found.append(KEY_TYPES.get(library.key_id(key), "other"))
    return found


def open_context(library: Binding, ask: Reply) -> Reply:
    """Make a context by the steps that are asked for, or as Postfix makes it; the reply has its number, its list of
    suites, the types of its keys, what was refused and passed over, and the bounds that are in force.
    """
    ignored: list[Reply] = []
    context = take_steps(library, ask, ignored) if ask["steps"] else postfix_context(library, ask)
    watch(library, context)
    library.contexts.append(context)
    return {
        "ok": True,
        "context": len(library.contexts) - 1,
        "ciphers": library.ciphers(context),
        "keys": key_types(library, context),
        "ignored": ignored,
        "level": library.SSL_CTX_get_security_level(context),
        "options": library.SSL_CTX_get_options(context),
        "bounds": [library.SSL_CTX_ctrl(context, bound, 0, None) for bound in BOUNDS],
    }


def postfix_context(library: Binding, ask: Reply) -> int:
    """A context as Postfix makes it."""
    method = "TLS_server_method" if ask["role"] == "server" else "TLS_client_method"
    context = library.new_context(method)
    set_options(library, context, ask)
    if any(ask["trust"]):
        refuse_pipe(ask["trust"][0])
        file, path = (raw(one) or None for one in ask["trust"])
        if not library.SSL_CTX_load_verify_locations(context, file, path):
            raise Refused("trust", " ".join(filter(None, ask["trust"])), library.error())
    for kind, *files in ask["certificates"]:
        if kind == "pair":
            load_pair(library, context, *files)
        else:
            load_chain(library, context, files)
    set_dh(library, context, ask["dh"])
    set_groups(library, context, ask["groups"])
    if library.SSL_CTX_set_cipher_list(context, raw(ask["ciphers"])) <= 0:
        raise Refused("ciphers", ask["ciphers"], library.error())
    if ask["suites"]:
        library.SSL_CTX_set_ciphersuites(context, raw(ask["suites"]))
    if ask["level"]:
        library.SSL_CTX_set_security_level(context, ask["level"])
    return context


def match(library: Binding, text: str) -> Reply:
    """The suites that a cipher string stands for in this library, in its order, at security level 0."""
    context = library.new_context()
    library.SSL_CTX_set_ciphersuites(context, ALL_TLS13 if text == "ALL:COMPLEMENTOFALL" else b"")
    try:
        if library.SSL_CTX_set_cipher_list(context, raw(text)) <= 0:
            raise Refused("ciphers", text, library.error())
        library.SSL_CTX_set_security_level(context, 0)
        return {"ok": True, "ciphers": library.ciphers(context)}
    finally:
        library.SSL_CTX_free(context)


def load_files(library: Binding, ask: Reply) -> Reply:
    """Whether a pair of files, or a list of chain files, can be loaded and belongs together."""
    context = library.new_context()
    try:
        if ask["kind"] == "pair":
            load_pair(library, context, *ask["files"])
        else:
            load_chain(library, context, ask["files"])
        return {"ok": True}
    finally:
        library.SSL_CTX_free(context)


def perform(library: Binding, ask: Reply) -> Reply:
    what = ask["do"]
    if what == "open":
        return open_context(library, ask)
    if what == "match":
        return match(library, ask["ciphers"])
    if what == "load":
        return load_files(library, ask)
    context = library.contexts[ask["context"]]
    if what == "choices":
        asked = [choices(library, context, *one) for one in ask["wanted"]]
        return {"ok": True, "found": asked}
    if what == "rehearse":
        return {"ok": True, "found": [rehearse(library, context, *one) for one in ask["wanted"]]}
    if what == "served":
        return {"ok": True, "found": [served(library, context, one) for one in ask["wanted"]]}
    if what == "chosen":
        return {"ok": True, "found": [chosen(library, context, *one) for one in ask["wanted"]]}
    if what == "talk":
        return {"ok": True, "found": talk(library, context, ask["hello"], dict(ask["wanted"]))}
    state = "SSL_set_accept_state" if what == "answer" else "SSL_set_connect_state"
    return {"ok": True, "sent": flight(library, context, state, ask["received"])}


def receive(stream: t.BinaryIO) -> Reply | None:
    length = stream.read(4)
    if len(length) < 4:
        return None
    question: Reply = marshal.loads(stream.read(int.from_bytes(length, "big")))
    return question


def send(stream: t.BinaryIO, reply: Reply) -> None:
    data = marshal.dumps(reply)
    stream.write(len(data).to_bytes(4, "big") + data)
    stream.flush()


def greet(ask: Reply) -> tuple[Binding, Reply]:
    library = Binding(ask["libcrypto"], ask["libssl"])
    number = library.OpenSSL_version_num()
    library.configure(ask["config_file"], ask["config_name"])
    texts = {
        name: library.OpenSSL_version(kind).decode("utf-8", "replace")
        for name, kind in (("version", VERSION), ("directory", DIRECTORY))
    }
    return library, {"ok": True, "number": number, **texts}


def attempt(question: t.Callable[[], Reply], subject: str) -> Reply:
    try:
        return question()
    except Refused as refused:
        return refused.reply
    except OSError as error:
        name = error.filename if isinstance(error.filename, str) else subject
        return {
            "ok": False,
            "stage": "unreadable",
            "subject": name,
            "error": error.strerror or str(error),
        }
    except (AttributeError, ValueError, MemoryError) as error:
        return {"ok": False, "stage": "unsupported", "subject": subject, "error": str(error)}


def answered(library: Binding, ask: Reply) -> Reply:
    return attempt(lambda: perform(library, ask), "")


def main() -> None:
    incoming, outgoing = sys.stdin.buffer, sys.stdout.buffer
    started: list[Binding] = []

    def start(first: Reply) -> Reply:
        library, reply = greet(first)
        started.append(library)
        return reply

    first = receive(incoming)
    if first is None:
        return
    send(outgoing, attempt(lambda: start(first), first["libssl"]))
    while started:
        ask = receive(incoming)
        if ask is None:
            return
        send(outgoing, answered(started[0], ask))


__all__ = ["main"]
