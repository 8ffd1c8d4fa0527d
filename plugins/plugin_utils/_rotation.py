# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""What a mail server serves on a port as TLSA records, and how it is told to serve another certificate of one kind."""

from __future__ import annotations

import itertools
import typing as t
from collections.abc import Iterator, Mapping, Sequence

from ansible_collections.postmaster.tls.plugins.module_utils._errors import InvalidInput

Data = Mapping[str, t.Any]
#: Where Postfix has a certificate and its key, beside smtpd_tls_chain_files, and which kinds of key go there first.
_PAIRS: t.Final = (
    ("smtpd_tls_cert_file", "smtpd_tls_key_file", "rsa"),
    ("smtpd_tls_eccert_file", "smtpd_tls_eckey_file", "ecdsa"),
    ("smtpd_tls_dcert_file", "smtpd_tls_dkey_file", "dsa"),
)
_CHAINS: t.Final = "smtpd_tls_chain_files"
#: Where sendmail has its certificates and their keys, of which it takes two.
_OPTIONS: t.Final = ("ServerCertFile", "ServerKeyFile")
_MOST_PAIRS: t.Final = 2


def served_tlsa_records(facts: Data, port: int = 25) -> list[str]:
    """A record 3 1 1 for each key that the inbound services on a port serve by the facts of their host.

    Raises InvalidInput when no service listens there, or a certificate could not be read.
    """
    files = [file for one in _services(facts, port) for file in one["certificate_files"] or ()]
    if not files:
        raise InvalidInput(f"The facts have no service with a certificate on port {port}.")
    entries = [entry for file in dict.fromkeys(files) for entry in _entries(facts, file)]
    return sorted({f"3 1 1 {entry['spki_sha256']}" for entry in entries})


def rotation_candidate(
    facts: Data, bundle: str, key_type: str | None = None, port: int = 25, mta: str = "postfix"
) -> dict[str, t.Any]:
    """The parameters of each Postfix with a service on the port, by which a bundle takes the place of the certificate of its kind;
    for sendmail, the options.

    While the kind is not known, they are such as have the bundle described by a prediction, and are not to be applied.
    Raises InvalidInput when there is no place for it.
    """
    return (_of_sendmail if mta == "sendmail" else _of_postfix)(facts, bundle, key_type, port)


def _of_postfix(
    facts: Data, bundle: str, key_type: str | None, port: int
) -> dict[str, dict[str, t.Any]]:
    candidate: dict[str, dict[str, t.Any]] = {}
    for instance in facts.get("postfix") or ():
        for service in _on_port(instance["services"], port):
            parameters = (
                {**_parameters(facts, service["parameters"], key_type, bundle)}
                if key_type
                else {**dict.fromkeys(_PAIRS[0][:2], bundle), _CHAINS: None}
            )
            candidate[instance["config_directory"]] = {"parameters": parameters, "services": {}}
    if not candidate:
        raise InvalidInput(f"The facts have no Postfix with a service on port {port}.")
    return candidate


def _of_sendmail(
    facts: Data, bundle: str, key_type: str | None, port: int
) -> dict[str, dict[str, str]]:
    """A first certificate, and behind a comma one with a key of another kind, which all daemons share."""
    for instance in facts.get("sendmail") or ():
        for service in _on_port(instance["services"], port):
            pairs = _pairs(service["parameters"]) if key_type else []
            place = _place(facts, pairs, key_type)
            if place == _MOST_PAIRS:
                raise InvalidInput(
                    f"sendmail has two certificates, and none with a key of the kind {key_type}: "
                    "renew a certificate of a kind that is served today, or take one out of ServerCertFile and ServerKeyFile."
                )
            pairs[place : place + 1] = [(bundle, bundle)]
            values = (",".join(column) for column in zip(*pairs, strict=True))
            return {"options": dict(zip(_OPTIONS, values, strict=True))}
    raise InvalidInput(f"The facts have no sendmail with a service on port {port}.")


def _pairs(settings: Data) -> list[tuple[str, str]]:
    """The pairs of ServerCertFile and ServerKeyFile, as pairs_of in _sendmail/_request reads them."""
    files, keys = (str(settings.get(name) or "").split(",", 1) for name in _OPTIONS)
    return [pair for pair in itertools.zip_longest(files, keys, fillvalue="") if any(pair)]


def _place(facts: Data, pairs: Sequence[tuple[str, str]], key_type: str | None) -> int:
    """Which pair has a key of a kind; behind all of them if none has."""
    for place, (file, _key) in enumerate(pairs):
        if any(entry["key_type"] == key_type for entry in _entries(facts, file)):
            return place
    return len(pairs)


def _parameters(facts: Data, settings: Data, key_type: str, bundle: str) -> dict[str, str]:
    chains = _words(settings.get(_CHAINS))
    if chains:
        return {_CHAINS: ", ".join(_exchanged(facts, chains, key_type, bundle))}
    free = None
    for cert, key, kind in _PAIRS:
        file = settings.get(cert) or ""
        if file in ("", "none"):
            free = free or (cert, key) if kind == key_type else free
        elif any(entry["key_type"] == key_type for entry in _entries(facts, file)):
            return {cert: bundle, key: bundle}
    if free is None:
        raise InvalidInput(
            f"Postfix has no parameter that is free for a certificate with a key of the kind {key_type}: "
            "use smtpd_tls_chain_files, or renew a certificate of a kind that is served today."
        )
    return dict.fromkeys(free, bundle)


def _exchanged(facts: Data, chains: Sequence[str], key_type: str, bundle: str) -> list[str]:
    """The files of smtpd_tls_chain_files with the bundle in place of the certificate of its kind, and of its key."""
    gone: set[str] = set()
    for file in chains:
        entries = [one for one in facts["certificates"] if one["file"] == file]
        kinds = {one["key_type"] for one in entries}
        if key_type in kinds and len(kinds) > 1:
            raise InvalidInput(
                f"{file} has certificates of several kinds: put each kind, with its key, into a file of its own."
            )
        if key_type in kinds:
            gone |= {file, *(str(one["key_file"]) for one in entries)}
    kept: list[str] = []
    for file in chains:
        if file not in gone:
            kept.append(file)
        elif bundle not in kept:
            kept.append(bundle)
    return kept if bundle in kept else [*kept, bundle]


def _entries(facts: Data, file: str) -> list[Data]:
    found = [one for one in facts["certificates"] if one["file"] == file]
    if not found or any(one.get("spki_sha256") is None for one in found):
        raise InvalidInput(f"The certificate in {file} could not be read: see the findings of it.")
    return found


def _services(facts: Data, port: int) -> Iterator[Data]:
    for mta in ("postfix", "sendmail"):
        for instance in facts.get(mta) or ():
            yield from _on_port(instance["services"], port)


def _on_port(services: Sequence[Data], port: int) -> Iterator[Data]:
    for service in services:
        if service["direction"] == "inbound" and any(
            place.get("port") == port for place in service["listen"] or ()
        ):
            yield service


def _words(value: t.Any) -> list[str]:
    return str(value or "").replace(",", " ").split()


__all__ = [
    "rotation_candidate",
    "served_tlsa_records",
]
