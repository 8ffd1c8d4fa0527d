#!/usr/bin/python
# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: starttls_probe
short_description: What a sender really gets from a mail server
version_added: 0.1.0
author:
  - The postmaster.tls authors (@postmaster-tls)
description:
  - Connects to a mail server as a sender does, and finds out which protocols, cipher suites and groups it accepts, who
    decides the order, and which certificates it serves.
  - The TLS messages are built and read here, so the answer does not depend on what the local OpenSSL still supports.
    Most connections end after the server's first answer, and no mail is sent.
  - Runs where the task runs, on the controller or, with C(delegate_to), on any host with a way to the server. The
    certificates are always understood on the controller, which has the Python package C(cryptography) because
    ansible-core needs it.
  - A server that cannot be reached is a result, not a failure. So is one that limits connections. What was not
    answered is not determined, and never counts as refused.
extends_documentation_fragment:
  - postmaster.tls._attributes
  - postmaster.tls._attributes.info_module
  - postmaster.tls._attributes.actiongroup_tls
  - postmaster.tls._dane
attributes:
  action:
    description: Has an action plugin of the same name, which does its part on the controller.
    support: full
  platform:
    description: Where the module runs.
    support: full
    platforms: posix
  check_mode:
    support: full
    details: Asks the servers in any mode, since that changes nothing. Does not write O(results_file).
  idempotent:
    support: partial
    details: Every run appends to O(results_file), if it is given, and is then C(changed).
requirements:
  - Python >= 3.9 where the module runs; nothing else is installed there.
