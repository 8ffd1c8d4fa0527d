# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts and changes where files are laid out as on FreeBSD and Red Hat, with Debian's sendmail and, for FreeBSD, BSD make."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.postmaster.tls.tests.support.boxes import Box, started
from mtalab import hosts, images
from mtalab.engine import Podman, working_podman
from mtalab.paths import lab_name

pytestmark = pytest.mark.lab

RECIPE = "trixie-sendmail-bmake"
LAYOUTS = "/driver/tree/ansible_collections/postmaster/tls/tests/fixtures/sendmail"
PAIR = """
openssl req -x509 -newkey rsa:2048 -nodes -keyout {key} -out {certificate} -subj /CN=mx.example.test -days 30 2>/dev/null
chmod 600 {key}
cp {certificate} {authorities}
"""
FREEBSD = f"""
cp -r {LAYOUTS}/freebsd /etc/mail
ln -sf /usr/bin/bmake /usr/sbin/make
mkdir /etc/mail/certs
: > /etc/mail/local-host-names
printf 'Connect:192.0.2.9\\tREJECT\\n' > /etc/mail/access
cd /etc/mail/certs
""" + PAIR.format(key="host.key", certificate="host.cert", authorities="cacert.pem")
REDHAT = f"""
cp -r {LAYOUTS}/redhat /etc/mail
sed -i 's/@TYPE@/hash/; s/@SUFFIX@/db/g' /etc/mail/make /etc/mail/sendmail.mc
ln -sfn /usr/share/sendmail/cf /usr/share/sendmail-cf
printf 'Connect:192.0.2.9\\tREJECT\\n' > /etc/mail/access
mkdir -p /etc/pki/tls/certs /etc/pki/tls/private
cd /etc/pki/tls
""" + PAIR.format(
    key="private/sendmail.key",
    certificate="certs/sendmail.pem",
    authorities="certs/ca-bundle.crt",
)
ONE_SUITE = {
    "CipherList": "ECDHE-RSA-AES128-GCM-SHA256",
    "ServerSSLOptions": "+SSL_OP_NO_TLSv1_3",
}
ENTRY = {"Srv_Features:192.0.2.1": "V"}


@pytest.fixture(scope="module")
def container() -> t.Iterator[Box]:
    plain = Podman()
    images.ensure(plain, [RECIPE])
    podman = working_podman(plain, images.recipe_of(RECIPE).image)
    options = ("--init", *hosts.CAPABILITIES["sendmail"])
    box = started(podman, f"{lab_name()}-layouts", RECIPE, *options, command="sleep infinity")
    yield box
    podman.remove(box.name)


def laid_out(box: Box, script: str) -> Box:
    box.sh("rm -rf /etc/mail /etc/pki /usr/share/sendmail-cf /usr/sbin/make /etc/make.conf")
    box.sh(f"{script}\nprintf 'hosts files\\naliases files\\n' > /etc/mail/service.switch")
    return box


@pytest.fixture
def freebsd(container: Box) -> Box:
    return laid_out(container, FREEBSD)


@pytest.fixture
def redhat(container: Box) -> Box:
    return laid_out(container, REDHAT)


def change(box: Box, **arguments: t.Any) -> dict[str, t.Any]:
    return box.module("sendmail_config", **arguments)


def facts(box: Box) -> dict[str, t.Any]:
    return box.facts(gather_subset=["sendmail", "certificates"])


def names(service: dict[str, t.Any]) -> set[str]:
    return {suite["name"] for suite in service["ciphers"]}


def served(box: Box, *options: str) -> str:
    """What a client gets on port 25 of a daemon that is started for it, and does not mind the load of the machine."""
    client = "openssl s_client -starttls smtp -connect 127.0.0.1:25 -brief"
    return box.sh(
        "sendmail -bD -ORefuseLA=1000 -OQueueLA=1000 -C /etc/mail/sendmail.cf >/dev/null 2>&1 & daemon=$!\n"
        "until ss -Hltn 'sport = 25' | grep -q .; do sleep 0.1; done\n"
        f"{client} {' '.join(options)} </dev/null 2>&1 || true\n"
        "kill $daemon; wait $daemon || true"
    )


