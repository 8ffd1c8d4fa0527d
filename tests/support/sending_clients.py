# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real programs that send mail: Postfix, sendmail, Exim and the openssl command of four Debian releases, and Java.

Those of Debian run in containers that have no network but their own loopback.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import shlex
import socket
import subprocess
import sys
import tempfile
import typing as t
from dataclasses import dataclass, field
from pathlib import Path

from ansible_collections.postmaster.tls.tests.support import java
from ansible_collections.postmaster.tls.tests.support.starttls_listener import in_network_of

CHECKOUT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(CHECKOUT / "tests/lab"))

from mtalab.engine import Podman  # noqa: E402  (found by the line above)
from mtalab.images import podman_with, recipe_of  # noqa: E402

PORTS = range(2501, 2600)
SUITES = ("bullseye", "bookworm", "trixie", "sid")
REPOSITORY = "localhost/postmaster-tls-senders"
EXTRA = {"bullseye": ("openjdk-11-jre-headless",)}
USERS = ("Debian-exim:x:801:801", "smmsp:x:802:802", "smmta:x:803:803")
CONTAINERFILE = """\
FROM {base}
RUN echo 'Acquire::Check-Valid-Until "false";' > /etc/apt/apt.conf.d/99old && apt-get update -q \\
 && mkdir -p /usr/share/man/man1 && cd /tmp && {users} \\
 && cp /usr/sbin/sendmail /usr/local/sbin/postfix-sendmail \\
 && apt-get download exim4-daemon-light sendmail-bin sendmail-cf \\
 && libraries=$(for file in *.deb; do dpkg-deb -f $file Depends; done | tr ',' '\\n' \\
    | sed 's/|.*//; s/(.*//' | tr -d ' ' | grep '^lib' | sort -u) \\
 && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends m4 $libraries {extra} \\
 && for file in *.deb; do dpkg -x $file /; done && rm *.deb && apt-get clean
"""
MESSAGE = "From: a@example.test\nTo: b@example.test\nSubject: test\n\ntest\n"
PREPARE = """
postconf -e myhostname=sender.example.test mydestination= inet_interfaces=loopback-only inet_protocols=ipv4 \
    disable_dns_lookups=yes smtp_host_lookup=native smtp_tls_session_cache_database= smtp_tls_loglevel=1 \
    maillog_file=/var/log/postfix.log minimal_backoff_time=1s maximal_backoff_time=2s queue_run_delay=1s
postconf -e smtp_tls_security_level=may transport_maps=texthash:/etc/postfix/ports
postconf -M# smtp/inet
postconf -M 'mandatory/unix=mandatory unix - - n - - smtp -o smtp_tls_security_level=encrypt'
for port in $(seq 2501 2599); do
    echo "p$port.may.example.test smtp:[127.0.0.1]:$port"
    echo "p$port.encrypt.example.test mandatory:[127.0.0.1]:$port"
done > /etc/postfix/ports
postfix start >/dev/null 2>&1
cat > /tmp/sendmail.mc <<'END'
include(`/usr/share/sendmail/cf/m4/cf.m4')dnl
OSTYPE(`linux')dnl
define(`confDOMAIN_NAME', `sender.example.test')dnl
define(`SMART_HOST', `esmtp:[127.0.0.1]')dnl
define(`ESMTP_MAILER_ARGS', `TCP $h MAILPORT')dnl
define(`confLOG_LEVEL', `14')dnl
define(`confQUEUE_LA', `1000')dnl
define(`confSERVICE_SWITCH_FILE', `/tmp/service.switch')dnl
FEATURE(`nocanonify')dnl
undefine(`ALIAS_FILE')dnl
MAILER(`smtp')dnl
END
m4 /tmp/sendmail.mc > /tmp/sendmail.cf 2>/dev/null
mkdir -p -m 700 /tmp/smqueue
printf 'hosts\tfiles\naliases\tfiles\n' > /tmp/service.switch
cat > /tmp/exim.conf <<'END'
primary_hostname = sender.example.test
log_file_path = /tmp/exim.%slog
log_selector = +tls_cipher +tls_peerdn
begin acl
begin routers
out:
  driver = manualroute
  transport = out
  route_list = * 127.0.0.1
  self = send
begin transports
out:
  driver = smtp
  port = MAILPORT
  allow_localhost
  hosts_try_dane =
begin retry
* * F,1h,30m
END
touch /tmp/exim.mainlog /tmp/syslog; chmod 666 /tmp/exim.mainlog
python3 -c '
import os, socket
log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
log.bind("/dev/log")
os.chmod("/dev/log", 0o666)
if os.fork() == 0:
    os.setsid()
    while True:
        line = log.recv(65536)
        with open("/tmp/syslog", "ab") as kept:
            kept.write(line + b"\\n")
' </dev/null >/dev/null 2>&1
"""
SEND = {
    "postfix": """
printf '%s' "$3" | /usr/local/sbin/postfix-sendmail -f a@example.test "b@p$1.$2.example.test"
""",
    "sendmail": """
: > /tmp/syslog
rm -f /tmp/smqueue/*
sed "s/MAILPORT/$1/" /tmp/sendmail.cf > /tmp/sendmail.$1.cf
printf '%s' "$3" | timeout 20 /usr/libexec/sendmail/sendmail -C /tmp/sendmail.$1.cf -OQueueDirectory=/tmp/smqueue \
    -OPidFile=/tmp/sm.pid -odi -oem -f a@example.test b@example.test >/dev/null 2>&1 || true
""",
    "exim": """
: > /tmp/exim.mainlog
sed "s/MAILPORT/$1/" /tmp/exim.conf > /tmp/exim.$1.conf
printf '%s' "$3" | timeout 20 exim4 -C /tmp/exim.$1.conf -odf -f a@example.test b@example.test >/dev/null 2>&1 || true
""",
    "openssl": """
printf 'NOOP\\r\\nQUIT\\r\\n' | timeout 10 openssl s_client -connect 127.0.0.1:$1 -starttls smtp -quiet -crlf \
    -servername mx.example.test > /tmp/openssl.log 2>&1 || true
""",
    "java": """
timeout 20 java -cp /opt/java StartTls $1 > /tmp/java.log 2>&1 || true
""",
}
RETRY_SENDMAIL = """
timeout 60 /usr/libexec/sendmail/sendmail -C /tmp/sendmail.$1.cf -OQueueDirectory=/tmp/smqueue \\
    -OPidFile=/tmp/sm.pid -q >/dev/null 2>&1
"""
WAIT = 'for part in $(seq 600); do grep -q "%s" %s && break; sleep 0.1; done;'
LOGS = {
    "postfix": WAIT
    % ("to=<b@p$1\\..*status=", "/var/log/postfix.log")
    + " grep -e postfix/.*smtp -e 'still being delivered' /var/log/postfix.log"
    " | grep -e ]:$1 -e TLS -e skipped | tail -n 8",
    "sendmail": WAIT % ("stat=", "/tmp/syslog") + " cat /tmp/syslog",
    "exim": "cat /tmp/exim.mainlog",
    "openssl": "cat /tmp/openssl.log",
    "java": "cat /tmp/java.log",
}
JAVA = """
import java.io.*;
import java.net.Socket;
import javax.net.ssl.*;
public class StartTls {
    public static void main(String[] arguments) throws Exception {
        Socket plain = new Socket("127.0.0.1", Integer.parseInt(arguments[0]));
        BufferedReader in = new BufferedReader(new InputStreamReader(plain.getInputStream(), "US-ASCII"));
        OutputStream out = plain.getOutputStream();
        in.readLine();
        out.write("EHLO sender.example.test\\r\\n".getBytes("US-ASCII"));
        while (in.readLine().charAt(3) == '-') { }
        out.write("STARTTLS\\r\\n".getBytes("US-ASCII"));
        in.readLine();
        TrustManager trusting = new X509ExtendedTrustManager() {
            public void checkClientTrusted(java.security.cert.X509Certificate[] c, String a) { }
            public void checkServerTrusted(java.security.cert.X509Certificate[] c, String a) { }
            public void checkClientTrusted(java.security.cert.X509Certificate[] c, String a, Socket s) { }
            public void checkServerTrusted(java.security.cert.X509Certificate[] c, String a, Socket s) { }
            public void checkClientTrusted(java.security.cert.X509Certificate[] c, String a, SSLEngine e) { }
            public void checkServerTrusted(java.security.cert.X509Certificate[] c, String a, SSLEngine e) { }
            public java.security.cert.X509Certificate[] getAcceptedIssuers() {
                return new java.security.cert.X509Certificate[0];
            }
        };
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, new TrustManager[] {trusting}, null);
        SSLSocket secured = (SSLSocket) context.getSocketFactory().createSocket(plain, "mx.example.test", 25, true);
        secured.startHandshake();
        System.out.println(secured.getSession().getProtocol() + " " + secured.getSession().getCipherSuite());
        secured.getOutputStream().write("QUIT\\r\\n".getBytes("US-ASCII"));
        secured.getInputStream().read();
    }
}
"""


