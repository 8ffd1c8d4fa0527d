# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The checkpoint that a module writes under is by default that of its own mail server."""

from __future__ import annotations

import typing as t

import pytest
import yaml
from ansible_collections.postmaster.tls.plugins.doc_fragments._checkpoint import ModuleDocFragment
from ansible_collections.postmaster.tls.plugins.modules import postconf, sendmail_config


class Specified(Exception):
    pass


def refuse(**options: t.Any) -> t.NoReturn:
    raise Specified(options["argument_spec"]["checkpoint"]["options"])


@pytest.mark.parametrize(
    ("module", "documented", "name"),
    [
        (postconf, ModuleDocFragment.POSTFIX, "postfix"),
        (sendmail_config, ModuleDocFragment.SENDMAIL, "sendmail"),
    ],
)
def test_the_default_name_is_that_of_the_mail_server(
    module: t.Any, documented: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "AnsibleModule", refuse)
    with pytest.raises(Specified) as caught:
        module.main()
    [specified] = caught.value.args
    told = yaml.safe_load(documented)["options"]["checkpoint"]["suboptions"]
    assert specified["name"]["default"] == told["name"]["default"] == name
    assert {key: one.get("default") for key, one in specified.items()} == {
        key: one.get("default") for key, one in told.items()
    }