def proved(box: Box) -> None:
    """What is predicted of the configuration in force is what a client gets."""
    found = facts(box)["sendmail"][0]["services"][0]
    assert (found["protocols"], names(found)) == (["TLSv1.2"], {ONE_SUITE["CipherList"]})
    assert f"Ciphersuite: {ONE_SUITE['CipherList']}" in served(box)
    assert "CONNECTION ESTABLISHED" not in served(box, "-cipher", "ECDHE-RSA-AES256-GCM-SHA384")


def test_red_hat(redhat: Box) -> None:
    redhat.sh("/etc/mail/make sendmail.cf access.db")
    before = redhat.read("/etc/mail/sendmail.mc")
    found = facts(redhat)
    assert [one["code"] for one in found["findings"]] == ["listens-on-loopback"]
    assert found["certificates"][0]["file"] == "/etc/pki/tls/certs/sendmail.pem"
    assert [one["name"] for one in found["sendmail"][0]["services"]] == ["MTA", "TLSMTA", "client"]
    made = change(redhat, options=ONE_SUITE, access=ENTRY)
    assert (made["layout"], made["changed"], made["rebuilt"]) == ("redhat", True, True), made
    proved(redhat)
    after = redhat.read("/etc/mail/sendmail.mc").splitlines()
    new = [line for line in after if line not in before.splitlines()]
    assert [line for line in after if line not in new] == before.splitlines()
    assert len(new) == 2
    assert "srv_features:192.0.2.1" in redhat.sh("makemap -u hash /etc/mail/access")
    assert set(made["files"]) == {
        *("/etc/mail/sendmail.mc", "/etc/mail/sendmail.cf"),
        *("/etc/mail/access", "/etc/mail/access.db"),
    }
    again = change(redhat, options=ONE_SUITE, access=ENTRY)
    assert (again["changed"], again["changes"]) == (False, [])
    removed = change(redhat, options=dict.fromkeys(ONE_SUITE), access=dict.fromkeys(ENTRY))
    assert removed["changed"], removed
    assert redhat.read("/etc/mail/sendmail.mc") == before
    assert "192.0.2.1" not in redhat.sh("makemap -u hash /etc/mail/access")


def test_red_hat_without_the_package_that_builds(redhat: Box) -> None:
    redhat.sh("/etc/mail/make sendmail.cf access.db; rm /usr/share/sendmail-cf")
    made = change(redhat, options=ONE_SUITE)
    assert made.get("failed"), made
    assert "which is in the package sendmail-cf" in made["msg"]


def test_freebsd(freebsd: Box) -> None:
    freebsd.sh("make -C /etc/mail install-cf access.db")
    mc = "/etc/mail/mx.example.test.mc"
    before = freebsd.read(mc)
    found = facts(freebsd)
    assert "cf-not-of-mc" not in [one["code"] for one in found["findings"]]
    assert found["certificates"][0]["file"] == "/etc/mail/certs/host.cert"
    services = [one["name"] for one in found["sendmail"][0]["services"]]
    assert services == ["IPv4", "IPv6", "MSA", "client"]
    made = change(freebsd, options=ONE_SUITE, access=ENTRY)
    assert (made["layout"], made["changed"], made["rebuilt"]) == ("freebsd", True, True), made
    proved(freebsd)
    assert "srv_features:192.0.2.1" in freebsd.sh("makemap -u hash /etc/mail/access")
    again = change(freebsd, options=ONE_SUITE, access=ENTRY)
    assert (again["changed"], again["changes"]) == (False, [])
    removed = change(freebsd, options=dict.fromkeys(ONE_SUITE), access=dict.fromkeys(ENTRY))
    assert removed["changed"], removed
    assert freebsd.read(mc) == before


