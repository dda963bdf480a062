#!/bin/sh
# Install what this machine lacks: `scripts/install.sh GROUP…`.
#
#   make     make
#   python   what `python3 -m venv` needs
#   tests    Chromium, nginx, and WebKit with a display for it
#   firefox  Firefox
set -eu
cd "$(dirname "$0")/.."

has() {  # whether one of these commands is there; a browser from a snap cannot be driven
    for name; do
        case $(command -v "$name") in "" | /snap/*) ;; *) return 0 ;; esac
    done
    return 1
}

missing() {  # the packages that these groups lack, by Debian's names but for macOS
    for group; do
        case $group in
            make) has make || echo make ;;
            python) "${PYTHON:-python3}" -c "import ensurepip" 2>/dev/null || echo python3-venv ;;
            tests)
                if [ "$(uname)" = Darwin ]; then
                    has nginx || echo nginx
                    continue
                fi
                has nginx /usr/sbin/nginx || echo nginx-light
                has WebKitWebDriver || echo webkit2gtk-driver
                has Xvfb || echo xvfb
                # Elsewhere it is a snap, or has another name: see below.
                has chromium google-chrome || ! grep -qsx ID=debian /etc/os-release \
                    || echo chromium chromium-headless-shell
                ;;
            firefox) has firefox-esr firefox || echo firefox-esr ;;
        esac
    done
}

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

packages=$(missing "$@" | tr '\n' ' ')
if [ -n "$packages" ]; then
    if has apt-get && { [ "$(id -u)" = 0 ] || has sudo; }; then
        echo "Installing $packages"
        as_root apt-get update -qq
        # shellcheck disable=SC2086
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $packages >/dev/null
    elif has brew; then
        # shellcheck disable=SC2086
        brew install $packages
    fi
    packages=$(missing "$@" | tr '\n' ' ')
    if [ -n "$packages" ]; then
        echo "Please install what is missing (the names are Debian's) and try again: $packages" >&2
        exit 1
    fi
fi

case " $* " in
    *" tests "*)
        has chromium google-chrome || [ .venv/chromium -nt .venv/installed ] || {
            .venv/bin/playwright install --with-deps chromium
            touch .venv/chromium
        }
        ;;
esac
