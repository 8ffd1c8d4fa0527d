# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images of Debian suites with a plain Postfix or sendmail, built by mmdebstrap(1) and kept as tarballs."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import typing as t
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from mtalab.aptsources import Mirrors, machine_mirrors
from mtalab.console import attempt, run, say
from mtalab.engine import Podman, working_podman
from mtalab.errors import LabError
from mtalab.paths import alone, cache_dir

REPOSITORY = "localhost/postmaster-tls-lab"
LABEL = "tls.postmaster.recipe"
PACKAGES = (
    "systemd-sysv",
    "dbus",
    "postfix",
    "python3",
    "openssl",
    "ca-certificates",
    "iproute2",
    "procps",
    "openssh-server",
)
SENDMAIL_PACKAGES = (
    *(package for package in PACKAGES if package != "postfix"),
    "sendmail-bin",
    "sensible-mda",
    "procmail",
)
DNS_PACKAGES = (
    "bind9-dnsutils",
    "gnutls-bin",
    "knot",
    "knot-dnssecutils",
    "knot-dnsutils",
    "ldnsutils",
    "unbound",
)
ACME_PACKAGES = (
    "ansible-core",
    "certbot",
    "lego",
    "pebble",
    "python3-cryptography",
    "python3-dnspython",
)
LEFT_OUT = (
    "/usr/share/locale/*",
    "/usr/share/man/*",
    "/usr/share/doc/*",
    "/usr/share/info/*",
    "/usr/share/i18n/*",
)
HOST_KEY = "/etc/ssh/ssh_host_ed25519_key"
FILES = {
    "/etc/systemd/journald.conf.d/lab.conf": (
        "[Journal]\nStorage=volatile\nRateLimitIntervalSec=0\n"
    ),
    "/etc/systemd/system/ssh.service.d/lab.conf": (
        "[Service]\nExecStartPre=\n"
        f"ExecStartPre=/bin/sh -c 'test -s {HOST_KEY} ||"
        f' ssh-keygen -q -t ed25519 -N "" -f {HOST_KEY}\'\n'
    ),
}
_WRITE_FILES = tuple(
    f'mkdir -p "$1"{os.path.dirname(path)}; printf %s {shlex.quote(text)} > "$1"{path}'
    for path, text in FILES.items()
)
_FORGET = (
    'rm -f "$1"/etc/ssh/ssh_host_*_key* "$1"/etc/resolv.conf "$1"/etc/hostname',
    'mkdir -p "$1"/var/lib/postmaster-lab',
)
HOOKS = (
    *_FORGET,
    'cp -p "$1"/etc/postfix/main.cf "$1"/etc/postfix/master.cf "$1"/var/lib/postmaster-lab/',
    *_WRITE_FILES,
)
SENDMAIL_HOOKS = (*_FORGET, 'cp -a "$1"/etc/mail "$1"/var/lib/postmaster-lab/', *_WRITE_FILES)
# The states start them, with a configuration of the lab's.
DNS_HOOKS = ('systemctl --root="$1" disable knot.service unbound.service',)