options:
  host:
    description:
      - The name or IP address of the server.
      - One of O(host) and O(targets) is needed.
    type: str
  targets:
    description:
      - Many servers, all asked in one run of the module, side by side.
      - An element is a host, or a dictionary of options, of which O(host) is needed. It may have all options but O(targets),
        O(concurrency) and O(results_file). Those of the task are the defaults of every element.
      - Two targets at the same address share the limit of its connections.
      - The results are in RV(results), in the order of the targets.
    version_added: 0.2.0
    type: list
    elements: raw
  concurrency:
    description:
      - How many connections may be open at the same time to all servers together.
      - By default 256, or fewer if the process may open fewer files.
    version_added: 0.2.0
    type: int
  results_file:
    description:
      - A file on the host where the module runs, to which every result is appended as soon as there is one, as a line of
        JSON. A run that is ended before its time leaves there what it knew.
      - The lines come in the order in which the results do. Each has the number of its target, from 1, in C(target).
      - A line is what the host that probes saw. Certificates are described, and results compared with O(policy), on the
        controller when all targets are done. So a line has certificates as PEM in C(chains), and in C(chains_without_sni) the other ones
        that only clients without SNI get, and neither RV(violations) nor findings about them.
      - When it can be written no more, as on a full disk, the task goes on and warns.
      - In check mode nothing is written.
    version_added: 0.2.0
    type: path
  port:
    description:
      - The TCP port.
    type: int
    default: 25
  address:
    description:
      - The name or IP address to connect to, when it is not the one that O(host) resolves to.
      - Of several, the first that accepts a connection is probed, or each with O(every_address), where a name that has no address
        is a result, too. An empty list says that there is none to connect to.
    type: list
    elements: str
  every_address:
    description:
      - Whether to probe every address of the name for itself, with a result for each in RV(results).
      - Otherwise the first address that accepts a connection is probed.
    version_added: 0.2.0
    type: bool
    default: false
  tls_mode:
    description:
      - V(starttls) for SMTP with STARTTLS, V(implicit) for TLS from the first byte, as on port 465.
    type: str
    choices: [starttls, implicit]
    default: starttls
  mail_protocol:
    description:
      - V(lmtp) greets with C(LHLO).
    version_added: 0.2.0
    type: str
    choices: [smtp, lmtp]
    default: smtp
  sni:
    description:
      - The name to ask for in the server name extension.
      - By default O(host), if it is a name. An empty string sends no extension.
    type: str
  ehlo_name:
    description:
      - The name to greet the server with, or an address literal in brackets.
      - By default the full name of the machine where the module runs, or its address if it has no full name.
    type: str
  timeout:
    description:
      - The seconds after which the probe ends, whatever the server does. What is open by then is not determined.
      - Name resolution is within it, and at most 10 seconds of it are spent on one connect, 30 on one banner and 15 on one
        answer to a hello.
      - A server that limits the rate of connections is waited for until then, and at most 75 seconds in a row. Postfix
        counts anew each minute. One that gives no sign of life is asked once more.
      - A day at most.
    type: float
    default: 120
  checks:
    description:
      - What to find out.
      - V(handshake) is one hello as a sender of today has it, and is always made.
      - V(ciphers) includes V(protocols).
      - V(signatures) are the signature algorithms. V(features) tries compression, renegotiation (once), resumption and the
        fallback signal too; without it RV(features) has what shows in passing.
      - V(senders) asks as the senders of O(senders) do, or as all of them.
      - V(injection) sends a command behind STARTTLS in the same packet, which the server must forget (CVE-2011-0411).
      - V(policy) offers only what O(policy) forbids, in at most 12 connections. Alone it is the quickest way to know whether a
        server keeps to a policy.
      - V(dane) compares the certificates with the TLSA records of O(host), on the controller, which then needs C(dnspython). It includes
        V(certificates). M(postmaster.tls.tlsa_info) tells more.
    type: list
    elements: str
    choices: [handshake, protocols, ciphers, groups, certificates, signatures, features, senders, injection, policy, dane]
    default: [handshake, protocols, ciphers, groups, certificates]
  connections:
    description:
      - How many connections to one server may be open at the same time, from 1 to 8.
      - By default 4, or 8 if an answer takes longer than 5 milliseconds.
      - It falls by itself when the server shows a limit.
      - More than 8 overflow the queue of many mail servers, which then let connections hang.
    type: int
  interval:
    description:
      - The seconds to pause between two connections, a day at most.
    type: float
    default: 0
  ca_file:
    description:
      - A PEM file on the controller with the roots to verify the certificates against.
      - By default the controller's own roots. By those it is no finding when a chain does not verify, since nobody knows what roots
        senders trust, if any.
    type: str
  expiring_days:
    description:
      - How many days before its end a certificate is told to expire.
      - By default 14, or a quarter of its life if that is less.
    version_added: 0.3.0
    type: int
  policy:
    description:
      - The name of a policy, or a policy as a dictionary.
      - What the server accepts beyond it is returned in RV(violations).
    type: raw
  senders:
    description:
      - Names of sender profiles to ask as. Giving some includes the check V(senders).
      - The profiles and where they come from are in C(docs/senders.md) of the collection.
    version_added: 0.2.0
    type: list
    elements: str
    default: []
seealso:
  - module: postmaster.tls.mta_tls_facts
  - module: postmaster.tls.tlsa_info
notes:
  - A server that speaks TLS 1.3 only encrypts its certificates. They are then read in full handshakes, one for each kind
    of key.
  - With C(-v) or more the module writes to the system log of the host where it runs how far it is, every 25 results.
    Ansible itself shows nothing of a module before it has returned.
"""

EXAMPLES = r"""
- name: See what senders get from an MX host
  postmaster.tls.starttls_probe:
    host: mx.example.com
  delegate_to: localhost
  register: probe

- name: Fail on what is accepted beyond a policy, and when that could not be found out
  postmaster.tls.starttls_probe:
    host: mx.example.com
    policy: mozilla-intermediate-6.0
  delegate_to: localhost
  register: probe
  failed_when: >-
    probe.reached is not true or probe.violations is none
    or probe.undetermined | length > 0 or probe.violations | length > 0

- name: Look at the submission service from another host, slowly
  postmaster.tls.starttls_probe:
    host: mail.example.com
    port: 465
    tls_mode: implicit
    connections: 1
    interval: 2
    timeout: 600
  delegate_to: vantage.example.net

