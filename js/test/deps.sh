#!/bin/sh
# Makes sure that what the tests drive is here: Firefox with libnotify, which it loads to show notifications and which no
# package pulls in, Chromium, WebKitGTK with its driver, what runs a browser on it (gjs) and a display for it, a D-Bus daemon,
# Node with npm; PostgreSQL, of which the tests start a server of their own; nginx and nghttpx, which the sender is tried on;
# nginx and Caddy as reverse proxies of examples/deploy; curl and PHP, which run examples of examples/send.
# Installs Debian's packages where it may (root and apt-get), otherwise says in one line what is missing and how to get it.
set -eu
missing=""
command -v "${PUSHKIT_TEST_FIREFOX:-firefox-esr}" >/dev/null 2>&1 || missing="$missing firefox-esr"
command -v "${PUSHKIT_TEST_CHROMIUM:-chromium}" >/dev/null 2>&1 || missing="$missing chromium"
command -v WebKitWebDriver >/dev/null 2>&1 || missing="$missing webkit2gtk-driver"
command -v gjs >/dev/null 2>&1 || missing="$missing gjs"
ls /usr/lib/*/girepository-1.0/WebKit2-4.1.typelib >/dev/null 2>&1 || missing="$missing gir1.2-webkit2-4.1"
command -v Xvfb >/dev/null 2>&1 || missing="$missing xvfb"
command -v dbus-daemon >/dev/null 2>&1 || missing="$missing dbus-daemon"
PATH="$PATH:/sbin" ldconfig -p 2>/dev/null | grep -q libnotify.so.4 || missing="$missing libnotify4"
PATH="$PATH:/usr/sbin" command -v nginx >/dev/null 2>&1 || missing="$missing nginx-light"
command -v nghttpx >/dev/null 2>&1 || missing="$missing nghttp2-proxy"
command -v caddy >/dev/null 2>&1 || missing="$missing caddy"
command -v curl >/dev/null 2>&1 || missing="$missing curl"
command -v php >/dev/null 2>&1 || missing="$missing php-cli"
command -v node >/dev/null 2>&1 || missing="$missing nodejs"
command -v npm >/dev/null 2>&1 || missing="$missing npm"
[ -n "${PUSHKIT_TEST_POSTGRES:-}" ] || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$missing postgresql"
[ -n "$missing" ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
	echo "installing$missing"
	# The tests start what they need by themselves: no service is to begin now.
	policy=/usr/sbin/policy-rc.d
	if [ ! -e "$policy" ]; then
		printf '#!/bin/sh\nexit 101\n' >"$policy"
		chmod +x "$policy"
		trap 'rm -f "$policy"' EXIT
	fi
	apt-get update -qq
	case "$missing" in
	*postgresql*)
		# Debian's package would make a cluster, and start it with the machine.
		DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql-common >/dev/null
		sed -i -E 's/^#?(create_main_cluster) .*/\1 = false/' /etc/postgresql-common/createcluster.conf
		;;
	esac
	# shellcheck disable=SC2086
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
else
	echo "make test needs$missing: install these (Debian: sudo apt-get install$missing) and try again" >&2
	exit 1
fi
