#!/bin/sh
# Runs a command beside a push service emulator, whose URL it finds in PUSHKIT_EMULATOR, and ends with its status:
#
#   ./run.sh npm test
#
# PUSHKIT names the program, if it is not in the PATH; PUSHKIT_EMULATOR_ADDR where it listens.
set -eu
[ $# -gt 0 ] || { echo "usage: $0 COMMAND [ARGUMENT …]" >&2; exit 2; }
addr=${PUSHKIT_EMULATOR_ADDR:-127.0.0.1:8090}
log=$(mktemp)
"${PUSHKIT:-pushkit}" emulator --addr "$addr" >"$log" 2>&1 &
emulator=$!
trap 'kill "$emulator" 2>/dev/null || true; rm -f "$log"' EXIT
trap 'exit 130' INT TERM
# It prints its address once it listens.
until grep -q "emulator is at" "$log"; do
	kill -0 "$emulator" 2>/dev/null || { cat "$log" >&2; exit 1; }
	sleep 0.1
done
PUSHKIT_EMULATOR="http://$addr" "$@"