- name: Look at every MX host of a list at once, and keep the results of a run that is ended early
  postmaster.tls.starttls_probe:
    targets:
      - mx1.example.com
      - mx2.example.com
      - host: mail.example.com
        port: 465
        tls_mode: implicit
    checks: [handshake, certificates]
    timeout: 60
    results_file: "{{ playbook_dir }}/probe.jsonl"
  delegate_to: localhost
  register: probe

- name: Ask whether a server keeps to a policy, in at most 12 connections
  postmaster.tls.starttls_probe:
    host: mx.example.com
    policy: intermediate
    checks: [policy]
  delegate_to: localhost

- name: See whether senders that validate DANE can deliver
  postmaster.tls.starttls_probe:
    host: mx.example.com
    checks: [dane]
    every_address: true
  delegate_to: localhost

- name: See which senders would be lost
  postmaster.tls.starttls_probe:
    host: mx.example.com
    checks: [handshake, senders]
  delegate_to: localhost

- name: Only ask whether a server speaks TLS, and which version a sender of today gets
  postmaster.tls.starttls_probe:
    host: mx.example.com
    checks: [handshake]
  delegate_to: localhost
"""

RETURN = r"""
results:
  description:
    - The results, in the order of O(targets), and within it of the addresses where O(every_address) is set.
    - Each has the return values of a run with O(host), as they are below, which a run with O(targets) does not have itself.
  returned: with O(targets) or O(every_address)
  type: list
  elements: dict
summary:
  description: What the results come to, in numbers. A server may count in several of them.
  returned: with O(targets) or O(every_address)
  type: dict
  contains:
    results:
      description: All of them.
      type: int
      returned: always
    reached:
      description: Servers that answered.
      type: int
      returned: always
    unreached:
      description: Servers to which there was no connection.
      type: int
      returned: always
    throttled:
      description: Servers that limited the probe.
      type: int
      returned: always
    hanging:
      description: Servers that took a connection and did not go on with it until the time was over.
      type: int
      returned: always
    not_tls:
      description: Servers that offer no TLS, or answer with something else than SMTP and TLS.
      type: int
      returned: always
    connections:
      description: The connections to all of them.
      type: int
      returned: always
    findings:
      description: The findings of all results, by severity.
      type: dict
      returned: always
host:
  description: The O(host) option.
  returned: always
  type: str
port:
  description: The O(port) option.
  returned: always
  type: int
address:
  description: The IP address that was connected to. V(null) when the name was not resolved.
  returned: always
  type: str
addresses:
  description: All addresses of the name, in the order of the resolver.
  returned: always
  type: list
  elements: str
tls_mode:
  description: The O(tls_mode) option.
  returned: always
  type: str
sni:
  description: The name that clients sent (SNI). V(null) when O(host) is an address or O(sni) is empty, so that none was sent.
  returned: always
  type: str
reached:
  description:
    - V(true) when the server answered, V(false) when there was no connection.
    - V(null) when there was one and no answer, and when O(timeout) was over before there was room for one.
  returned: always
  type: bool
reason:
  description:
    - Why there was no handshake, or why the probe ended early. V(null) when it went to its end.
    - One of V(unresolvable), V(not-asked), V(refused), V(unreachable), V(timeout), V(no-banner), V(closed), V(reset), V(throttled),
      V(rejected), V(ehlo-refused), V(no-starttls), V(starttls-unavailable), V(starttls-refused), V(malformed) and V(not-tls).
  returned: always
  type: str
  sample: refused
message:
  description: RV(reason) as a sentence, with what the server said.
  returned: always
  type: str
smtp:
  description: The talk before the handshake.
  returned: always
  type: dict
  contains:
    banner:
      description: The greeting. V(null) when there was none, and with implicit TLS.
      type: str
      returned: always
    ehlo:
      description: The lines of the reply to EHLO.
      type: list
      elements: str
      returned: always
    starttls:
      description: Whether STARTTLS is offered. V(null) when the talk did not come so far.
      type: bool
      returned: always
    transcript:
      description: The talk line by line, when no handshake came about.
      type: list
      elements: str
      returned: always
