#!/usr/bin/env bash
# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# usage: tests/tools/venv.sh [COMMAND [ARGUMENT...]]
#
# Runs a command in the project's virtual environment, with this checkout as the collection
# postmaster.tls; without a command, prints the directory of that environment. What is missing is
# made first: the Debian packages of tests/requirements/debian.txt (as root), a virtual environment
# of the newest Python >= 3.11, and a collection tree that points to this checkout. Everything lies in
# ${POSTMASTER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/postmaster-tls}. A second run takes no time.
set -euo pipefail

checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
cache=${POSTMASTER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/postmaster-tls}
requirements=$checkout/tests/requirements

stop() {
    echo "venv: $*" >&2
    exit 1
}

install_debian_packages() {
    local wanted missing
    wanted=$(sed 's/#.*//' "$requirements/debian.txt" | xargs)
    if ! command -v dpkg-query > /dev/null; then
        echo "venv: this is not Debian; install what these packages contain yourself: $wanted" >&2
        return
    fi
    # shellcheck disable=SC2086  # a list of words
    missing=$(comm -23 <(printf '%s\n' $wanted | LC_ALL=C sort) \
        <(dpkg-query --show --showformat '${Package} ${Status}\n' |
            sed -n 's/ install ok installed$//p' | LC_ALL=C sort -u) | xargs)
    [ -n "$missing" ] || return 0
    [ "$(id -u)" = 0 ] || stop "these Debian packages are missing: $missing. Install them as root, then try again."
    echo "venv: installing $missing" >&2
    # shellcheck disable=SC2086  # a list of words
    if ! apt_install $missing; then
        apt-get update -q >&2 || stop "apt-get update failed; see its message above."
        # shellcheck disable=SC2086  # a list of words
        apt_install $missing || stop "apt-get could not install: $missing."
    fi
}

apt_install() {
    DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$@" > "$cache/apt.log" 2>&1 ||
        { tail -n 3 "$cache/apt.log" >&2 && return 1; }
}

# Prints the newest real interpreter; where python3.N is one of pyenv's shims, what it stands for.
choose_python() {
    local minor candidate
    for minor in 14 13 12 11; do
        for candidate in "${PYENV_ROOT:-$HOME/.pyenv}/versions/3.$minor".*"/bin/python3.$minor" "python3.$minor"; do
            if "$candidate" -c 'import ensurepip, ssl, sys; print(sys.executable)' 2> /dev/null; then
                return
            fi
        done
    done
    stop "no Python >= 3.11 with the modules ensurepip and ssl was found: install python3 and python3-venv."
}

make_venv() {
    local python=$1 venv=$2
    echo "venv: making $venv with $python (about a minute)" >&2
    rm -rf "$venv"
    "$python" -m venv "$venv"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check \
        --requirement "$requirements/python.txt" 2> "$cache/pip.log" ||
        { cat "$cache/pip.log" >&2 && stop "pip could not install $requirements/python.txt."; }
    touch "$venv/.complete"
}

mkdir -p "$cache/venvs"
cache=$(cd "$cache" && pwd -P)
exec 9> "$cache/venvs/.lock"
flock 9
install_debian_packages
python=$(choose_python)
key=$({ "$python" --version && echo "$python" && cat "$requirements/python.txt"; } | sha256sum | cut -c 1-12)
venv=$cache/venvs/$key
[ -e "$venv/.complete" ] || make_venv "$python" "$venv"
tree=$cache/trees/$(printf '%s' "$checkout" | sha256sum | cut -c 1-12)
mkdir -p "$tree/ansible_collections/postmaster"
ln -sfn "$checkout" "$tree/ansible_collections/postmaster/tls"
exec 9>&-

if [ $# = 0 ]; then
    echo "$venv"
    exit
fi
export POSTMASTER_CACHE=$cache POSTMASTER_TREE=$tree PATH=$venv/bin:$PATH
export PYTHONPATH=$tree ANSIBLE_COLLECTIONS_PATH=$tree PYTHONPYCACHEPREFIX=$cache/pycache
export MYPY_CACHE_DIR=$cache/mypy RUFF_CACHE_DIR=$cache/ruff
exec "$@"
