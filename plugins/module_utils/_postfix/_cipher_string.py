# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""The cipher string that a Postfix of a version hands to OpenSSL.

Source: tls_set_ciphers() in src/tls/tls_misc.c, tls_start_tls() in src/smtpd/smtpd.c and set_cipher_grade() in
src/smtp/smtp_tls_policy.c, at the tags v2.6.6, v3.5.0, v3.7.0, v3.10.0 and v3.11.0.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._postfix._version import PostfixVersion
from ansible_collections.postmaster.tls.plugins.module_utils._records import dataclass, replace

_SEPARATORS: t.Final = re.compile(r"[\s,:]+")
_VERIFYING: t.Final = frozenset(
    {"half-dane", "dane", "dane-only", "fingerprint", "verify", "secure"}
)
_MERGED_GRADES: t.Final = PostfixVersion(3, 8, 0)


@dataclass(frozen=True)
class Exclusion:
    """One excluded item and the parameter that excludes it (or what Postfix adds by itself)."""

    item: str
    setting: str


@dataclass(frozen=True)
class CipherString:
    """What is handed to OpenSSL. `text` is None if Postfix refuses to build it, and `problem` says why.

    `base` is the list of the grade, `base_setting` the parameter that holds it, `grade_setting` the one that chose it. With
    `unknown` the list is the default of a build, and nobody has told what that build has.
    """

    text: str | None
    base: str
    base_setting: str
    grade: str
    grade_setting: str
    exclusions: tuple[Exclusion, ...]
    problem: str | None = None
    unknown: bool = False

    def of_an_unknown_build(self) -> CipherString:
        """The same where the list is not among the parameters that are known; the exclusions are certain all the same."""
        return replace(self, text=None, problem=None, unknown=True)


def list_parameter(grade: str, version: PostfixVersion) -> str | None:
    """The parameter with the list of a grade; None for a grade that does not exist."""
    name = grade.strip().lower()
    if name in ("low", "export") and version >= _MERGED_GRADES:
        name = "medium"
    return f"tls_{name}_cipherlist" if name in ("high", "medium", "low", "export", "null") else None


def items(text: str) -> tuple[str, ...]:
    """The items of a list parameter, split as Postfix splits it: blanks, commas and colons."""
    return tuple(part for part in _SEPARATORS.split(text) if part)


def _exclusions(
    value: t.Callable[[str], str], prefix: str, *, mandatory: bool, automatic: str
) -> tuple[Exclusion, ...]:
    names = [f"{prefix}_exclude_ciphers"]
    if mandatory:
        names.append(f"{prefix}_mandatory_exclude_ciphers")
    found = [Exclusion(item, name) for name in names for item in items(value(name))]
    if automatic:
        found.append(Exclusion(automatic, "set by Postfix itself"))
    return tuple(found)


def _build(
    value: t.Callable[[str], str],
    version: PostfixVersion,
    *,
    grade_setting: str,
    exclusions: tuple[Exclusion, ...],
) -> CipherString:
    grade = value(grade_setting)
    base_setting = list_parameter(grade, version)
    base = value(base_setting) if base_setting else ""
    problem = None
    if base_setting is None:
        problem = f"{grade_setting} = {grade}: there is no such grade"
    elif not base:
        problem = f"{base_setting} is empty"
    wrong = next((one for one in exclusions if one.item[0] in "!+-@"), None)
    if wrong and not problem:
        problem = (
            f"{wrong.setting} has the item {wrong.item}: an item must not begin with one of ! + - @"
        )
    text = None if problem else base + "".join(f":!{one.item}" for one in exclusions)
    return CipherString(text, base, base_setting or "", grade, grade_setting, exclusions, problem)


def server_cipher_string(
    value: t.Callable[[str], str],
    version: PostfixVersion,
    *,
    prefix: str,
    mandatory: bool,
    asks_certificate: bool,
) -> CipherString:
    """The string of smtpd(8) (`prefix` smtpd_tls) or tlsproxy(8) (tlsproxy_tls); `value` gives expanded parameters."""
    return _build(
        value,
        version,
        grade_setting=f"{prefix}_mandatory_ciphers" if mandatory else f"{prefix}_ciphers",
        exclusions=_exclusions(
            value, prefix, mandatory=mandatory, automatic="aNULL" if asks_certificate else ""
        ),
    )


def client_cipher_string(
    value: t.Callable[[str], str], version: PostfixVersion, *, prefix: str, level: str
) -> CipherString:
    """The string of smtp(8) at a security level, where no policy table says otherwise."""
    mandatory = level != "may"
    automatic = "aNULL" if level in _VERIFYING else "eNULL" if mandatory else ""
    return _build(
        value,
        version,
        grade_setting=f"{prefix}_mandatory_ciphers" if mandatory else f"{prefix}_ciphers",
        exclusions=_exclusions(value, prefix, mandatory=mandatory, automatic=automatic),
    )


__all__ = [
    "CipherString",
    "Exclusion",
    "client_cipher_string",
    "items",
    "list_parameter",
    "server_cipher_string",
]