handshake:
  description: What a sender of today negotiates. V(null) when no handshake came about.
  returned: always
  type: dict
  contains:
    accepted:
      description: Whether the server agrees to it. V(null) when that was not determined.
      type: bool
      returned: always
    protocol:
      description: The version.
      type: str
      returned: always
    cipher:
      description: The suite, with C(name), C(iana) and C(code).
      type: dict
      returned: always
    group:
      description: The key exchange group.
      type: str
      returned: always
    reason:
      description: Why it does not, or why that is not known.
      type: str
      returned: always
protocols:
  description: The versions from SSL 2.0 to TLS 1.3.
  returned: always; empty when not asked for
  type: list
  elements: dict
  contains:
    name:
      description: The version as OpenSSL and Postfix name it.
      type: str
      returned: always
      sample: TLSv1.2
    accepted:
      description:
        - The verdict. V(null) when it was not determined.
        - A server may choose a suite of TLS 1.3 and then end every handshake. With the check V(certificates) this is V(false).
      type: bool
      returned: always
    reason:
      description: Why it is not accepted, or why that is not known.
      type: str
      returned: always
ciphers:
  description:
    - The accepted suites by version, in the server's order where RV(preference) is V(server).
    - A version about which nothing was determined is absent.
  returned: always; empty when not asked for
  type: dict
  sample:
    TLSv1.2:
      - name: ECDHE-RSA-AES128-GCM-SHA256
        iana: TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
        code: "0xC02F"
preference:
  description:
    - Who decides among the suites that both sides know, by version.
    - One of V(server) and V(client), or V(null) with fewer than two suites.
  returned: always; empty when not asked for
  type: dict
  sample:
    TLSv1.2: server
prioritizes_chacha:
  description:
    - Whether a server that decides takes ChaCha20-Poly1305 first from a client that puts it first, by version.
    - A version where that was not seen is absent.
  returned: always; empty when not asked for
  type: dict
  sample:
    TLSv1.2: true
undetermined:
  description: The suites by version about which nothing was determined. Empty when the scan is complete.
  returned: always
  type: dict
groups:
  description: The key exchange groups that were asked for, in TLS 1.3 and 1.2.
  returned: always; empty when not asked for
  type: list
  elements: dict
  contains:
    name:
      description: The name in IANA's registry.
      type: str
      returned: always
      sample: X25519MLKEM768
    code:
      description: The code point.
      type: str
      returned: always
      sample: "0x11EC"
    accepted:
      description: Whether it is accepted in any version. V(null) when that was not determined.
      type: bool
      returned: always
    protocols:
      description: The versions in which it is accepted.
      type: list
      elements: str
      returned: always
dh:
  description: The groups of finite-field Diffie-Hellman exchanges that were seen, the smallest first.
  returned: always
  type: list
  elements: dict
  contains:
    bits:
      description: The size of the prime.
      type: int
      returned: always
    prime:
      description: The prime in hexadecimal.
      type: str
      returned: always
    generator:
      description: The generator.
      type: int
      returned: always
    known:
      description: Where the prime is published or built in. V(null) if it is not known.
      type: str
      returned: always
signatures:
  description:
    - The signature algorithms that were asked for, in TLS 1.3 and 1.2.
    - Each has C(name), C(code), C(accepted), C(protocols) and C(key_type), which is spelled as in RV(certificates), or C(rsa-pss).
  returned: always; empty when not asked for
  type: list
  elements: dict
features:
  description:
    - What else the server does, each V(true), V(false), or V(null) where it was not seen and not asked for.
    - The keys are C(compression), C(secure_renegotiation), C(client_renegotiation), C(extended_master_secret),
      C(encrypt_then_mac), C(session_tickets), C(session_ids), C(fallback_scsv), C(ocsp_staple), C(heartbeat), C(alpn) and
      C(early_data).
    - C(resumption) has C(id), C(ticket) and C(tls13); C(client_certificate) has C(requested) and C(authorities); C(reasons)
      says why something that was asked for is not determined.
  returned: always; V(null) without a handshake
  type: dict
