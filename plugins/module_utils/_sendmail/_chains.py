# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""The chain that sendmail sends: the first certificate of its file, completed by OpenSSL from CACertFile and CACertPath."""

from __future__ import annotations

import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._errors import NotSupported
from ansible_collections.postmaster.tls.plugins.module_utils._findings import finding
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._certificate_files import (
    CertificateFile,
)
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._oracle import Oracle
from ansible_collections.postmaster.tls.plugins.module_utils._records import replace
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._request import (
    Sendmail,
    request_of,
)


def _bare(pem: str) -> str:
    return "".join(pem.split())


def chains_sent(sendmail: Sendmail, oracle: Oracle | None) -> list[list[str]] | None:
    """The chains that the daemons send, in PEM; None where that could not be found out."""
    settings = request_of(sendmail, client=False).settings
    if settings is None or oracle is None:
        return None
    try:
        return oracle.served(settings)
    except NotSupported:
        return None


def as_served(entry: CertificateFile, chains: t.Sequence[t.Sequence[str]]) -> CertificateFile:
    """A certificate file with the chain that is sent for it, as the library told it (`chains`).

    A file that holds intermediates which are not sent has a finding. A certificate that no client gets stays as it is.
    """
    own = _bare(entry.chain[0]) if entry.chain else ""
    sent = next((tuple(chain) for chain in chains if chain and _bare(chain[0]) == own), None)
    if sent is None:
        return entry
    served = {_bare(pem) for pem in sent}
    missing = [pem for pem in entry.chain if _bare(pem) not in served]
    if not missing:
        return replace(entry, chain=sent)
    evidence = f"{entry.file} has {len(entry.chain)} certificates; {len(sent)} sent"
    found = finding("chain-not-served", where=entry.file, evidence=evidence)
    return replace(entry, chain=sent, findings=(*entry.findings, found))


__all__ = ["as_served", "chains_sent"]
