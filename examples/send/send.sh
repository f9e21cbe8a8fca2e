#!/bin/sh
# Sends a message with curl, prints its id, waits until it is sent and prints what became of it.
#
#   PUSHKIT_SERVER=https://push.example.com PUSHKIT_API_KEY=… ./send.sh
set -eu

fail() {
	echo "send.sh: $1" >&2
	exit 1
}

# call METHOD PATH [OPTION …] sets answer, and ends the script where that is not one of success. The key goes in by a pipe:
# arguments are seen by everyone on the machine.
call() {
	method=$1 path=$2
	shift 2
	answer=$(printf 'Authorization: Bearer %s\n' "$PUSHKIT_API_KEY" |
		curl -sS --max-time 30 -w '\n%{http_code}' -X "$method" -H @- "$@" "$PUSHKIT_SERVER$path" 2>&1) ||
		fail "$(echo "$answer" | sed -n 's/^curl: //p')"
	status=${answer##*
}
	answer=$(echo "${answer%
*}" | tr -d '\r\n')
	case $status in
	2??) ;;
	# A problem (RFC 9457) has a code for programs and a sentence for people.
	*) fail "HTTP $status: $(printf '%.500s' "$answer")" ;;
	esac
}

# member NAME prints a text of the answer that needs no decoding.
member() {
	printf '%s' "$answer" | sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p"
}

[ -n "${PUSHKIT_SERVER:-}" ] && [ -n "${PUSHKIT_API_KEY:-}" ] || fail "set PUSHKIT_SERVER and PUSHKIT_API_KEY"

call POST /v1/messages -H 'Content-Type: application/json' --data '{
	"audience": {"all": true},
	"notification": {"title": "Goal!", "body": "2:1, says curl"},
	"ttl": 3600
}'
id=$(member id)
echo "$id"
until state=$(member state) && [ "$state" = sent ]; do
	[ "$state" != cancelled ] || fail "the message was cancelled"
	sleep 1
	call GET "/v1/messages/$id"
done
printf '%s\n' "$answer" | sed 's/.*"counts":\({[^}]*}\).*/\1/'
