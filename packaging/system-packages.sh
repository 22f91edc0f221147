#!/bin/sh
# Makes sure that what pip cannot bring is there: a Python with venv, a C++ compiler and Python's headers (hnswlib
# is compiled on installation), the libraries Qt's window system plugins link to, and a font.
#
#     sh packaging/system-packages.sh [python]
#
# Silent and quick where nothing is missing. On Debian and Ubuntu what is missing is installed as root or with
# passwordless sudo; otherwise, and on other systems, one sentence names it and the exit status is 1.
set -eu

python=${1:-python3}
packages=""   # Debian's names
needs=""      # the same for people on other systems

need() {  # need DEBIAN_PACKAGE WHAT_IT_IS
    packages="$packages $1"
    needs="${needs:+$needs, }$2"
}

stop() {
    echo "PhotoClip: $1" >&2
    exit 1
}

# Debian splits venv and the headers off its own Python; any other Python (pyenv, python.org, conda) has both.
check_python() {
    if ! command -v "$python" >/dev/null 2>&1; then
        [ "$python" = python3 ] || stop "there is no Python called '$python'."
        need python3 "Python 3.11 or later"
        need python3-venv "Python's venv module"
        need python3-dev "Python's C headers"
        return
    fi
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
        stop "Python 3.11 or later is needed and '$python' is $("$python" --version 2>&1); install one and name it with PYTHON=..."
    version=$("$python" -c 'import sys; print("python3.%d" % sys.version_info[1])')
    "$python" -c 'import venv, ensurepip' 2>/dev/null || need "$version-venv" "Python's venv module"
    "$python" - <<'PY' || need "$version-dev" "Python's C headers"
import pathlib, sys, sysconfig
sys.exit(not pathlib.Path(sysconfig.get_path("include"), "Python.h").exists())
PY
}

check_compiler() {
    command -v "${CXX:-c++}" >/dev/null 2>&1 || command -v g++ >/dev/null 2>&1 || need g++ "a C++ compiler"
}

check_libraries() {
    known=$(PATH="$PATH:/sbin:/usr/sbin" ldconfig -p 2>/dev/null) || known=""
    while read -r library package; do
        case $known in
            *"$library "*) ;;
            *) need "$package" "$library" ;;
        esac
    done <<'LIBRARIES'
libEGL.so.1 libegl1
libGL.so.1 libgl1
libglib-2.0.so.0 libglib2.0-0
libxkbcommon.so.0 libxkbcommon0
libxkbcommon-x11.so.0 libxkbcommon-x11-0
libdbus-1.so.3 libdbus-1-3
libfontconfig.so.1 libfontconfig1
libxcb-cursor.so.0 libxcb-cursor0
libxcb-icccm.so.4 libxcb-icccm4
libxcb-image.so.0 libxcb-image0
libxcb-keysyms.so.1 libxcb-keysyms1
libxcb-render-util.so.0 libxcb-render-util0
libxcb-shape.so.0 libxcb-shape0
libxcb-xkb.so.1 libxcb-xkb1
LIBRARIES
}

check_font() {
    for folder in /usr/share/fonts /usr/local/share/fonts "${HOME:-/}/.fonts" "${HOME:-/}/.local/share/fonts"; do
        [ -d "$folder" ] || continue
        [ -z "$(find -L "$folder" \( -name '*.ttf' -o -name '*.otf' -o -name '*.ttc' \) -print 2>/dev/null | head -n 1)" ] || return 0
    done
    need fonts-dejavu-core "a TrueType font"
}

install_packages() {
    root=""
    if [ "$(id -u)" != 0 ]; then
        sudo -n true 2>/dev/null || stop "these packages are missing, install them and run this again: sudo apt-get install$packages"
        root="sudo -n"
    fi
    echo "PhotoClip: installing$packages"
    # shellcheck disable=SC2086  # the lists are meant to be split into words
    {
        $root apt-get update -qq
        $root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages
    } || stop "these packages could not be installed:$packages"
}

check_python
check_compiler
if [ "$(uname -s)" = Linux ]; then
    check_libraries
    check_font
fi

if [ -n "$packages" ]; then
    command -v apt-get >/dev/null 2>&1 || stop "please install with this system's package manager: $needs."
    install_packages
    case $packages in
        *" python3 "*) exec sh "$0" "$python" ;;  # a fresh Python may be too old
    esac
fi
