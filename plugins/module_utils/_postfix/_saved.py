# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""The facts of a host that cannot be reached, from what somebody saved there: the same understanding, without a library.

What only the host itself could tell stays not determined.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._errors import InvalidInput
from ansible_collections.postmaster.tls.plugins.module_utils._openssl._certificate_files import (
    saved_texts,
)
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._collect import (
    Instance,
)
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._history import (
    NEWEST,
    PARAMETERS,
    default_of,
    exists,
)
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._master import (
    Service,
    logical_lines,
    parse_master,
)
from ansible_collections.postmaster.tls.plugins.module_utils._postfix._version import PostfixVersion
from ansible_collections.postmaster.tls.plugins.module_utils._records import dataclass, field

#: Defaults of parameters that are not about TLS, postconf(5), and one that only snapshots had otherwise.
_NAME: t.Final = re.compile(r"\S+\Z")
_OF_POSTFIX: t.Final = re.compile(r"(?:(?:smtpd?|lmtp|postscreen|tlsproxy)_)?tls_")
_DEFAULTS: t.Final = {
    "inet_interfaces": "all",
    "inet_protocols": "all",
    "smtpd_sasl_auth_enable": "no",
    "multi_instance_name": "",
    "queue_directory": "/var/spool/postfix",
    "daemon_directory": "",
}
_CURVES_BY_DEFAULT: t.Final = PostfixVersion(2, 8, 0)


@dataclass(frozen=True)
class Saved:
    """What was saved: C(main) is C(postconf -n) or main.cf, C(master) C(postconf -M) or master.cf, C(parameters) all that
    C(postconf) prints (may be empty), C(version) its mail_version, C(openssl) the version of the library, C(files) the
    texts of certificate files and tables by path.
    """

    main: str
    master: str
    parameters: str = ""
    version: str = ""
    openssl: str = ""
    files: t.Mapping[str, str] = field(default_factory=dict)
    config_directory: str = "/etc/postfix"


def _pairs(text: str, what: str) -> dict[str, str]:
    """Raises InvalidInput for what neither postconf nor an editor of main.cf would have saved."""
    found: dict[str, str] = {}
    if "\0" in text:
        raise InvalidInput(f"saved: {what} is not UTF-8: save it as plain text.")
    for line in logical_lines(text.lstrip("\ufeff")):
        name, sign, value = line.partition("=")
        if not sign or not _NAME.match(name.strip()):
            raise InvalidInput(
                f"saved: {what} has a line that is not 'name = value': it seems to be cut off, or an error message: "
                f"save it again."
            )
        found[name.strip()] = value.strip()
    return found


def _version(saved: Saved, given: t.Mapping[str, str]) -> PostfixVersion:
    text = saved.version or given.get("mail_version", "")
    if not text:
        raise InvalidInput(
            "saved: the version of Postfix is missing: give version, which 'postconf -h mail_version' prints on that host."
        )
    return PostfixVersion.parse(text)


def _defaults(version: PostfixVersion) -> dict[str, str]:
    values = {name: default_of(name, version) for name in PARAMETERS}
    found = {name: value for name, value in values.items() if value is not None}
    if PostfixVersion(2, 6, 0) <= version < _CURVES_BY_DEFAULT:
        found["smtpd_tls_eecdh_grade"] = "none"
    return {**_DEFAULTS, **found}


def _unused(
    version: PostfixVersion,
    main: t.Mapping[str, str],
    services: t.Iterable[Service],
    everything: t.Container[str],
) -> tuple[tuple[str, str], ...]:
    """What postconf would call unused: parameters of TLS that other releases have, and this one has not, or that none has.

    A name that C(postconf) has printed is known, and of a release that is newer than the table nothing is known.
    """
    newer = (version.major, version.minor, version.patch) > NEWEST
    overrides = {name for service in services for name in service.overrides}
    return tuple(
        (file, f"{name}=")
        for file, names in (("main.cf", main), ("master.cf", overrides))
        for name in sorted(names)
        if name not in everything and not newer and not exists(name, version)
        if name in PARAMETERS or _OF_POSTFIX.match(name)
    )


def saved_instance(saved: Saved) -> Instance:
    """The instance that was saved. Raises InvalidInput where the version is missing, master.cf has no service, or a file is
    no text.
    """
    saved_texts(saved.files)
    main, everything = _pairs(saved.main, "main"), _pairs(saved.parameters, "parameters")
    if not main:
        raise InvalidInput(
            "saved: main has no parameter: give what 'postconf -n' prints on that host, or the text of its main.cf."
        )
    version = _version(saved, {**everything, **main})
    services = parse_master(saved.master)
    if not services:
        raise InvalidInput(
            "saved: master has no service: give what 'postconf -M' prints on that host, or the text of its master.cf."
        )
    return Instance(
        config_directory=saved.config_directory,
        parameters={**_defaults(version), **everything, **main, "mail_version": str(version)},
        main=main,
        services=services,
        unused=_unused(version, main, services, everything),
    )


__all__ = ["Saved", "saved_instance"]
