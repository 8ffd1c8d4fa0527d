# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the configurations refer to on the host: keys, certificates, DH parameters and openssl.cnf files."""

from __future__ import annotations

DIRECTORY = "/etc/postfix/tls"
#: Where a container finds what was made once.
MADE = "/materials"
GRADES = ("auto", "none", "strong", "ultra")


def _pair(name: str, kind: str = "") -> dict[str, str]:
    return {
        f"smtpd_tls_{kind}cert_file": f"{DIRECTORY}/{name}.pem",
        f"smtpd_tls_{kind}key_file": f"{DIRECTORY}/{name}.key",
    }


_ALONE = {"smtpd_tls_cert_file": "", "smtpd_tls_key_file": ""}
CERTIFICATES: dict[str, dict[str, str]] = {
    "rsa": _pair("rsa"),
    "ecdsa": {**_ALONE, **_pair("ec", "ec")},
    "ecdsa-as-first": _pair("ec"),
    "ecdsa-384": _pair("ec384"),
    "both": {**_pair("rsa"), **_pair("ec", "ec")},
    "rsa-small": _pair("rsa1024"),
    "rsa-sha1": _pair("rsasha1"),
    "rsa-pss": _pair("pss"),
    "ed25519": _pair("ed"),
    "dsa": {**_ALONE, **_pair("dsa", "d")},
    "rsa-and-dsa": {**_pair("rsa"), **_pair("dsa", "d")},
    "chain": {"smtpd_tls_chain_files": f"{DIRECTORY}/chain.pem"},
    "chains": {"smtpd_tls_chain_files": f"{DIRECTORY}/chain-rsa.pem, {DIRECTORY}/chain-ed.pem"},
    "one-file": {
        "smtpd_tls_cert_file": f"{DIRECTORY}/chain-rsa.pem",
        "smtpd_tls_key_file": "$smtpd_tls_cert_file",
    },
    "anonymous": {"smtpd_tls_cert_file": "none"},
    "none": _ALONE,
    "mismatch": {**_pair("rsa"), "smtpd_tls_key_file": f"{DIRECTORY}/ec.key"},
}
LIKELIHOOD = {
    **dict.fromkeys(CERTIFICATES, 1),
    "rsa": 14,
    "both": 8,
    "ecdsa": 3,
    "chain": 3,
    "ecdsa-as-first": 2,
}
DH_FILES = {f"{DIRECTORY}/dh1024.pem": 2, f"{DIRECTORY}/dh2048.pem": 2, "auto": 1, "none": 1}
_CONF = "tls_config_file"
LIBRARY_CONFIGURATIONS: tuple[dict[str, str], ...] = (
    {_CONF: "none"},
    {_CONF: f"{DIRECTORY}/minimum.cnf"},
    {_CONF: f"{DIRECTORY}/maximum.cnf"},
    {_CONF: f"{DIRECTORY}/strict.cnf"},
    {_CONF: f"{DIRECTORY}/suites.cnf"},
    {_CONF: f"{DIRECTORY}/groups.cnf"},
    {_CONF: f"{DIRECTORY}/options.cnf"},
    {_CONF: f"{DIRECTORY}/signatures.cnf"},
    {_CONF: f"{DIRECTORY}/named.cnf", "tls_config_name": "postfix"},
    {_CONF: f"{DIRECTORY}/named.cnf", "tls_config_name": "nobody"},
    {_CONF: f"{DIRECTORY}/named.cnf"},
)
#: With a DSA key and no algorithm that it can sign with, OpenSSL chooses a DSS suite and fails: whether a client gets
#: another suite then depends on everything else that it offers, so no list says what the server accepts.
UNSTEADY = (f"{DIRECTORY}/signatures.cnf",)
SECTIONS = {
    "minimum": "MinProtocol = TLSv1.2",
    "maximum": "MaxProtocol = TLSv1.2",
    "strict": "CipherString = DEFAULT:@SECLEVEL=2",
    "suites": "Ciphersuites = TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_CCM_SHA256",
    "groups": "Groups = P-384:X25519",
    "options": "Options = ServerPreference,PrioritizeChaCha,-SessionTicket",
    "every-suite": "Ciphersuites = TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256"
    ":TLS_AES_128_CCM_SHA256:TLS_AES_128_CCM_8_SHA256",
    "signatures": "SignatureAlgorithms = RSA+SHA256:ECDSA+SHA256",
}


def openssl_cnf(section: str, application: str = "openssl_conf") -> str:
    """Return an openssl.cnf(5) that sets this for every context of an application."""
    return (
        f"{application} = init\n[init]\nssl_conf = modules\n"
        f"[modules]\nsystem_default = settings\n[settings]\n{section}\n"
    )


def files_script(directory: str = DIRECTORY) -> str:
    """Return the shell script that lays out keys, certificates, DH parameters and openssl.cnf files."""
    files = {name: openssl_cnf(text) for name, text in SECTIONS.items()}
    files["named"] = openssl_cnf("MinProtocol = TLSv1.2", "postfix")
    written = "".join(
        f"cat > {name}.cnf <<'END'\n{text}END\n" for name, text in sorted(files.items())
    )
    return f"mkdir -p {directory} && cd {directory}\ncp {MADE}/* .\n{written}"


def setup_script() -> str:
    """Return the shell script that lays out all of it, and makes a main.cf to which services add overrides."""
    return files_script() + _POSTFIX


#: Makes keys, certificates and DH parameters in the directory in which it runs.
KEYS_SCRIPT = """
request() {
    name=$1
    shift
    openssl req -x509 -nodes -days 3650 -subj /CN=mx.example.test -keyout "$name.key" -out "$name.pem" "$@" 2>&1
}
request rsa -newkey rsa:2048
request rsa1024 -newkey rsa:1024
request rsasha1 -newkey rsa:2048 -sha1
request ec -newkey ec -pkeyopt ec_paramgen_curve:P-256
request ec384 -newkey ec -pkeyopt ec_paramgen_curve:P-384
request ed -newkey ed25519
openssl genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 -out pss.key 2>&1
openssl req -x509 -new -days 3650 -subj /CN=mx.example.test -key pss.key -out pss.pem 2>&1
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out other.key 2>&1
openssl dsaparam -out dsa.param 2048 2>&1
openssl gendsa -out dsa.key dsa.param 2>&1
openssl req -x509 -new -days 3650 -subj /CN=mx.example.test -key dsa.key -out dsa.pem 2>&1
openssl dhparam -dsaparam -out dh1024.pem 1024 2>&1
openssl dhparam -dsaparam -out dh2048.pem 2048 2>&1
openssl genpkey -genparam -algorithm DHX -pkeyopt dh_rfc5114:1 -out dhx1024.pem 2>&1 ||
    openssl genpkey -genparam -algorithm DH -pkeyopt dh_rfc5114:1 -out dhx1024.pem 2>&1
cat ec.key ec.pem rsa.key rsa.pem > chain.pem
for key in rsa ec dsa; do cat "$key.key" "$key.pem" > "chain-$key.pem"; done
cat ed.key ed.pem > chain-ed.pem
"""
_POSTFIX = """postconf -e maillog_file=/var/log/postfix.log myhostname=mx.example.test inet_interfaces=127.0.0.1 \\
    inet_protocols=ipv4 smtpd_tls_security_level=may smtpd_tls_cert_file= smtpd_tls_key_file= \\
    smtpd_peername_lookup=no 'smtpd_tls_key_file=$smtpd_tls_cert_file'
cp /etc/postfix/master.cf /etc/postfix/master.cf.base
"""
