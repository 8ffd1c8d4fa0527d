# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to postmaster.tls: may change in any release; import it from this collection only.

"""Which TLS parameters a Postfix release has, and their defaults.

Made by tests/tools/make_history.py from tests/fixtures/postfix_tls_param_history.json, which is read from the
VAR_ and DEF_ pairs of src/global/mail_params.h at every release. Do not edit.
"""

from __future__ import annotations

import typing as t

if t.TYPE_CHECKING:
    from ansible_collections.postmaster.tls.plugins.module_utils._postfix._version import (
        PostfixVersion,
    )

_Key = tuple[int, int, int]

# A line a parameter: name|first version =default|first version =default|first version - (not there)
_TABLE: t.Final = """
lmtp_enforce_tls| 2.3.0 =no
lmtp_log_tls_feature_status| 3.11.0 =yes
lmtp_requiretls_policy| 3.11.0 =opportunistic
lmtp_sasl_tls_security_options| 2.3.0 =$lmtp_sasl_security_options
lmtp_sasl_tls_verified_security_options| 2.3.0 =$lmtp_sasl_tls_security_options
lmtp_starttls_timeout| 2.3.0 =300s
lmtp_tls_CAfile| 2.3.0 =
lmtp_tls_CApath| 2.3.0 =
lmtp_tls_block_early_mail_reply| 2.7.0 =no
lmtp_tls_cert_file| 2.3.0 =
lmtp_tls_chain_files| 3.4.0 =
lmtp_tls_ciphers| 2.6.0 =export| 2.9.14 =medium| 2.10.0 =export| 2.10.8 =medium| 2.11.0 =export|
  2.11.6 =medium| 3.0.0 =export| 3.0.2 =medium
lmtp_tls_connection_reuse| 3.4.0 =no
lmtp_tls_dcert_file| 2.3.0 =
lmtp_tls_dkey_file| 2.3.0 =$lmtp_tls_dcert_file
lmtp_tls_eccert_file| 2.6.0 =
lmtp_tls_eckey_file| 2.6.0 =$lmtp_tls_eccert_file
lmtp_tls_enable_rpk| 3.9.0 =no
lmtp_tls_enforce_peername| 2.3.0 =yes
lmtp_tls_enforce_sts_mx_patterns| 3.10.5 =yes
lmtp_tls_exclude_ciphers| 2.3.0 =
lmtp_tls_fingerprint_cert_match| 2.5.0 =
lmtp_tls_fingerprint_digest| 2.5.0 =md5|
  3.6.0 =${{$compatibility_level} <level {3.6} ? {md5} : {sha256}}
lmtp_tls_force_insecure_host_tlsa_lookup| 2.11.0 =no
lmtp_tls_key_file| 2.3.0 =$lmtp_tls_cert_file
lmtp_tls_loglevel| 2.3.0 =0
lmtp_tls_loglevel_maps| 3.12.0 =
lmtp_tls_mandatory_ciphers| 2.3.0 =medium
lmtp_tls_mandatory_exclude_ciphers| 2.3.0 =
lmtp_tls_mandatory_protocols| 2.3.0 =SSLv3, TLSv1| 2.6.15 =!SSLv2| 2.7.0 =SSLv3, TLSv1|
  2.7.9 =!SSLv2| 2.8.0 =SSLv3, TLSv1| 2.8.10 =!SSLv2| 2.9.0 =SSLv3, TLSv1| 2.9.2 =!SSLv2|
  2.9.14 =!SSLv2, !SSLv3| 2.10.0 =!SSLv2| 2.10.8 =!SSLv2, !SSLv3| 2.11.0 =!SSLv2|
  2.11.6 =!SSLv2, !SSLv3| 3.0.0 =!SSLv2| 3.0.2 =!SSLv2, !SSLv3| 3.6.0 =>=TLSv1
lmtp_tls_note_starttls_offer| 2.3.0 =no
lmtp_tls_per_site| 2.3.0 =
lmtp_tls_policy_maps| 2.3.0 =
lmtp_tls_protocols| 2.6.0 =!SSLv2| 2.9.14 =!SSLv2, !SSLv3| 2.10.0 =!SSLv2|
  2.10.8 =!SSLv2, !SSLv3| 2.11.0 =!SSLv2| 2.11.6 =!SSLv2, !SSLv3| 3.0.0 =!SSLv2|
  3.0.2 =!SSLv2, !SSLv3| 3.6.0 =>=TLSv1
lmtp_tls_scert_verifydepth| 2.3.0 =5| 2.5.0 =9
lmtp_tls_secure_cert_match| 2.3.0 =nexthop
lmtp_tls_security_level| 2.3.0 =
lmtp_tls_servername| 3.4.0 =
lmtp_tls_session_cache_database| 2.3.0 =
lmtp_tls_session_cache_timeout| 2.3.0 =3600s
lmtp_tls_trace_size_limit| 3.12.0 =102400
lmtp_tls_trust_anchor_file| 2.11.0 =
lmtp_tls_verify_cert_match| 2.3.0 =hostname
lmtp_tls_wrappermode| 3.0.0 =no
lmtp_tlsrpt_enable| 3.10.0 =no
lmtp_tlsrpt_skip_reused_handshakes| 3.10.0 =yes| 3.11.0 =no
lmtp_tlsrpt_socket_name| 3.10.0 =
lmtp_use_tls| 2.3.0 =no
openssl_path| 3.1.0 =openssl
postscreen_enforce_tls| 2.8.0 =$smtpd_enforce_tls
postscreen_starttls_timeout| 3.12.0 =$smtpd_starttls_timeout
postscreen_tls_CAfile| 3.12.0 =$smtpd_tls_CAfile
postscreen_tls_CApath| 3.12.0 =$smtpd_tls_CApath
postscreen_tls_always_issue_session_ids| 3.12.0 =$smtpd_tls_always_issue_session_ids
postscreen_tls_ask_ccert| 3.12.0 =$smtpd_tls_ask_ccert
postscreen_tls_ccert_verifydepth| 3.12.0 =$smtpd_tls_ccert_verifydepth
postscreen_tls_cert_file| 3.12.0 =$smtpd_tls_cert_file
postscreen_tls_chain_files| 3.12.0 =$smtpd_tls_chain_files
postscreen_tls_ciphers| 3.12.0 =$smtpd_tls_ciphers
postscreen_tls_dcert_file| 3.12.0 =$smtpd_tls_dcert_file
postscreen_tls_dh1024_param_file| 3.12.0 =$smtpd_tls_dh1024_param_file
postscreen_tls_dh512_param_file| 3.12.0 =$smtpd_tls_dh512_param_file
postscreen_tls_dkey_file| 3.12.0 =$smtpd_tls_dkey_file
postscreen_tls_eccert_file| 3.12.0 =$smtpd_tls_eccert_file
postscreen_tls_eckey_file| 3.12.0 =$smtpd_tls_eckey_file
postscreen_tls_eecdh_grade| 3.12.0 =$smtpd_tls_eecdh_grade
postscreen_tls_enable_rpk| 3.12.0 =$smtpd_tls_enable_rpk
postscreen_tls_exclude_ciphers| 3.12.0 =$smtpd_tls_exclude_ciphers
postscreen_tls_fingerprint_digest| 3.12.0 =$smtpd_tls_fingerprint_digest
postscreen_tls_key_file| 3.12.0 =$smtpd_tls_key_file
postscreen_tls_loglevel| 3.12.0 =$smtpd_tls_loglevel
postscreen_tls_loglevel_maps| 3.12.0 =$smtpd_tls_loglevel_maps
postscreen_tls_mandatory_ciphers| 3.12.0 =$smtpd_tls_mandatory_ciphers
postscreen_tls_mandatory_exclude_ciphers| 3.12.0 =$smtpd_tls_mandatory_exclude_ciphers
postscreen_tls_mandatory_protocols| 3.12.0 =$smtpd_tls_mandatory_protocols
postscreen_tls_protocols| 3.12.0 =$smtpd_tls_protocols
postscreen_tls_req_ccert| 3.12.0 =$smtpd_tls_req_ccert
postscreen_tls_security_level| 2.8.0 =$smtpd_tls_security_level
postscreen_tls_trace_size_limit| 3.12.0 =$smtpd_tls_trace_size_limit
postscreen_use_tls| 2.8.0 =$smtpd_use_tls
requiretls_enable| 3.11.0 =yes
requiretls_esmtp_header| 3.11.0 =yes
requiretls_redact_dsn| 3.11.0 =yes
smtp_enforce_tls| 2.3.0 =0
smtp_log_tls_feature_status| 3.11.0 =yes
smtp_requiretls_policy| 3.11.0 =inline:{{${domain_to_ascii{$mydomain}}=opportunistic}, {.${domai
  n_to_ascii{$mydomain}}=opportunistic}, {localhost=opportunistic}}, cidr:{{0.0.0.0/0 opportunis
  tic}, {::/0 opportunistic}}, enforce
smtp_sasl_tls_security_options| 2.3.0 =$smtp_sasl_security_options
smtp_sasl_tls_verified_security_options| 2.3.0 =$smtp_sasl_tls_security_options
smtp_starttls_timeout| 2.3.0 =300s
smtp_tls_CAfile| 2.3.0 =
smtp_tls_CApath| 2.3.0 =
smtp_tls_block_early_mail_reply| 2.7.0 =0
smtp_tls_cert_file| 2.3.0 =
smtp_tls_chain_files| 3.4.0 =
smtp_tls_ciphers| 2.6.0 =export| 2.9.14 =medium| 2.10.0 =export| 2.10.8 =medium| 2.11.0 =export|
  2.11.6 =medium| 3.0.0 =export| 3.0.2 =medium
smtp_tls_connection_reuse| 3.4.0 =0
smtp_tls_dane_insecure_mx_policy| 3.1.0 =dane|
  3.2.21 =${{$smtp_tls_security_level} == {dane} ? {dane} : {may}}| 3.3.0 =dane|
  3.3.16 =${{$smtp_tls_security_level} == {dane} ? {dane} : {may}}| 3.4.0 =dane|
  3.4.19 =${{$smtp_tls_security_level} == {dane} ? {dane} : {may}}| 3.5.0 =dane|
  3.5.9 =${{$smtp_tls_security_level} == {dane} ? {dane} : {may}}| 3.6.17 =dane|
  3.7.0 =${{$smtp_tls_security_level} == {dane} ? {dane} : {may}}| 3.7.13 =dane|
  3.8.0 =${{$smtp_tls_security_level} == {dane} ? {dane} : {may}}| 3.8.8 =dane|
  3.9.0 =${{$smtp_tls_security_level} == {dane} ? {dane} : {may}}| 3.9.2 =dane
smtp_tls_dcert_file| 2.3.0 =
smtp_tls_dkey_file| 2.3.0 =$smtp_tls_dcert_file
smtp_tls_eccert_file| 2.6.0 =
smtp_tls_eckey_file| 2.6.0 =$smtp_tls_eccert_file
smtp_tls_enable_rpk| 3.9.0 =0
smtp_tls_enforce_peername| 2.3.0 =1
smtp_tls_enforce_sts_mx_patterns| 3.10.5 =yes
smtp_tls_exclude_ciphers| 2.3.0 =
smtp_tls_fingerprint_cert_match| 2.5.0 =
smtp_tls_fingerprint_digest| 2.5.0 =md5|
  3.6.0 =${{$compatibility_level} <level {3.6} ? {md5} : {sha256}}
smtp_tls_force_insecure_host_tlsa_lookup| 2.11.0 =0
smtp_tls_key_file| 2.3.0 =$smtp_tls_cert_file
smtp_tls_loglevel| 2.3.0 =0
smtp_tls_loglevel_maps| 3.12.0 =
smtp_tls_mandatory_ciphers| 2.3.0 =medium
smtp_tls_mandatory_exclude_ciphers| 2.3.0 =
smtp_tls_mandatory_protocols| 2.3.0 =SSLv3, TLSv1| 2.6.15 =!SSLv2| 2.7.0 =SSLv3, TLSv1|
  2.7.9 =!SSLv2| 2.8.0 =SSLv3, TLSv1| 2.8.10 =!SSLv2| 2.9.0 =SSLv3, TLSv1| 2.9.2 =!SSLv2|
  2.9.14 =!SSLv2, !SSLv3| 2.10.0 =!SSLv2| 2.10.8 =!SSLv2, !SSLv3| 2.11.0 =!SSLv2|
  2.11.6 =!SSLv2, !SSLv3| 3.0.0 =!SSLv2| 3.0.2 =!SSLv2, !SSLv3| 3.6.0 =>=TLSv1
smtp_tls_note_starttls_offer| 2.3.0 =0
smtp_tls_per_site| 2.3.0 =
smtp_tls_policy_maps| 2.3.0 =
smtp_tls_protocols| 2.6.0 =!SSLv2| 2.9.14 =!SSLv2, !SSLv3| 2.10.0 =!SSLv2|
  2.10.8 =!SSLv2, !SSLv3| 2.11.0 =!SSLv2| 2.11.6 =!SSLv2, !SSLv3| 3.0.0 =!SSLv2|
  3.0.2 =!SSLv2, !SSLv3| 3.6.0 =>=TLSv1
smtp_tls_scert_verifydepth| 2.3.0 =5| 2.5.0 =9
smtp_tls_secure_cert_match| 2.3.0 =nexthop, dot-nexthop
smtp_tls_security_level| 2.3.0 =| 3.11.0 =(build decides)
smtp_tls_servername| 3.4.0 =
smtp_tls_session_cache_database| 2.3.0 =
smtp_tls_session_cache_timeout| 2.3.0 =3600s
smtp_tls_trace_size_limit| 3.12.0 =102400
smtp_tls_trust_anchor_file| 2.11.0 =
smtp_tls_verify_cert_match| 2.3.0 =hostname
smtp_tls_wrappermode| 3.0.0 =0
smtp_tlsrpt_enable| 3.10.0 =no
smtp_tlsrpt_skip_reused_handshakes| 3.10.0 =yes| 3.11.0 =no
smtp_tlsrpt_socket_name| 3.10.0 =
smtp_use_tls| 2.3.0 =0
smtpd_client_new_tls_session_rate_limit| 2.3.0 =0
smtpd_enforce_tls| 2.3.0 =no
smtpd_sasl_tls_security_options| 2.3.0 =$smtpd_sasl_security_options
smtpd_starttls_timeout| 2.3.0 =300s| 2.8.0 =${stress?10}${stress:300}s|
  3.0.0 =${stress?{10}:{300}}s
smtpd_tls_CAfile| 2.3.0 =
smtpd_tls_CApath| 2.3.0 =
smtpd_tls_always_issue_session_ids| 2.3.1 =yes
smtpd_tls_ask_ccert| 2.3.0 =no
smtpd_tls_auth_only| 2.3.0 =no
smtpd_tls_ccert_verifydepth| 2.3.0 =5| 2.5.0 =9
smtpd_tls_cert_file| 2.3.0 =
smtpd_tls_chain_files| 3.4.0 =
smtpd_tls_ciphers| 2.6.0 =export| 2.9.14 =medium| 2.10.0 =export| 2.10.8 =medium|
  2.11.0 =export| 2.11.6 =medium| 3.0.0 =export| 3.0.2 =medium
smtpd_tls_dcert_file| 2.3.0 =
smtpd_tls_dh1024_param_file| 2.3.0 =
smtpd_tls_dh512_param_file| 2.3.0 =
smtpd_tls_dkey_file| 2.3.0 =$smtpd_tls_dcert_file
smtpd_tls_eccert_file| 2.6.0 =
smtpd_tls_eckey_file| 2.6.0 =$smtpd_tls_eccert_file
smtpd_tls_eecdh_grade| 2.6.0 =(build decides)| 2.8.0 =strong| 3.2.0 =(build decides)|
  3.4.0 =auto
smtpd_tls_enable_rpk| 3.9.0 =no
smtpd_tls_exclude_ciphers| 2.3.0 =
smtpd_tls_fingerprint_digest| 2.5.0 =md5|
  3.6.0 =${{$compatibility_level} <level {3.6} ? {md5} : {sha256}}
smtpd_tls_key_file| 2.3.0 =$smtpd_tls_cert_file
smtpd_tls_loglevel| 2.3.0 =0
smtpd_tls_loglevel_maps| 3.12.0 =
smtpd_tls_mandatory_ciphers| 2.3.0 =medium
smtpd_tls_mandatory_exclude_ciphers| 2.3.0 =
smtpd_tls_mandatory_protocols| 2.3.0 =SSLv3, TLSv1| 2.6.15 =!SSLv2| 2.7.0 =SSLv3, TLSv1|
  2.7.9 =!SSLv2| 2.8.0 =SSLv3, TLSv1| 2.8.10 =!SSLv2| 2.9.0 =SSLv3, TLSv1| 2.9.2 =!SSLv2|
  2.9.14 =!SSLv2, !SSLv3| 2.10.0 =!SSLv2| 2.10.8 =!SSLv2, !SSLv3| 2.11.0 =!SSLv2|
  2.11.6 =!SSLv2, !SSLv3| 3.0.0 =!SSLv2| 3.0.2 =!SSLv2, !SSLv3| 3.6.0 =>=TLSv1
smtpd_tls_protocols| 2.6.0 =| 2.9.14 =!SSLv2, !SSLv3| 2.10.0 =| 2.10.8 =!SSLv2, !SSLv3|
  2.11.0 =| 2.11.6 =!SSLv2, !SSLv3| 3.0.0 =| 3.0.2 =!SSLv2, !SSLv3| 3.6.0 =>=TLSv1
smtpd_tls_received_header| 2.3.0 =no
smtpd_tls_req_ccert| 2.3.0 =no
smtpd_tls_security_level| 2.3.0 =
smtpd_tls_session_cache_database| 2.3.0 =
smtpd_tls_session_cache_timeout| 2.3.0 =3600s
smtpd_tls_trace_size_limit| 3.12.0 =102400
smtpd_tls_wrappermode| 2.3.0 =no
smtpd_use_tls| 2.3.0 =no
tls_append_default_CA| 2.4.15 =no| 2.5.0 -| 2.5.11 =no| 2.6.0 -| 2.6.8 =no| 2.7.0 -| 2.7.2 =no
tls_config_file| 3.5.20 =default| 3.6.0 -| 3.6.10 =default| 3.7.0 -| 3.7.6 =default| 3.8.0 -|
  3.8.1 =default
tls_config_name| 3.5.20 =| 3.6.0 -| 3.6.10 =| 3.7.0 -| 3.7.6 =| 3.8.0 -| 3.8.1 =
tls_daemon_random_bytes| 2.3.0 =32
tls_dane_digest_agility| 2.11.0 =on| 3.4.0 -
tls_dane_digests| 2.11.0 =sha512 sha256
tls_dane_trust_anchor_digest_enable| 2.11.0 =yes| 3.4.0 -
tls_disable_workarounds| 2.8.0 =(not literal)| 2.8.2 =(build decides)| 3.4.0 =
tls_eecdh_auto_curves| 3.2.0 =(build decides)
tls_eecdh_strong_curve| 2.6.0 =prime256v1
tls_eecdh_ultra_curve| 2.6.0 =secp384r1
tls_export_cipherlist| 2.3.0 =ALL:+RC4:@STRENGTH| 2.6.7 =(build decides)|
  2.7.0 =ALL:+RC4:@STRENGTH| 2.7.1 =(build decides)|
  3.4.0 =aNULL:-aNULL:HIGH:MEDIUM:LOW:EXPORT:+RC4:@STRENGTH| 3.8.0 =
tls_fast_shutdown| 3.1.13 =yes| 3.1.14 -| 3.2.10 =yes| 3.2.11 -| 3.3.5 =yes| 3.3.6 -|
  3.4.6 =yes| 3.4.7 -
tls_fast_shutdown_enable| 3.1.14 =yes| 3.2.0 -| 3.2.11 =yes| 3.3.0 -| 3.3.6 =yes| 3.4.0 -|
  3.4.7 =yes
tls_ffdhe_auto_groups| 3.8.0 =(build decides)
tls_high_cipherlist| 2.3.0 =!EXPORT:!LOW:!MEDIUM:ALL:+RC4:@STRENGTH|
  2.3.4 =ALL:!EXPORT:!LOW:!MEDIUM:+RC4:@STRENGTH| 2.6.7 =(build decides)|
  2.7.0 =ALL:!EXPORT:!LOW:!MEDIUM:+RC4:@STRENGTH| 2.7.1 =(build decides)|
  3.4.0 =aNULL:-aNULL:HIGH:@STRENGTH|
  3.8.0 =aNULL:-aNULL:HIGH:!SEED:!IDEA:!3DES:!RC2:!RC4:!RC5:!kDH:!kECDH:!aDSS:!MD5:@STRENGTH
tls_legacy_public_key_fingerprints| 2.9.6 =no| 3.11.0 -
tls_low_cipherlist| 2.3.0 =!EXPORT:ALL:+RC4:@STRENGTH| 2.3.4 =ALL:!EXPORT:+RC4:@STRENGTH|
  2.6.7 =(build decides)| 2.7.0 =ALL:!EXPORT:+RC4:@STRENGTH| 2.7.1 =(build decides)|
  3.4.0 =aNULL:-aNULL:HIGH:MEDIUM:LOW:+RC4:@STRENGTH| 3.8.0 =
tls_medium_cipherlist| 2.3.0 =!EXPORT:!LOW:ALL:+RC4:@STRENGTH|
  2.3.4 =ALL:!EXPORT:!LOW:+RC4:@STRENGTH| 2.6.7 =(build decides)|
  2.7.0 =ALL:!EXPORT:!LOW:+RC4:@STRENGTH| 2.7.1 =(build decides)|
  3.4.0 =aNULL:-aNULL:HIGH:MEDIUM:+RC4:@STRENGTH| 3.8.0 =aNULL:-aNULL:HIGH:MEDIUM:!SEED:!IDEA:!3
  DES:!RC2:!RC4:!RC5:!kDH:!kECDH:!aDSS:!MD5:+RC4:@STRENGTH
tls_null_cipherlist| 2.3.0 =!aNULL:eNULL+kRSA| 2.4.0 =eNULL:!aNULL|
  3.8.0 =eNULL:!kDH:!kECDH:!aDSS:!MD5:!aNULL
tls_preempt_cipherlist| 2.8.0 =no
tls_random_bytes| 2.3.0 =32
tls_random_exchange_name| 2.3.0 =${config_directory}/prng_exch|
  2.5.0 =${data_directory}/prng_exch
tls_random_prng_update_period| 2.3.0 =3600s
tls_random_reseed_period| 2.3.0 =3600s
tls_random_source| 2.3.0 =(build decides)
tls_required_enable| 3.10.0 =yes
tls_server_sni_maps| 3.4.0 =
tls_session_ticket_cipher| 3.0.0 =aes-128-cbc| 3.0.6 =aes-256-cbc| 3.1.0 =aes-128-cbc|
  3.1.2 =aes-256-cbc
tls_ssl_options| 2.11.0 =
tls_trace_rate_limit| 3.12.0 =1
tls_trust_server_ccerts| 3.12.0 =no
tls_wildcard_matches_multiple_labels| 2.11.0 =yes
tlsmgr_service_name| 2.11.0 =tlsmgr
tlsproxy_client_CAfile| 3.4.0 =$smtp_tls_CAfile
tlsproxy_client_CApath| 3.4.0 =$smtp_tls_CApath
tlsproxy_client_cert_file| 3.4.0 =$smtp_tls_cert_file
tlsproxy_client_chain_files| 3.4.0 =$smtp_tls_chain_files
tlsproxy_client_dcert_file| 3.4.0 =$smtp_tls_dcert_file
tlsproxy_client_dkey_file| 3.4.0 =$smtp_tls_dkey_file
tlsproxy_client_eccert_file| 3.4.0 =$smtp_tls_eccert_file
tlsproxy_client_eckey_file| 3.4.0 =$smtp_tls_eckey_file
tlsproxy_client_enforce_tls| 3.4.0 =$smtp_enforce_tls
tlsproxy_client_fingerprint_digest| 3.4.0 =$smtp_tls_fingerprint_digest
tlsproxy_client_key_file| 3.4.0 =$smtp_tls_key_file
tlsproxy_client_level| 3.4.0 =$smtp_tls_security_level| 3.7.0 -
tlsproxy_client_loglevel| 3.4.0 =$smtp_tls_loglevel
tlsproxy_client_loglevel_parameter| 3.4.0 =smtp_tls_loglevel| 3.12.0 -
tlsproxy_client_per_site| 3.4.0 =$smtp_tls_per_site
tlsproxy_client_policy| 3.4.0 =$smtp_tls_policy_maps| 3.7.0 -
tlsproxy_client_policy_maps| 3.7.0 =${tlsproxy_client_policy:$smtp_tls_policy_maps}|
  3.7.16 =${tlsproxy_client_policy?{$tlsproxy_client_policy}:{$smtp_tls_policy_maps}}|
  3.8.0 =${tlsproxy_client_policy:$smtp_tls_policy_maps}|
  3.8.11 =${tlsproxy_client_policy?{$tlsproxy_client_policy}:{$smtp_tls_policy_maps}}|
  3.9.0 =${tlsproxy_client_policy:$smtp_tls_policy_maps}|
  3.9.5 =${tlsproxy_client_policy?{$tlsproxy_client_policy}:{$smtp_tls_policy_maps}}|
  3.10.0 =${tlsproxy_client_policy:$smtp_tls_policy_maps}|
  3.10.4 =${tlsproxy_client_policy?{$tlsproxy_client_policy}:{$smtp_tls_policy_maps}}
tlsproxy_client_scert_verifydepth| 3.4.0 =$smtp_tls_scert_verifydepth
tlsproxy_client_security_level| 3.7.0 =${tlsproxy_client_level:$smtp_tls_security_level}|
  3.7.16 =${tlsproxy_client_level?{$tlsproxy_client_level}:{$smtp_tls_security_level}}|
  3.8.0 =${tlsproxy_client_level:$smtp_tls_security_level}|
  3.8.11 =${tlsproxy_client_level?{$tlsproxy_client_level}:{$smtp_tls_security_level}}|
  3.9.0 =${tlsproxy_client_level:$smtp_tls_security_level}|
  3.9.5 =${tlsproxy_client_level?{$tlsproxy_client_level}:{$smtp_tls_security_level}}|
  3.10.0 =${tlsproxy_client_level:$smtp_tls_security_level}|
  3.10.4 =${tlsproxy_client_level?{$tlsproxy_client_level}:{$smtp_tls_security_level}}
tlsproxy_client_use_tls| 3.4.0 =$smtp_use_tls
tlsproxy_enforce_tls| 2.8.0 =$smtpd_enforce_tls
tlsproxy_service_name| 2.8.0 =(not literal)
tlsproxy_tls_CAfile| 2.8.0 =$smtpd_tls_CAfile
tlsproxy_tls_CApath| 2.8.0 =$smtpd_tls_CApath
tlsproxy_tls_always_issue_session_ids| 2.8.0 =$smtpd_tls_always_issue_session_ids
tlsproxy_tls_ask_ccert| 2.8.0 =$smtpd_tls_ask_ccert
tlsproxy_tls_ccert_verifydepth| 2.8.0 =$smtpd_tls_ccert_verifydepth
tlsproxy_tls_cert_file| 2.8.0 =$smtpd_tls_cert_file
tlsproxy_tls_chain_files| 3.4.0 =$smtpd_tls_chain_files
tlsproxy_tls_ciphers| 2.8.0 =$smtpd_tls_ciphers
tlsproxy_tls_dcert_file| 2.8.0 =$smtpd_tls_dcert_file
tlsproxy_tls_dh1024_param_file| 2.8.0 =$smtpd_tls_dh1024_param_file
tlsproxy_tls_dh512_param_file| 2.8.0 =$smtpd_tls_dh512_param_file
tlsproxy_tls_dkey_file| 2.8.0 =$smtpd_tls_dkey_file
tlsproxy_tls_eccert_file| 2.8.0 =$smtpd_tls_eccert_file
tlsproxy_tls_eckey_file| 2.8.0 =$smtpd_tls_eckey_file
tlsproxy_tls_eecdh_grade| 2.8.0 =$smtpd_tls_eecdh_grade
tlsproxy_tls_enable_rpk| 3.9.0 =$smtpd_tls_enable_rpk
tlsproxy_tls_exclude_ciphers| 2.8.0 =$smtpd_tls_exclude_ciphers
tlsproxy_tls_fingerprint_digest| 2.8.0 =$smtpd_tls_fingerprint_digest
tlsproxy_tls_key_file| 2.8.0 =$smtpd_tls_key_file
tlsproxy_tls_loglevel| 2.8.0 =$smtpd_tls_loglevel
tlsproxy_tls_mandatory_ciphers| 2.8.0 =$smtpd_tls_mandatory_ciphers
tlsproxy_tls_mandatory_exclude_ciphers| 2.8.0 =$smtpd_tls_mandatory_exclude_ciphers
tlsproxy_tls_mandatory_protocols| 2.8.0 =$smtpd_tls_mandatory_protocols
tlsproxy_tls_protocols| 2.8.0 =$smtpd_tls_protocols
tlsproxy_tls_received_header| 2.8.0 =$smtpd_tls_received_header
tlsproxy_tls_req_ccert| 2.8.0 =$smtpd_tls_req_ccert
tlsproxy_tls_security_level| 2.8.0 =$smtpd_tls_security_level
tlsproxy_tls_session_cache_database| 2.8.0 =$smtpd_tls_session_cache_database| 2.11.0 -
tlsproxy_tls_session_cache_timeout| 2.8.0 =$smtpd_tls_session_cache_timeout| 2.11.0 -
tlsproxy_use_tls| 2.8.0 =$smtpd_use_tls
tlsproxy_watchdog_timeout| 2.8.0 =10s
"""

