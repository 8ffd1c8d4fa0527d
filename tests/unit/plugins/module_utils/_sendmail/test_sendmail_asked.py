# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import typing as t

import pytest
from ansible_collections.postmaster.tls.plugins.module_utils._errors import InvalidInput
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._asked import (
    Asked,
    asked_of,
)
from ansible_collections.postmaster.tls.plugins.module_utils._sendmail._version import parse_build

Recorded = t.Callable[[str], str]


def asked(recorded: Recorded, **params: t.Any) -> Asked:
    given = {"options": {}, "defines": {}, "features": {}, "access": {}, **params}
    return asked_of(given, parse_build(recorded("debug-bullseye.txt")))


def test_options_have_the_names_that_sendmail_gives_them(recorded: Recorded) -> None:
    wanted = {"cipherlist": "HIGH", "Timeout.ident": 0, "timeout.QUIT": "1m", "Nope": None}
    found = asked(recorded, options=wanted).options
    assert found == {
        "CipherList": "HIGH",
        "Timeout.ident": "0",
        "Timeout.QUIT": "1m",
        "Nope": None,
    }


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"options": {"ServerS": "X"}}, r"options\.ServerS is no name .* ServerSSLOptions in full"),
        ({"options": {"CA": "X"}}, "write CACertFile or CACertPath in full"),
        ({"options": {"CipherList": ["X"]}}, "is a list"),
        ({"features": {"x": "y"}}, "is not a list of arguments"),
    ],
)
def test_what_is_not_clear_is_refused(
    recorded: Recorded, params: dict[str, t.Any], message: str
) -> None:
    with pytest.raises(InvalidInput, match=message):
        asked(recorded, **params)
