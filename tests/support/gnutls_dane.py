# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What GnuTLS says of a chain by TLSA records, without the DNS: the library of danetool(1) is given both.

usage: gnutls_dane.py CHAIN.pem RECORD-IN-HEXADECIMAL...
"""

from __future__ import annotations

import ctypes
import ssl
import sys
from pathlib import Path

# gnutls/dane.h and gnutls/gnutls.h of GnuTLS 3.8.
IGNORE_LOCAL_RESOLVER, IGNORE_DNSSEC = 1, 4
X509 = 1
UNKNOWN_INFORMATION = 4
#: It has no certificate of an authority to compare with a record of usage 2, so danetool refuses.
TOO_SHORT = -8


class Datum(ctypes.Structure):
    _fields_ = (("data", ctypes.c_char_p), ("size", ctypes.c_uint))


def chain_in(path: str) -> list[bytes]:
    end = "-----END CERTIFICATE-----"
    blocks = Path(path).read_text("ascii").split(end)[:-1]
    return [ssl.PEM_cert_to_DER_cert(block.strip() + "\n" + end) for block in blocks]


def verdict(chain: list[bytes], records: list[bytes]) -> str:
    library = ctypes.CDLL("libgnutls-dane.so.0")
    state, query, found = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_uint()
    flags = IGNORE_LOCAL_RESOLVER | IGNORE_DNSSEC
    if library.dane_state_init(ctypes.byref(state), flags):
        return "no state"
    texts = (ctypes.c_char_p * (len(records) + 1))(*records, None)
    sizes = (ctypes.c_int * len(records))(*map(len, records))
    status = library.dane_raw_tlsa(state, ctypes.byref(query), texts, sizes, 1, 0)
    if status:
        return f"error {status} of the records"
    data = (Datum * len(chain))(*(Datum(one, len(one)) for one in chain))
    status = library.dane_verify_crt_raw(
        state, data, len(chain), X509, query, 0, 0, ctypes.byref(found)
    )
    if status == TOO_SHORT:
        return "mismatch"
    if status:
        return f"error {status}"
    if found.value & UNKNOWN_INFORMATION:
        return "unusable"
    return "mismatch" if found.value else "match"


if __name__ == "__main__":
    print(verdict(chain_in(sys.argv[1]), [bytes.fromhex(one) for one in sys.argv[2:]]))
