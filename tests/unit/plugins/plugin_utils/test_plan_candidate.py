# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.postmaster.tls.plugins.plugin_utils._plan_candidate import plan_candidate

FACTS = {
    "postfix": [{"config_directory": "/etc/postfix"}, {"config_directory": "/etc/postfix-out"}]
}


def test_an_empty_plan_gives_the_users_parameters_to_every_instance() -> None:
    candidate = plan_candidate({}, FACTS, {"smtpd_tls_chain_files": "/c.pem"})
    assert candidate == {
        "/etc/postfix": {"parameters": {"smtpd_tls_chain_files": "/c.pem"}, "services": {}},
        "/etc/postfix-out": {"parameters": {"smtpd_tls_chain_files": "/c.pem"}, "services": {}},
    }


def test_the_user_wins_over_the_plan_and_services_stay() -> None:
    plan = {
        "instances": {
            "/etc/postfix": {
                "parameters": {"smtpd_tls_protocols": ">=TLSv1.2", "smtpd_tls_ciphers": "high"},
                "services": {"submission/inet": {"smtpd_tls_security_level": "encrypt"}},
            }
        }
    }
    candidate = plan_candidate(plan, FACTS, {"smtpd_tls_ciphers": None})
    assert candidate["/etc/postfix"] == {
        "parameters": {"smtpd_tls_protocols": ">=TLSv1.2", "smtpd_tls_ciphers": None},
        "services": {"submission/inet": {"smtpd_tls_security_level": "encrypt"}},
    }
