# What the scripts of this folder need on the machine, and how it gets there. Sourced by them, not run.
# shellcheck shell=bash

# What `swift build` needs beside the toolchain: a C and C++ library with headers, SQLite, zlib, and git for the
# package manager.
# shellcheck disable=SC2034
BUILD_PACKAGES=(ca-certificates git g++ libsqlite3-dev zlib1g-dev)

# Prints one line about what the script does now.
say() { printf '%s\n' "$*" >&2; }

# Ends the script with one clear line.
fail() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

# Installs the Debian packages named, those that are missing only. On a system without apt it says what to install and
# goes on, since the names differ there and the compiler will tell.
require_packages() {
    local package missing=()
    if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
        if [ "$(uname -s)" = Linux ]; then
            say "This system has no apt. If the next step fails, install what these Debian packages hold: $*"
        fi
        return 0
    fi
    for package in "$@"; do
        if [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" != installed ]; then
            missing+=("$package")
        fi
    done
    [ ${#missing[@]} -eq 0 ] && return 0

    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null ||
            fail "these packages are missing, and there is no sudo; as root, run: apt-get install ${missing[*]}"
        as_root=(sudo)
    fi
    say "Installing ${missing[*]}"
    local log
    log=$(mktemp)
    if ! { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -q &&
        "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
            apt-get install -y -q --no-install-recommends "${missing[@]}"; } </dev/null >"$log" 2>&1; then
        cat "$log" >&2
        rm -f "$log"
        fail "apt-get could not install ${missing[*]} (its output is above)"
    fi
    rm -f "$log"
}

# Puts a Swift toolchain of 6.2 or later on PATH: the one that is there, or one in a usual place.
require_swift() {
    local folder
    if ! command -v swift >/dev/null; then
        for folder in "$HOME/.local/share/swiftly/bin" /opt/*/usr/bin /usr/local/*/usr/bin /usr/libexec/*/bin; do
            if [ -x "$folder/swift" ]; then
                PATH="$folder:$PATH"
                export PATH
                break
            fi
        done
    fi
    local version=""
    if command -v swift >/dev/null; then
        version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p' | head -n 1)
    fi
    case "$version" in
    6.[2-9] | 6.[1-9][0-9] | [7-9].* | [1-9][0-9].*) return 0 ;;
    "") say "error: there is no Swift toolchain on this machine." ;;
    *) say "error: this machine has Swift $version; garage is built with Swift 6.2 or later." ;;
    esac
    cat >&2 <<'TEXT'

Get one in one of these ways, then run this script again:

  * Swiftly, the installer of swift.org (Debian, Ubuntu, Fedora, macOS):
        curl -O https://download.swift.org/swiftly/linux/swiftly-$(uname -m).tar.gz
        tar zxf swiftly-$(uname -m).tar.gz && ./swiftly init
  * A toolchain for your system from https://www.swift.org/install/ ,
    unpacked anywhere, with its usr/bin folder on PATH.
TEXT
    exit 1
}
