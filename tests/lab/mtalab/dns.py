# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's DNS: two servers with Knot, a resolver with Unbound that validates, and their files."""

from __future__ import annotations

import base64
import hashlib
import secrets
import typing as t
from dataclasses import dataclass
from pathlib import Path

from mtalab import zones
from mtalab.console import run
from mtalab.engine import Podman
from mtalab.network import Network
from mtalab.pki import CERTIFICATES, Authority
from mtalab.scenarios import HOSTS, Host, Scenario

DIRECTORY = "/etc/postmaster-lab"
START = Path(__file__).resolve().parent.parent / "start-knot.sh"
TRUST_ANCHOR = f"{DIRECTORY}/trust-anchor"
TSIG_NAME = "lab-update"
TSIG_ALGORITHM = "hmac-sha256"
FIRST, SECOND, RESOLVER = "ns1", "ns2", "sender-dane"
SENDMAIL = "sm-trixie"

SERVER = """server:
    listen: [ 0.0.0.0@53, ::@53 ]
    rundir: /run/knot
    user: knot:knot
    automatic-acl: on
log:
  - target: stdout
    any: info
database:
    storage: /var/lib/knot
key:
  - id: {key_name}
    algorithm: {key_algorithm}
    secret: {secret}
remote:
  - id: first
    address: {first}
  - id: second
    address: {second}
acl:
  - id: update
    key: {key_name}
    action: [ update, transfer ]
"""
PRIMARY = """policy:
  - id: lab
    algorithm: ecdsap256sha256
    single-type-signing: on
    ksk-lifetime: 0
    zsk-lifetime: 0
  - id: nsec3
    algorithm: ecdsap256sha256
    single-type-signing: on
    ksk-lifetime: 0
    zsk-lifetime: 0
    nsec3: on
  - id: optout
    algorithm: ecdsap256sha256
    single-type-signing: on
    ksk-lifetime: 0
    zsk-lifetime: 0
    nsec3: on
    nsec3-opt-out: on
template:
  - id: default
    storage: /var/lib/knot/zones
    zonefile-sync: -1
    zonefile-load: difference-no-serial
    journal-content: all
    acl: update
zone:
"""
SECONDARY = """zone:
  - domain: example.test
    master: first
"""
RESOLVER_CONF = """server:
    interface: 0.0.0.0
    interface: ::0
    access-control: 0.0.0.0/0 allow
    access-control: ::/0 allow
    username: unbound
    chroot: ""
    directory: /etc/unbound
    use-syslog: no
    logfile: ""
    val-log-level: 2
    trust-anchor-file: {anchor}
    root-hints: {hints}
    local-zone: "test." nodefault
    val-bogus-ttl: {ttl}
    infra-host-ttl: {ttl}
    cache-max-ttl: 60
    cache-max-negative-ttl: {ttl}
    serve-expired: no
remote-control:
    control-enable: yes
    control-interface: /run/unbound.ctl
"""


@dataclass(frozen=True)
class Place:
    """The lab in which files are made: its containers, its directory, its network and its authority."""

    podman: Podman
    lab: str
    state: Path
    network: Network
    authority: Authority


def files_of(place: Place, host: Host, *, scenario: Scenario) -> dict[str, tuple[bytes, int]]:
    """Return what a host needs in a scenario with DNS, by path: content and mode."""
    if HOSTS[FIRST] not in scenario.hosts:
        return {}
    if host.group == "mta":
        return _pairs(host, place.authority)
    if host.group == "nameservers":
        texts = _server_files(place, host)
    elif host.name == RESOLVER:
        texts = _resolver_files(place)
    else:
        texts = {}
    return {f"{DIRECTORY}/{name}": (text.encode(), 0o644) for name, text in texts.items()}


def variables(state: Path, network: Network, hosts: t.Iterable[Host]) -> dict[str, t.Any]:
    """Return what the inventory says of the DNS, if a server of it is among the hosts."""
    names = {host.name for host in hosts}
    if FIRST not in names:
        return {}
    return {
        "lab_zone": "example.test",
        "lab_ttl": zones.TTL,
        "lab_nameservers": [network.subnet.address(HOSTS[n].number) for n in (FIRST, SECOND)],
        "lab_resolver": network.subnet.address(HOSTS[RESOLVER].number),
        "lab_trust_anchor_file": str(_directory(state) / "trust-anchor"),
        "lab_tsig_key_file": str(_directory(state) / "tsig.key"),
        "lab_tsig_name": TSIG_NAME,
        "lab_tsig_algorithm": TSIG_ALGORITHM,
    }


