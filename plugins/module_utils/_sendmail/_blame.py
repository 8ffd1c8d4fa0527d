# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""What a missing suite is blamed on: the options of sendmail, openssl.cnf, or what sendmail was compiled with."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._openssl._config import SystemPolicy
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._dropped import Choices
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._effective import Effective
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._options import has_option
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._request import (
    OP_NO,
    Sendmail,
    dh_source,
)
from ansible_collections.postmaster.tls.plugins.module_utils._tls._protocols import Protocol

_LEVEL: t.Final = re.compile(r"@SECLEVEL=(\d)")
_DEFAULT: t.Final = "DEFAULT"


def _written(sendmail: Sendmail, name: str) -> str:
    value = ", ".join(sendmail.cf.values(name))
    return f"{name} = {value}" if value else f"{name} is not set"


def list_in_force(sendmail: Sendmail, result: Effective, policy: SystemPolicy | None) -> str:
    """The cipher list that counts: that of sendmail.cf, or the one that stays where there is none or it is rejected."""
    own = sendmail.value("CipherList")
    rejected = any(one.stage == "ciphers" for one in result.ignored)
    older = any(cipher.code >> 8 != 0x13 for cipher in result.listed)
    if own and not (rejected and older):
        return own
    return (policy.cipher_string if policy else None) or _DEFAULT


def _configured(result: Effective) -> frozenset[Protocol]:
    """The protocols that the options of the context leave."""
    options = result.bounds.options
    return frozenset(protocol for protocol, bit in OP_NO.items() if not options & bit)


def _level_setting(sendmail: Sendmail, base: str, policy: SystemPolicy | None, level: int) -> str:
    if _LEVEL.search(sendmail.value("CipherList")) and base == sendmail.value("CipherList"):
        return "@SECLEVEL in CipherList"
    if policy and policy.cipher_string and _LEVEL.search(policy.cipher_string):
        return f"CipherString in {policy.path}"
    return f"OpenSSL's own default, {level}"


def _dh_setting(sendmail: Sendmail, result: Effective) -> str:
    """What leaves the daemons without parameters for DHE: the option, or OpenSSL, to which they are too small."""
    refused = any(one.stage == "dh" for one in result.ignored)
    return _written(sendmail, "DHParameters") if refused or dh_source(sendmail) == "none" else ""


def choices_of(
    sendmail: Sendmail, result: Effective, policy: SystemPolicy | None, *, client: bool
) -> Choices:
    """The settings that dropped_suites() blames."""
    side = "Client" if client else "Server"
    base = list_in_force(sendmail, result, policy)
    own = base == sendmail.value("CipherList")
    listed = "CipherList" if own else "OpenSSL's default list"
    path = policy.path if policy else "openssl.cnf"
    suites = "CipherSuites" if has_option("CipherSuites", sendmail.build) else "Ciphersuites"
    return Choices(
        base=base,
        base_setting=f"CipherList = {base}" if own else _written(sendmail, "CipherList"),
        grade="",
        exclusions=(),
        protocols=_configured(result),
        protocol_setting=_written(sendmail, f"{side}SSLOptions"),
        certificate_setting=_written(sendmail, f"{side}CertFile"),
        level=result.bounds.level,
        role="client" if client else "server",
        base_list=listed,
        level_setting=_level_setting(sendmail, base, policy, result.bounds.level),
        group_setting="sendmail is compiled for P-256 alone"
        if sendmail.single_curve
        else "openssl.cnf",
        config_setting=_written(sendmail, suites)
        if suites == "CipherSuites"
        else f"Ciphersuites in {path}",
        absent=f"not in {listed}",
        dh_setting="" if client else _dh_setting(sendmail, result),
        out_of_bounds=result.bounds.outside(),
        bound_setting=f"MinProtocol and MaxProtocol in {path}",
    )


__all__ = ["choices_of", "list_in_force"]