def test_freebsd_before_anybody_made_an_mc_file(freebsd: Box) -> None:
    """sendmail.cf is that of the template then, as the system installs it."""
    freebsd.sh("make -C /etc/mail install-cf && rm /etc/mail/mx.example.test.*")
    files = freebsd.sh("ls /etc/mail")
    foretold = change(freebsd, check=True, options=ONE_SUITE)
    assert (foretold["changed"], freebsd.sh("ls /etc/mail")) == (True, files)
    refused = change(freebsd, options={"CipherList": "NO-SUCH-CIPHER"})
    assert "OpenSSL refuses CipherList" in refused["msg"]
    assert freebsd.sh("ls /etc/mail") == files
    made = change(freebsd, options=ONE_SUITE, backup=True)
    assert (made["changed"], made["diff"]) == (True, foretold["diff"]), made
    assert "confCIPHER_LIST" in freebsd.read("/etc/mail/mx.example.test.mc")
    assert "confCIPHER_LIST', `ECDHE" not in freebsd.read("/etc/mail/freebsd.mc")
    proved(freebsd)


def test_an_access_map_that_nobody_has_written_yet(freebsd: Box) -> None:
    """FreeBSD brings a sample of it, and a map whose text may be missing."""
    freebsd.sh("rm /etc/mail/access && make -C /etc/mail install-cf")
    files = freebsd.sh("ls /etc/mail")
    assert change(freebsd, check=True, access=ENTRY)["changed"]
    assert not change(freebsd, access=dict.fromkeys(ENTRY))["changed"]
    refused = change(freebsd, options={"CipherList": "NO-SUCH-CIPHER"}, access=ENTRY)
    assert "OpenSSL refuses CipherList" in refused["msg"]
    assert freebsd.sh("ls /etc/mail") == files
    made = change(freebsd, access=ENTRY, backup=True)
    assert made["changed"], made
    assert freebsd.read("/etc/mail/access") == "Srv_Features:192.0.2.1\tV\n"
    assert "srv_features:192.0.2.1" in freebsd.sh("makemap -u hash /etc/mail/access")
    assert not change(freebsd, access=ENTRY)["changed"]


def test_freebsd_as_make_conf_has_it(freebsd: Box) -> None:
    freebsd.sh(
        "cp /etc/mail/freebsd.mc /etc/mail/mine.mc\n"
        "printf 'SENDMAIL_MC=/etc/mail/mine.mc\nSENDMAIL_M4_FLAGS=-DMINE=9\n' > /etc/make.conf\n"
        "echo 'ifdef(`MINE'\"'\"', `define(`confLOG_LEVEL'\"'\"', MINE)'\"'\"')' >> /etc/mail/mine.mc\n"
        "make -C /etc/mail install-cf"
    )
    made = change(freebsd, options=ONE_SUITE)
    assert (made["changed"], made["changes"][0]["file"]) == (True, "/etc/mail/mine.mc"), made
    assert "O LogLevel=9" in freebsd.read("/etc/mail/sendmail.cf").splitlines()
    proved(freebsd)


@pytest.mark.parametrize(
    ("system", "fault"),
    [
        ("freebsd", "sed -i 's/^\tinstall -m.*/\tfalse/' /etc/mail/Makefile"),
        ("freebsd", "sed -i 's,/usr/sbin/makemap,true,' /etc/mail/Makefile"),
        ("redhat", "sed -i 's/makemap hash/true/' /etc/mail/make"),
        ("redhat", "sed -i 's/m4 .*/false/' /etc/mail/make"),
    ],
)
def test_a_make_that_does_not_do_it_leaves_every_byte(
    request: pytest.FixtureRequest, system: str, fault: str
) -> None:
    box = request.getfixturevalue(system)
    targets = "install-cf access.db" if system == "freebsd" else ""
    box.sh("touch /etc/mail/virtusertable")
    box.sh(f"make -C /etc/mail {targets}; {fault}")
    digest = "cd /etc/mail && find . -type f | sort | xargs stat -c '%n %a %Y' && cat $(find . -type f | sort) | md5sum"
    before = box.sh(digest)
    made = change(box, options=ONE_SUITE, access=ENTRY)
    assert "every file is again as it was" in made.get("msg", ""), made
    assert box.sh(digest) == before
