#!/bin/sh
# Install missing packages: `scripts/install.sh GROUP…`.
#
#   make     make
#   python   the requirements of `python3 -m venv`
#   tests    Chromium, nginx, curl, and WebKit with a virtual display
#   firefox  Firefox
set -eu
cd "$(dirname "$0")/.."

has() {  # whether one of these commands exists; browsers from a snap cannot be automated
    for name; do
        case $(command -v "$name") in "" | /snap/*) ;; *) return 0 ;; esac
    done
    return 1
}

missing() {  # print the missing packages of these groups, by their names in Debian or Homebrew
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
                has curl || echo curl
                has WebKitWebDriver || echo webkit2gtk-driver
                has Xvfb || echo xvfb
                # Only on Debian: elsewhere it is a snap or has another name, see below.
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
        echo "Install these packages (the names are Debian's) and try again: $packages" >&2
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