senders:
  description:
    - What comes of it when each of the O(senders) connects.
    - Each has C(name), C(title), C(connects), C(protocol), C(cipher), C(reason), C(server_log) and C(client_log), which are
      what both sides write, C(without_tls), which is what the sender does when TLS fails, and C(source).
  returned: always; empty when not asked for
  type: list
  elements: dict
injection:
  description:
    - C(vulnerable) is whether the server obeyed a command that was sent in plaintext behind STARTTLS, C(reply) what it
      answered, and C(reason) why that was not determined.
  returned: with the check V(injection), when a handshake could begin
  type: dict
policy:
  description:
    - C(name), C(compliant), which is V(null) if something was not determined, and C(undetermined), which says what.
  returned: with the check V(policy), when a handshake could begin
  type: dict
certificates:
  description:
    - The certificates that are served, each with its chain.
    - C(sni) is the name that a client sent who gets it. V(null) where it is served to clients that send no name. One that
      those get too is listed once, with the name.
    - Each has C(subject), C(issuer), C(san), C(not_before), C(not_after), C(days_left), C(key_type), C(key_bits), C(key_curve),
      C(signature), C(sha256), C(spki_sha256), C(chain), C(chain_complete) and C(findings).
    - C(name_matches) tells whether it covers O(sni) or O(host), and C(verified) whether it leads to a trusted root.
      C(verify_reason) says why not. They are V(null) where it cannot be told.
    - C(ocsp_staple) is what a stapled OCSP response says of it, V(null) if there was none. It has C(status) (V(good),
      V(revoked), V(unknown), V(expired), V(not-yet-valid) or V(unreadable)), C(this_update), C(next_update), C(revoked_at),
      C(reason), and C(verified), which tells whether the issuer of the certificate signed it.
  returned: always; empty when not asked for
  type: list
  elements: dict
dane:
  description:
    - What a sender that validates DANE makes of the certificates that were seen at this address.
    - C(status) is V(match); V(mismatch), when one of them is refused; V(unusable), when no record can be used; V(absent), V(insecure) or
      V(bogus); or V(null), and C(reason) says why.
    - C(records), C(matches), C(publish), C(secure) and C(lookup) are those of M(postmaster.tls.tlsa_info).
  returned: with the check V(dane)
  type: dict
  version_added: 0.3.0
resolved_by:
  description:
    - The name servers of O(resolver), which said what addresses the name has.
    - V(null) where O(host) is an address.
  returned: with O(resolver), but for O(address)
  type: list
  elements: str
  version_added: 0.3.0
violations:
  description:
    - What the server accepts beyond O(policy), as far as O(checks) asked for it and RV(undetermined) is empty.
    - V(null) when no handshake could begin, so that nothing was asked.
    - Each has C(protocol), C(kind), C(name) and C(message).
  returned: when O(policy) is given
  type: list
  elements: dict
findings:
  description:
    - What was found wrong, in the certificates too.
    - Each has C(code), C(severity), C(where), C(message), C(evidence) and C(remedy).
  returned: always
  type: list
  elements: dict
connections:
  description: How many connections were made.
  returned: always
  type: int
throttled:
  description: Whether the server limited the probe.
  returned: always
  type: bool
seconds:
  description: How long the probe took.
  returned: always
  type: float
