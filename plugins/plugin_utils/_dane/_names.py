# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""The names that a certificate under a DANE-TA(2) record has to show one of (RFC 7672 section 3.2.3)."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from ansible_collections.postmaster.tls.plugins.plugin_utils._certificate_names import same_name

with contextlib.suppress(ImportError):
    from cryptography import x509
    from cryptography.x509.oid import NameOID


def shows_one_of(certificate: x509.Certificate, names: Sequence[str]) -> bool:
    """Whether a certificate is for one of the names.

    Without any DNS name among the subject alternative names, the common name counts, as in Postfix and OpenSSL
    (X509_check_host(3)). A wildcard needs two labels behind it, there too.
    """
    presented = _dns_names(certificate) or _common_names(certificate)
    allowed = [one for one in presented if not one.startswith("*.") or one.count(".") > 1]
    return any(same_name(one, name) for one in allowed for name in names)


def _dns_names(certificate: x509.Certificate) -> list[str]:
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return []
    return extension.value.get_values_for_type(x509.DNSName)


def _common_names(certificate: x509.Certificate) -> list[str]:
    attributes = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return [str(attribute.value) for attribute in attributes]


__all__ = ["shows_one_of"]
