#!/usr/bin/python
# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: mta_tls_facts
short_description: What TLS a mail server is configured for, and what its own OpenSSL makes of it
version_added: 0.1.0
author:
  - The postmaster.tls authors (@postmaster-tls)
description:
  - Reads the configuration of every Postfix instance of a host, and finds out what a peer can really negotiate with
    each service.
  - The protocols, cipher suites and groups come from the very libssl that the MTA is linked with. It is loaded in a
    child process of its own, with the certificates and settings of the service, and asked suite by suite. Nothing is
    sent over a network.
  - With O(candidate) the same facts are computed as if a change were in force. This is the prediction that
    M(postmaster.tls.starttls_probe) later proves.
  - Changes nothing on the host. Private keys are read by the library only, and are never returned.
  - What cannot be found out is V(null) with a finding C(not-determined) that has the reason.
extends_documentation_fragment:
  - postmaster.tls._attributes
  - postmaster.tls._attributes.facts_module
  - postmaster.tls._attributes.actiongroup_tls
  - postmaster.tls._attributes.mail_host
  - postmaster.tls._dane
attributes:
  action:
    description: Has an action plugin of the same name, which describes the certificates on the controller.
    support: full
  platform:
    description: Where the module runs.
    support: full
    platforms: posix
options:
  gather_subset:
    description:
      - Which parts to gather.
      - With V(postfix) or V(sendmail), V(certificates) are those of the mail servers that are named, and so are the findings.
    type: list
    elements: str
    choices: [openssl, postfix, sendmail, certificates]
    default: [openssl, postfix, sendmail, certificates]
  postfix_config_directories:
    description:
      - Configuration directories of the Postfix instances to look at.
      - By default every instance that C(postmulti -l) lists, else the default one.
    type: list
    elements: path
    default: []
  postconf_command:
    description:
      - The C(postconf) command; by default it is looked for in the usual directories.
    type: path
  sendmail_command:
    description:
      - The C(sendmail) command; by default it is looked for in the usual directories. The command of that name that other
        mail servers have is passed over.
    type: path
  sendmail_cf:
    description:
      - The C(sendmail.cf) that the daemon reads, by default C(/etc/mail/sendmail.cf).
    type: path
  candidate:
    description:
      - A change to predict, in one of four forms.
      - The plan that the filter P(postmaster.tls.policy_plan#filter) returns.
      - A dictionary by configuration directory, each with C(parameters) and C(services).
      - A dictionary with C(parameters) and C(services), which is meant for the first instance.
      - C(parameters) are those of C(main.cf). C(services) are overrides by service, such as C(submission/inet).
      - For sendmail, a dictionary with C(options), which are those of C(sendmail.cf), such as C(CipherList); a list gives
        an option several times. In a plan they stand below the path of the C(sendmail.cf).
      - The value V(null) removes a parameter, an override or an option.
    type: dict
    default: {}
  saved:
    description:
      - What was saved on a host that Ansible cannot reach, for example one with a Python that is too old. The module then looks
        at nothing of the host that it runs on; run it on V(localhost).
      - What only that host could tell, such as the suites of its library, is V(null).
      - Private keys, and entries of the access map that are not about TLS, are taken out on the controller. The rest is in no log.
    type: dict
    suboptions:
      main:
        description: What C(postconf -n) prints there, or the text of its C(main.cf).
        type: str
      master:
        description: What C(postconf -M) prints there, or the text of its C(master.cf). It belongs to O(saved.main).
        type: str
      parameters:
        description: What C(postconf) without options prints there. Without it the defaults of the release are used.
        type: str
      version:
        description: What C(postconf -h mail_version) prints there. It can be left out with O(saved.parameters).
        type: str
      openssl:
        description: The version of the libssl that the mail server is linked with there, for the record.
        type: str
      files:
        description: Texts of certificate files and lookup tables, by their paths there. Private keys are not needed.
        type: dict
      config_directory:
        description: The configuration directory there.
        type: str
        default: /etc/postfix
      sendmail_cf:
        description: For a sendmail, the text of the C(sendmail.cf) that its daemon reads.
        type: str
        version_added: 0.3.0
      sendmail_build:
        description: What C(sendmail -d0.15 -bt < /dev/null) prints there. It belongs to O(saved.sendmail_cf).
        type: str
        version_added: 0.3.0
      sendmail_mc:
        description: The text of the C(sendmail.mc) there, to be compared with O(saved.sendmail_cf).
        type: str
        version_added: 0.3.0
      access:
        description: The text of the access map there.
        type: str
        version_added: 0.3.0
      complete:
        description:
          - That everything is there, which the commands of C(docs/offline.md) say in their last line. Without it a finding
            C(not-determined) says that the rest may be cut off.
        type: bool
        version_added: 0.3.0
  why:
    description:
      - Cipher suites and senders to explain.
      - A suite is given by its name in OpenSSL or at IANA, or by its code point.
      - A sender is given as a dictionary with C(sender), the name of a sender profile such as V(exchange-2016), or V(all), and
        C(server_name), the name that it asks for (SNI), if the services have certificates for single names. The profiles are
        those of O(postmaster.tls.starttls_probe#module:senders), and are described in C(docs/senders.md) of the collection.
      - The answers are in RV(ansible_facts.mta_tls.why), one for each suite or sender and service.
      - The answer to a sender is what it would get from the service as it is configured, or with O(candidate), and if that is
        nothing, which settings take away each of the suites that it offers. Nothing is sent over a network.
    type: list
    elements: raw
    default: []
  mx_names:
    description:
      - Names that the MX records of domains have for this host. A certificate that senders get is expected to cover them as well as
        the host's own name, C(myhostname) for Postfix, or it has the finding C(certificate-name-mismatch).
    type: list
    elements: str
    default: []
    version_added: 0.3.0
  dane:
    description:
      - The names that senders know the host by, as the MX records have them. The certificates on disk of every inbound service for
        other servers are then compared with the TLSA records of these names for port 25, on the controller, so that a certificate that
        the records do not fit is seen before a reload serves it. One that only services on the loopback of the host serve is not.
    version_added: 0.3.0
    type: list
    elements: str
    default: []
seealso:
  - module: postmaster.tls.postconf
  - module: postmaster.tls.tlsa_info
  - module: postmaster.tls.starttls_probe
"""

EXAMPLES = r"""
- name: Gather what senders can negotiate with this host
  postmaster.tls.mta_tls_facts:

- name: Show why suites are missing on port 25
  ansible.builtin.debug:
    msg: "{{ ansible_facts.mta_tls.postfix[0].services[0].dropped }}"

- name: Ask why a sender does not get a suite
  postmaster.tls.mta_tls_facts:
    why: [AES128-GCM-SHA256, ECDHE-RSA-AES128-GCM-SHA256]

- name: Ask what senders get, and why some get nothing
  postmaster.tls.mta_tls_facts:
    why:
      - sender: exchange-2016
      - sender: boringssl

- name: Show the answer
  ansible.builtin.debug:
    msg: "{{ ansible_facts.mta_tls.why | map(attribute='text') }}"

- name: Understand a host that Ansible cannot reach
  postmaster.tls.mta_tls_facts:
    saved:
      version: 2.6.6
      main: "{{ lookup('ansible.builtin.file', 'old-mx/postconf-n.txt') }}"
      master: "{{ lookup('ansible.builtin.file', 'old-mx/master.cf') }}"
      files:
        /etc/pki/tls/certs/mx.pem: "{{ lookup('ansible.builtin.file', 'old-mx/mx.pem') }}"
      complete: true
  delegate_to: localhost

- name: See whether the certificates on disk fit the TLSA records, before a reload serves them
  postmaster.tls.mta_tls_facts:
    gather_subset: [postfix, certificates]
    dane: [mx1.example.com]

- name: Predict another cipher list for sendmail
  postmaster.tls.mta_tls_facts:
    candidate:
      options:
        CipherList: "ECDHE+AESGCM:ECDHE+CHACHA20"

- name: Predict a change without making it
  postmaster.tls.mta_tls_facts:
    candidate:
      parameters:
        smtpd_tls_protocols: ">=TLSv1.2"
      services:
        submission/inet:
          smtpd_tls_security_level: encrypt
  register: prediction
"""

RETURN = r"""
ansible_facts:
  description: The facts. Suites are dictionaries of C(name), C(iana) and C(code).
  returned: always
  type: dict
  contains:
    mta_tls:
      description: What is known about mail and TLS on this host.
      returned: always
      type: dict
      contains:
        detected:
          description: The mail servers that were found. It is empty on a host without one.
          returned: always
          type: list
          elements: str
          sample: [postfix]
        openssl:
          description:
            - The C(command) with C(path) and C(version); C(config), what C(openssl.cnf) sets for every program, with
              C(path), C(min_protocol), C(cipher_string) and C(security_level); and C(crypto_policy), the system-wide policy.
          returned: when V(openssl) is in O(gather_subset)
          type: dict
        postfix:
          description:
            - The Postfix instances, each with C(version), C(config_directory), C(instance) (its name, C(-) for the default
              one), C(queue_directory), the C(library) it is linked with, the C(parameters) about TLS that its C(main.cf)
              sets, and its C(services). An instance that cannot be asked has a C(reason) and no services.
            - The C(library) has C(path), C(version), C(differs_from_command), C(built_with) (the OpenSSL that the MTA was
              compiled for, where it tells) and C(config), what the C(openssl.cnf) that this instance reads sets for it
              (see C(tls_config_file) in postconf(5)).
            - A service has C(name), C(daemons), C(direction), C(lane), C(listen), C(local) (whether nothing but the host itself can
              reach it), C(security_level), C(parameters), C(overrides), C(cipher_string), C(protocols), C(ciphers), C(dropped), C(groups), C(signatures),
              C(session_tickets), C(renegotiation), C(client_certificate), C(dh), C(certificate_files) and C(findings). Where
              the tables of Postfix name hosts, a server has C(server_names) and a client C(policies).
            - The addresses of C(listen) are those that a name in the configuration of Postfix has on the host; a name without any
              stays a name.
            - The C(parameters) of a service are those in force, expanded. Those of the instance, and the C(overrides),
              are as written.
            - Each of the C(ciphers) is a suite with C(protocols), C(bits), C(authentication) and C(key_exchange). Each of
              C(dropped) has C(suite), and the most specific C(reason) with its C(setting); C(also) has what would still keep
              the suite away without that one, in the same form.
            - Beside the words, C(cause) is one of V(excluded), V(not-in-list), V(protocol), V(certificate), V(security-level),
              V(group), V(tls13-list), V(credentials), V(mta) (too old for it), V(library) (does not have it), V(no-tls) and
              V(unexplained), for programs. C(item) is what it is about, where there is one, namely what is excluded, the type of
              the certificate that is missing, or the security level.
            - On a host with so many services that the facts would be over 180 kB, a service whose C(dropped) is that of an
              earlier one has C(dropped_as) instead, the configuration directory and name of that service, and the same is done for
              C(server_names) and C(policies); and if that is not
              enough, C(dropped) has only suites that senders of today offer, and C(dropped_more) counts the others, which
              O(why) explains.
            - C(signatures) are the schemes that the server signs with. C(session_tickets) and C(renegotiation) (begun by the
              client) are V(true) or V(false), C(client_certificate) is V(none), V(asked) or V(required), and C(dh) has the
              C(bits) and the C(source) of the parameters for DHE, and all C(sizes), since without a certificate OpenSSL may take smaller
              ones. These are for inbound services.
            - Each of C(server_names) has a C(name) and its C(certificate_files). Each of C(policies) has C(destination),
              C(security_level), C(protocols) and C(cipher_string).
            - Where the library could not be asked, C(dropped) has only what is certain whatever the library is.
            - C(protocols), C(ciphers), C(dropped), C(groups) and C(signatures) are empty for a service without TLS, and V(null) where
              they could not be found out.
          returned: always
          type: list
          elements: dict
        sendmail:
          description:
            - The sendmail of this host, in the shape of RV(ansible_facts.mta_tls.postfix), with one service for each daemon
              of C(DaemonPortOptions), and C(client) for outgoing mail. C(config_directory) is the path of its C(sendmail.cf).
            - C(compiled_with) has the words that C(sendmail -d0.13 -bt) prints. C(access_policies) are the entries about TLS
              of the access map that it reads, each with C(tag), C(peer) (empty for everybody) and C(value).
            - The C(parameters) of a service are the options of C(sendmail.cf) about TLS, expanded. C(cipher_string) is what
              C(CipherList) says, V(null) without one; whether OpenSSL takes it, the findings say.
          returned: always
          type: list
          elements: dict
        certificates:
          description:
            - The certificates that the services load, each once.
            - Each has C(file), C(key_file), C(key_matches), C(key_mode), C(subject), C(issuer), C(san), C(not_before),
              C(not_after), C(days_left), C(key_type), C(key_bits), C(key_curve), C(signature), C(sha256), C(spki_sha256), C(chain),
              C(chain_complete) and C(findings). From C(subject) on they are left out where no certificate was found.
            - With O(dane) each has C(dane), with an entry for each name that it is compared with, which has C(name), C(port) and the values
              of RV(postmaster.tls.starttls_probe#module:dane).
          returned: when V(certificates) is in O(gather_subset)
          type: list
          elements: dict
        ca_files:
          description:
            - The files of certification authorities that the services of Postfix load (C(smtpd_tls_CAfile) and the like), each once.
            - Each has C(file), C(directory), which is V(true) for C(CApath), the C(services) that load it, how many C(certificates)
              it holds, C(first_not_after), when the first of them expires, those that have C(expired), at most 20, each with
              C(subject), C(not_before) and C(not_after), and the C(reason) why it could not be read.
            - Of a directory only the number is told.
          returned: when V(certificates) is in O(gather_subset)
          type: list
          elements: dict
        why:
          description:
            - The answers to O(why), each with C(suite), C(config_directory), C(service), C(offered) (V(null) if that could not be
              found out), C(protocols), C(reason), C(setting), C(cause), C(also) and C(text), which says it in a sentence.
            - For a sender, each has C(sender), C(title), C(config_directory), C(service), C(connects) (V(null) if that could not be
              found out), C(protocol), C(cipher), C(reason), C(causes), C(suites) and C(text). C(reason) is a word of
              RV(postmaster.tls.starttls_probe#module:senders), or V(no-tls), V(not-asked)
              or V(handshake-breaks-off).
            - Of a sender that gets nothing, C(suites) are those that it offers, each with what is in the way, as in C(dropped);
              C(causes) has each cause once, with how many C(suites) it takes away, and how many would come back if it C(alone)
              were undone.
          returned: when O(why) names suites or senders
          type: list
          elements: dict
        findings:
          description: Everything that was found wrong on this host, also that of services and certificates.
          returned: always
          type: list
          elements: dict
          contains:
            code:
              description: A stable name.
              type: str
              returned: always
            severity:
              description: One of V(critical), V(high), V(medium), V(low) and V(info).
              type: str
              returned: always
            where:
              description: The configuration directory and service, or the file.
              type: str
              returned: always
            message:
              description: What is wrong.
              type: str
              returned: always
            evidence:
              description: What shows it.
              type: str
              returned: always
            remedy:
              description: What to do.
              type: str
              returned: always
"""

import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.postmaster.tls.plugins.module_utils._errors import PostmasterTlsError
from ansible_collections.postmaster.tls.plugins.module_utils._facts_task import ARGUMENTS, answer
from ansible_collections.postmaster.tls.plugins.module_utils._run import showable


def main() -> t.NoReturn:
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    try:
        result = answer(module.params)
    except PostmasterTlsError as error:
        module.fail_json(msg=showable(str(error)))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