"""

import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.postmaster.tls.plugins.module_utils._errors import (
    InvalidInput,
    PostmasterTlsError,
)
from ansible_collections.postmaster.tls.plugins.module_utils._probe._batch import Batch, appended
from ansible_collections.postmaster.tls.plugins.module_utils._probe._engine import probe_all
from ansible_collections.postmaster.tls.plugins.module_utils._probe._summary import summary
from ansible_collections.postmaster.tls.plugins.module_utils._probe._target import Target

_USUAL = ["handshake", "protocols", "ciphers", "groups", "certificates"]
_CHECKS = [*_USUAL, "signatures", "features", "senders", "injection", "policy", "dane"]
_TARGET = {
    "host": {"type": "str"},
    "port": {"type": "int", "default": 25},
    "address": {"type": "list", "elements": "str"},
    "every_address": {"type": "bool", "default": False},
    "tls_mode": {"type": "str", "choices": ["starttls", "implicit"], "default": "starttls"},
    "mail_protocol": {"type": "str", "choices": ["smtp", "lmtp"], "default": "smtp"},
    "sni": {"type": "str"},
    "ehlo_name": {"type": "str"},
    "timeout": {"type": "float", "default": 120},
    "checks": {"type": "list", "elements": "str", "choices": _CHECKS, "default": _USUAL},
    "connections": {"type": "int"},
    "interval": {"type": "float", "default": 0},
    "ca_file": {"type": "str"},
    "expiring_days": {"type": "int"},
    "policy": {"type": "raw"},
    "senders": {"type": "list", "elements": "str", "default": []},
    "domain": {"type": "str"},
    "resolver": {"type": "list", "elements": "str"},
    "trust_resolver": {"type": "bool", "default": False},
    "validate": {"type": "str", "choices": ["resolver", "self"], "default": "resolver"},
    "trust_anchor": {"type": "path"},
}

Data = dict[str, t.Any]


def _target(params: t.Mapping[str, t.Any]) -> Target:
    return Target(
        host=params["host"],
        port=params["port"],
        addresses=None if params["address"] is None else tuple(params["address"]),
        every_address=params["every_address"],
        implicit=params["tls_mode"] == "implicit",
        lmtp=params["mail_protocol"] == "lmtp",
        sni=params["sni"],
        ehlo_name=params["ehlo_name"],
        timeout=params["timeout"],
        checks=tuple(params["checks"]),
        connections=params["connections"],
        interval=params["interval"],
        policy=params["policy"],
        senders=tuple(params["senders"]),
    )


def _targets(params: t.Mapping[str, t.Any]) -> list[Target]:
    """The target of the options, or those of the list, whose elements have the options as defaults."""
    if params["targets"] is None:
        return [_target(params)]
    if not params["targets"]:
        raise InvalidInput("The list targets is empty: name one server at least.")
    validator = ArgumentSpecValidator(_TARGET)
    defaults = {name: params[name] for name in _TARGET}
    targets = []
    for number, element in enumerate(params["targets"], 1):
        own = {"host": element} if isinstance(element, str) else element
        place = f"Target {number} of {len(params['targets'])}"
        unknown = sorted(set(own) - set(_TARGET)) if isinstance(own, dict) else []
        if unknown:
            known = ", ".join(_TARGET)
            raise InvalidInput(f"{place} has the unknown option {unknown[0]}; known are {known}.")
        if not isinstance(own, dict) or not own.get("host"):
            raise InvalidInput(f"{place} is neither a host nor a dictionary of options with one.")
        checked = validator.validate({**defaults, **own})
        if checked.error_messages:
            raise InvalidInput(f"{place} ({own['host']}): {checked.error_messages[0].rstrip('.')}.")
        try:
            targets.append(_target(checked.validated_parameters))
        except InvalidInput as error:
            raise InvalidInput(f"{place} ({own['host']}): {error}") from None
    return targets


def _run(module: AnsibleModule) -> Data:
    params = module.params
    targets = _targets(params)
    path = None if module.check_mode else params["results_file"]
    lines = appended(path) if path else None
    batch = Batch(len(targets), lines=lines, say=module.log if module._verbosity else None)
    try:
        probe_all(targets, tell=batch.told, concurrency=params["concurrency"])
    finally:
        batch.close()
    if batch.fault:
        module.warn(batch.fault)
    results = batch.results()
    changed = bool(params["results_file"])
    if params["targets"] is None and not params["every_address"]:
        return {**results[0], "changed": changed}
    return {"results": results, "summary": summary(results), "changed": changed}


def main() -> t.NoReturn:
    module = AnsibleModule(
        argument_spec={
            **_TARGET,
            "targets": {"type": "list", "elements": "raw"},
            "concurrency": {"type": "int"},
            "results_file": {"type": "path"},
        },
        mutually_exclusive=[("host", "targets")],
        required_one_of=[("host", "targets")],
        supports_check_mode=True,
    )
    try:
        result = _run(module)
    except PostmasterTlsError as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
