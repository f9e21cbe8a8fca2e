#!/usr/bin/env python3
"""Sends a message, prints its id, waits until it is sent and prints what became of it.

PUSHKIT_SERVER=https://push.example.com PUSHKIT_API_KEY=… python3 send.py
"""

import json
import os
import sys
import time
import urllib.error
import urllib.request


def call(method, path, body=None):
    request = urllib.request.Request(
        os.environ["PUSHKIT_SERVER"] + path,
        method=method,
        data=json.dumps(body).encode() if body else None,
        headers={"Authorization": "Bearer " + os.environ["PUSHKIT_API_KEY"], "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return json.load(response)
    except urllib.error.HTTPError as error:
        # A problem (RFC 9457) has a code for programs and a sentence for people. A proxy's error may be anything.
        if error.headers.get_content_type() != "application/problem+json":
            raise
        problem = json.load(error)
        raise RuntimeError(f"{problem['code']}: {problem['detail']}") from None


def main():
    message = call("POST", "/v1/messages", {
        "audience": {"all": True},
        "notification": {"title": "Goal!", "body": "2:1, says Python"},
        "ttl": 3600,
    })
    print(message["id"], flush=True)
    while message["state"] != "sent":
        if message["state"] == "cancelled":
            raise RuntimeError("the message was cancelled")
        time.sleep(1)
        message = call("GET", "/v1/messages/" + message["id"])
    print(json.dumps(message["counts"]))


if not os.environ.get("PUSHKIT_SERVER") or not os.environ.get("PUSHKIT_API_KEY"):
    sys.exit("send.py: set PUSHKIT_SERVER and PUSHKIT_API_KEY")
try:
    main()
except (OSError, RuntimeError, ValueError) as error:
    sys.exit(f"send.py: {error}")