_NOT_A_VALUE: t.Final = ("(build decides)", "(not literal)")


def _key(text: str) -> _Key:
    major, minor, patch = (int(part) for part in text.split("."))
    return major, minor, patch


def _read_table() -> dict[str, list[tuple[_Key, str | None]]]:
    table: dict[str, list[tuple[_Key, str | None]]] = {}
    for line in _TABLE.strip().replace("\n  ", "").split("\n"):
        name, *entries = line.split("|")
        table[name] = []
        for entry in entries:
            version, value = entry.strip().split(" ", 1)
            table[name].append((_key(version), None if value == "-" else value[1:]))
    return table


_HISTORY: t.Final = _read_table()
PARAMETERS: t.Final[tuple[str, ...]] = tuple(_HISTORY)
#: The newest release of which anything is known.
NEWEST: t.Final[_Key] = max(entries[-1][0] for entries in _HISTORY.values())


def _entry(parameter: str, version: PostfixVersion) -> str | None:
    at = (version.major, version.minor, version.patch)
    value: str | None = None
    for first, default in _HISTORY.get(parameter, ()):
        if first > at:
            break
        value = default
    return value


def exists(parameter: str, version: PostfixVersion) -> bool:
    """Whether this release has a TLS parameter of that name. Source: mail_params.h at the tag."""
    return _entry(parameter, version) is not None


def default_of(parameter: str, version: PostfixVersion) -> str | None:
    """The compiled-in default, unexpanded as `postconf -d` shows it; None: no such parameter, or the build decides."""
    value = _entry(parameter, version)
    return None if value in _NOT_A_VALUE else value


__all__ = ["NEWEST", "PARAMETERS", "default_of", "exists"]