def build(podman: Podman, suite: str) -> str:
    """The image of a release with all its senders; made if podman does not have it."""
    image = f"{REPOSITORY}:{suite}"
    if not podman.exists("image", image):
        users = " && ".join(
            f"(grep -q ^{user.partition(':')[0]}: /etc/passwd || {{ echo {user}::/:/bin/sh >> /etc/passwd;"
            f" echo {user} | cut -d: -f1-3 | sed s/$/:/ >> /etc/group; }})"
            for user in USERS
        )
        text = CONTAINERFILE.format(
            base=recipe_of(suite).image, users=users, extra=" ".join(EXTRA.get(suite, ()))
        )
        with tempfile.TemporaryDirectory() as directory:
            Path(directory, "Containerfile").write_text(text)
            podman("build", "--quiet", "--network", "host", "--tag", image, directory, timeout=900)
    return image


@dataclass(frozen=True)
class Host:
    """A container that sends."""

    podman: Podman
    name: str
    ports: t.Iterator[int] = field(default_factory=lambda: itertools.cycle(PORTS))

    @property
    def process(self) -> int:
        """Its first process, whose network it is."""
        return int(self.podman("inspect", "--format", "{{.State.Pid}}", self.name))

    def listen(self) -> socket.socket:
        """A listening socket on its loopback, at a port that Postfix has a route to; needs root."""
        return in_network_of(self.process, next(self.ports))

    def send(self, program: str, port: int, level: str = "may") -> None:
        """Make a program deliver one message to a port of the loopback."""
        self.podman.exec(self.name, SEND[program], str(port), level, MESSAGE)

    def retry_sendmail(self, port: int) -> None:
        """Make sendmail try its last message once more, to its end."""
        self.podman.exec(self.name, RETRY_SENDMAIL, str(port))

    def log(self, program: str, port: int) -> str:
        """What the program logged about its last message, which went to this port."""
        return self.podman.exec(self.name, LOGS[program], str(port))

    def versions(self) -> str:
        """The versions of its programs and of the library, one a line."""
        return self.podman.exec(
            self.name,
            "postconf -d mail_version; openssl version; exim4 -C /dev/null --version 2>/dev/null"
            " | head -1; /usr/libexec/sendmail/sendmail -C/dev/null -d0.1 -bv </dev/null 2>&1"
            " | grep Version; dpkg-query -W -f '${Package} ${Version}\\n' 'libgnutls30*' 2>/dev/null"
            " || true",
        )


@contextlib.contextmanager
def host(suite: str, prefix: str = "pmsenders") -> t.Iterator[Host]:
    """A container of a release, with its senders ready; it is removed at the end."""
    podman = podman_with(suite)
    image = build(podman, suite)
    name = f"{prefix}-{suite}-{os.getpid()}"
    with tempfile.TemporaryDirectory() as classes:
        java.compiled(Path(classes), "StartTls", JAVA)
        mount = f"{classes}:/opt/java:ro"
        podman(
            *("run", "--detach", "--rm", "--init", "--network", "none", "--volume", mount),
            *("--name", name, "--hostname", "sender.example.test", image, "sleep", "3600"),
        )
        try:
            podman.exec(name, PREPARE)
            yield Host(podman, name)
        finally:
            podman.remove(name)


def send_with_java(java: str, classes: Path, port: int) -> str:
    """Make a Java of this machine do STARTTLS with a port of the loopback; its output."""
    command = [java, "-cp", str(classes), "StartTls", str(port)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return shlex.quote(done.stdout) if done.returncode == 0 else done.stderr