@dataclass(frozen=True)
class Recipe:
    """What an image is made of; its digest names the tarball and labels the image."""

    suite: str
    pockets: tuple[str, ...]
    security: bool
    packages: tuple[str, ...] = PACKAGES
    left_out: tuple[str, ...] = LEFT_OUT
    hooks: tuple[str, ...] = HOOKS
    variant: str = ""

    @property
    def name(self) -> str:
        """Return the suite, with what makes the image another one than the plain one of that suite."""
        return f"{self.suite}-{self.variant}" if self.variant else self.suite

    @property
    def image(self) -> str:
        """Return the name under which podman knows the image."""
        return f"{REPOSITORY}:{self.name}"

    @property
    def digest(self) -> str:
        """Return twelve hex digits that change whenever the recipe does."""
        fields = {name: value for name, value in asdict(self).items() if value != ""}
        text = json.dumps(fields, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def sources(self, mirrors: Mirrors) -> str:
        """Return the lines of sources.list(5) for this suite on the given mirrors."""
        suites = [self.suite, *(f"{self.suite}-{pocket}" for pocket in self.pockets)]
        lines = [f"deb {mirrors.archive} {suite} main" for suite in suites]
        if self.security and mirrors.security:
            lines.append(f"deb {mirrors.security} {self.suite}-security main")
        return "".join(line + "\n" for line in lines)


_PLAIN = (
    Recipe("trixie", pockets=("updates",), security=True),
    Recipe("bookworm", pockets=("updates",), security=True),
    Recipe("bullseye", pockets=(), security=True),
    Recipe("sid", pockets=(), security=False),
)
_SENDMAIL = tuple(
    replace(recipe, packages=SENDMAIL_PACKAGES, hooks=SENDMAIL_HOOKS, variant="sendmail")
    for recipe in _PLAIN
)
# FreeBSD's make, for a sendmail whose files lie as they do there.
_BMAKE = replace(_SENDMAIL[0], packages=(*SENDMAIL_PACKAGES, "bmake"), variant="sendmail-bmake")
_DNS = replace(
    _PLAIN[0], packages=(*PACKAGES, *DNS_PACKAGES), hooks=(*HOOKS, *DNS_HOOKS), variant="dns"
)
_ACME = replace(_PLAIN[0], packages=(*PACKAGES, *ACME_PACKAGES), variant="acme")
RECIPES = {recipe.name: recipe for recipe in (*_PLAIN, *_SENDMAIL, _BMAKE, _DNS, _ACME)}


def recipe_of(name: str) -> Recipe:
    """Return a recipe by its name; raise LabError for an image that the lab does not have."""
    try:
        return RECIPES[name]
    except KeyError:
        raise LabError(
            f"There is no image for {name!r}: the lab knows {', '.join(RECIPES)}."
        ) from None


def ensure(podman: Podman, names: t.Sequence[str]) -> None:
    """Make these images available to podman, from the cache where it has them."""
    with alone("images"):
        _make(podman, [r for r in map(recipe_of, names) if not _is_current(podman, r)])


def _make(podman: Podman, missing: t.Sequence[Recipe]) -> None:
    unbuilt = [r for r in missing if not tarball(r).is_file()]
    if unbuilt:
        mirrors = machine_mirrors()
        with ThreadPoolExecutor(max_workers=2) as pool:
            list(pool.map(lambda recipe: _build(recipe, mirrors), unbuilt))
    for recipe in missing:
        label = f"LABEL {LABEL}={recipe.digest}"
        podman("import", "--quiet", "--change", label, str(tarball(recipe)), recipe.image)
        say(f"{recipe.image} is ready")


def podman_with(*recipes: str) -> Podman:
    """Return a podman that starts containers here and has the images of these recipes."""
    podman = Podman()
    ensure(podman, sorted(recipes))
    return working_podman(podman, recipe_of(min(recipes)).image)


def tarball(recipe: Recipe) -> Path:
    """Return where the cache keeps the tarball of a recipe."""
    directory = cache_dir() / "images"
    directory.mkdir(exist_ok=True)
    return directory / f"{recipe.name}-{recipe.digest}.tar.zst"


def _is_current(podman: Podman, recipe: Recipe) -> bool:
    template = f'{{{{index .Labels "{LABEL}"}}}}'
    done = attempt(podman.argv("image", "inspect", "--format", template, recipe.image))
    return done.returncode == 0 and done.stdout.decode().strip() == recipe.digest


def _build(recipe: Recipe, mirrors: Mirrors) -> None:
    say(f"building the image of {recipe.name} from Debian packages (about a minute)")
    target = tarball(recipe)
    partial = target.with_name(f"{os.getpid()}-{target.name}")
    argv = ["mmdebstrap", "--quiet", "--variant=apt", f"--include={','.join(recipe.packages)}"]
    argv += ['--aptopt=Acquire::Check-Valid-Until "false"']
    argv += [f"--dpkgopt=path-exclude={pattern}" for pattern in recipe.left_out]
    argv += [f"--customize-hook={hook}" for hook in recipe.hooks]
    argv += [recipe.suite, str(partial), "-"]
    try:
        run(argv, stdin=recipe.sources(mirrors).encode(), timeout=1200)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
