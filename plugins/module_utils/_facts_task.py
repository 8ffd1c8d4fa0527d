# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""What mta_tls_facts does on a host: its options, and its answer to them, whoever runs it there."""

from __future__ import annotations

import typing as t

from ansible_collections.postmaster.tls.plugins.module_utils._host_facts import (
    HostOptions,
    begin,
    host_facts,
)
from ansible_collections.postmaster.tls.plugins.module_utils._run import Ahead, json_text, run

_SAVED: t.Final[dict[str, t.Any]] = {
    "main": {"type": "str"},
    "master": {"type": "str"},
    "parameters": {"type": "str"},
    "version": {"type": "str"},
    "openssl": {"type": "str"},
    "files": {"type": "dict"},
    "config_directory": {"type": "str", "default": "/etc/postfix"},
    "sendmail_cf": {"type": "str"},
    "sendmail_build": {"type": "str"},
    "sendmail_mc": {"type": "str"},
    "access": {"type": "str"},
    "complete": {"type": "bool"},
}
ARGUMENTS: t.Final[dict[str, t.Any]] = {
    "gather_subset": {
        "type": "list",
        "elements": "str",
        "choices": ["openssl", "postfix", "sendmail", "certificates"],
        "default": ["openssl", "postfix", "sendmail", "certificates"],
    },
    "postfix_config_directories": {"type": "list", "elements": "path", "default": []},
    "postconf_command": {"type": "path"},
    "sendmail_command": {"type": "path"},
    "sendmail_cf": {"type": "path"},
    "candidate": {"type": "dict", "default": {}},
    "why": {"type": "list", "elements": "raw", "default": []},
    "saved": {"type": "dict", "options": _SAVED},
    "mx_names": {"type": "list", "elements": "str", "default": []},
    "dane": {"type": "list", "elements": "str", "default": []},
    "domain": {"type": "str"},
    "resolver": {"type": "list", "elements": "str"},
    "trust_resolver": {"type": "bool", "default": False},
    "validate": {"type": "str", "choices": ["resolver", "self"], "default": "resolver"},
    "trust_anchor": {"type": "path"},
}


def answer(arguments: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The result of the module for validated arguments: C(found) is JSON of the facts, the material for the controller, and
    what services answered to senders. Raises PostmasterTlsError.
    """
    options = HostOptions(
        subset=frozenset(arguments["gather_subset"]),
        directories=tuple(arguments["postfix_config_directories"]),
        postconf=arguments["postconf_command"],
        sendmail=arguments["sendmail_command"],
        sendmail_cf=tuple(filter(None, [arguments["sendmail_cf"]])),
        candidate=arguments["candidate"],
        why=tuple(arguments["why"]),
        saved=arguments["saved"],
        mx_names=tuple(arguments["mx_names"]),
    )
    ahead = Ahead(run)
    begin(options, ahead)
    found = host_facts(options, run=ahead)
    return {"found": json_text([found.facts, found.material, found.heard])}


__all__ = ["ARGUMENTS", "answer"]