def spki_digest(certificate: Path) -> str:
    """Return the SHA-256 of the public key of the first certificate of a file, as 3 1 1 has it."""
    pem = run(["openssl", "x509", "-in", str(certificate), "-noout", "-pubkey"])
    return hashlib.sha256(base64.b64decode("".join(pem.splitlines()[1:-1]))).hexdigest()


def _pairs(host: Host, authority: Authority) -> dict[str, tuple[bytes, int]]:
    """Return the certificates and keys of a host and those that renew them, of both kinds."""
    files = {}
    for renewed, directory in ((False, "first"), (True, "next")):
        for kind, suffix in (("rsa", ""), ("ecdsa", "-ecdsa")):
            chain, key = authority.leaf(host.fqdn, kind=kind, renewed=renewed)
            stem = f"{CERTIFICATES[host.mta]}/{directory}/{host.name}{suffix}"
            files[f"{stem}.crt"] = (chain.read_bytes(), 0o644)
            files[f"{stem}.key"] = (key.read_bytes(), 0o600)
    return files


def _server_files(place: Place, host: Host) -> dict[str, str]:
    server = SERVER.format(
        first=place.network.subnet.address(HOSTS[FIRST].number),
        second=place.network.subnet.address(HOSTS[SECOND].number),
        key_name=TSIG_NAME,
        key_algorithm=TSIG_ALGORITHM,
        secret=_tsig_secret(place.state),
    )
    files = {START.name: START.read_text()}
    if host.name != FIRST:
        return {**files, "knot.conf": server + SECONDARY}
    texts = zones.texts(_facts(place.network, place.authority))
    entries = "".join(_zone_entry(name) for name in texts)
    files |= {f"zones/{_file(name)}": text for name, text in texts.items()}
    files["knot.conf"] = server + PRIMARY + entries
    files["signed"] = "\n".join((*zones.SIGNED, zones.WRONG_KEY)) + "\n"
    return files


def _zone_entry(name: str) -> str:
    policy = {"nsec3.test": "nsec3", "optout.test": "optout"}.get(name, "lab")
    lines = [f"  - domain: {name}", f"    file: {_file(name)}"]
    if name in (*zones.SIGNED, zones.WRONG_KEY):
        lines += ["    dnssec-signing: on", f"    dnssec-policy: {policy}"]
    if name == "example.test":
        lines += ["    notify: second"]
    return "\n".join(lines) + "\n"


def _file(zone: str) -> str:
    return "root.zone" if zone == "." else f"{zone}.zone"


def _facts(network: Network, authority: Authority) -> zones.Facts:
    def pair(name: str) -> tuple[str, str]:
        number = HOSTS[name].number
        return network.subnet.address(number), network.subnet.address6(number)

    def served(name: str) -> tuple[str, ...]:
        leaves = (authority.leaf(HOSTS[name].fqdn, kind=kind)[0] for kind in ("rsa", "ecdsa"))
        return tuple(spki_digest(chain) for chain in leaves)

    return zones.Facts(
        name_server=pair(FIRST),
        second_server=pair(SECOND),
        mail_server=pair("mx1"),
        sendmail=(SENDMAIL, pair(SENDMAIL)),
        nobody=network.subnet.address(zones.NOBODY),
        served=served("mx1"),
        served_by_sendmail=served(SENDMAIL),
        issuer=spki_digest(authority.directory / "intermediate.crt"),
    )


def _resolver_files(place: Place) -> dict[str, str]:
    anchor = place.podman("exec", f"{place.lab}-{FIRST}", "cat", TRUST_ANCHOR)
    (_directory(place.state) / "trust-anchor").write_text(anchor)
    address = place.network.subnet.address(HOSTS[FIRST].number)
    hints = f". 3600 NS {zones.NAME_SERVER}\n"
    hints += f"{zones.NAME_SERVER} 3600 A {address}\n"
    conf = RESOLVER_CONF.format(anchor=TRUST_ANCHOR, hints=f"{DIRECTORY}/hints", ttl=zones.TTL)
    return {"trust-anchor": anchor, "hints": hints, "unbound.conf": conf}


def _tsig_secret(state: Path) -> str:
    secret_file = _directory(state) / "tsig.secret"
    if not secret_file.is_file():
        secret_file.write_text(base64.b64encode(secrets.token_bytes(32)).decode())
    secret = secret_file.read_text()
    key = f'key "{TSIG_NAME}" {{\n\talgorithm {TSIG_ALGORITHM};\n\tsecret "{secret}";\n}};\n'
    (_directory(state) / "tsig.key").write_text(key)
    return secret


def _directory(state: Path) -> Path:
    path = state / "dns"
    path.mkdir(exist_ok=True, mode=0o700)
    return path
