# SPDX-License-Identifier: LGPL-2.1-or-later
"""How each fault is done.

Handshake, before and send faults get the connection and may end it by raising
Gone; instead faults give the answer; edit faults change the value in it.
"""

import json
import select
import socket
import struct
import time
from email.utils import formatdate

from .wire import Answer, error

GARBAGE = b"\x00\x01\xfe\xff SSH-2.0-OpenSSH_9.9 this is not the protocol you look for\r\n\r\n"
PIECE = 65536


class Gone(Exception):
    """The connection is done with."""


def pause(connection, seconds):
    """Waits this long (0: for ever), or until the client goes or the faults are cleared."""
    end = time.monotonic() + seconds if seconds else None
    poller = select.poll()
    poller.register(connection.raw_fd(), select.POLLRDHUP)
    release = connection.sandbox.release
    while not release.is_set() and (end is None or time.monotonic() < end):
        left = 0.05 if end is None else min(0.05, max(0, end - time.monotonic()))
        if poller.poll(left * 1000):
            raise Gone("the client went away")


def abort(sock):
    """Closes with a reset."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def tls_hang(connection, value):
    pause(connection, value)
    raise Gone("tls-hang")


def tls_garbage(connection, value):
    connection.sock.sendall(GARBAGE)
    raise Gone("tls-garbage")


def tls_reset(connection, value):
    abort(connection.sock)
    raise Gone("tls-reset")


def delay(connection, value):
    if value > 0:
        pause(connection, value)


def hang(connection, value):
    pause(connection, value)
    raise Gone("hang")


def reset(connection, value):
    abort(connection.sock)
    raise Gone("reset")


def close(connection, value):
    raise Gone("close")


def garbage(connection, value):
    connection.sock.sendall(GARBAGE)
    raise Gone("garbage")


def status(call, value):
    names = {401: "Access token invalid", 403: "Forbidden resource", 500: "Internal server error"}
    return error(value, names.get(value, "The sandbox fails on request"))


def rate_limit(call, value):
    return error(429, "Too Many Requests", {"Retry-After": value})


def rate_limit_date(call, value):
    when = formatdate(call.sandbox.clock.now() + value, usegmt=True)
    return error(429, "Too Many Requests", {"Retry-After": when})


def rate_limit_bare(call, value):
    return error(429, "Too Many Requests")


def rate_limit_odd(call, value):
    return error(429, "Too Many Requests", {"Retry-After": value})


def rate_limit_reset(call, value):
    until = int(call.sandbox.clock.now()) + value
    return error(403, "API rate limit exceeded", {"X-RateLimit-Remaining": 0, "X-RateLimit-Reset": until})


def answer(call, value):
    status_, type_, body = (value.split(":", 2) + ["", ""])[:3]
    return Answer(int(status_), None, body.encode(), type_ or None)


def header(call, answer_, value):
    name, _, text = value.partition(":")
    answer_.headers[name] = text.strip()


def html(call, value):
    page = b"<!DOCTYPE html>\n<html><head><title>Proxy</title></head><body><h1>It works!</h1></body></html>\n"
    return Answer(value, None, page, "text/html; charset=utf-8")


def redirect(call, value):
    return Answer(value, headers={"Location": call.sandbox.elsewhere.url + call.request.target})


def redirect_http(call, value):
    return Answer(value, headers={"Location": call.sandbox.urls["http"] + call.request.target})


def echo(call, value):
    return error(value, f"the bearer {call.request.bearer()} is not valid")


def nasty(call, value):
    return error(value, "line one\r\nline two\t\x1b]0;title\x07\x1b[31mred\x1b[0m \u202ereversed crs_"
                 + "0123456789abcdef" * 3 + " cru_" + "f" * 48 + " eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiIxIn0.c2ln")


def refuse_token(call, value):
    return error(value, "Access token invalid")


def expires_in(call, value, given):
    """Here the token itself changes too, so that what is told is true."""
    from .clock import rfc3339
    token = call.sandbox.registry.tokens.get(value.get("token"))
    end = call.sandbox.clock.now() + given
    if token is not None:
        token.expires = end
    return {**value, "expiresAt": rfc3339(end)}


def extra(call, value, given):
    nested = {"a": [1, 2.5e300, True, {"token": "crs_nested"}], "expiresAt": "x"}
    return {"$schema": None, **value, "newField": nested, "tokenType": "x" * 2000,
            "\u017elu\u0165": "\u00e9\U0001f333"}


class Raw(bytes):
    """Bytes that take the place of a JSON value."""


def raw(change):
    return lambda call, value, given: Raw(change(json.dumps(value).encode()))


def truncate(connection, answer, body, value):
    connection.sock.sendall(connection.head(answer, len(body)) + body[:len(body) // 2])
    raise Gone("truncate")


def reset_midway(connection, answer, body, value):
    connection.sock.sendall(connection.head(answer, len(body)) + body[:len(body) // 2])
    time.sleep(0.02)                    # a reset overtakes data which the client has not read yet
    abort(connection.sock)
    raise Gone("reset-midway")


def drop(connection, answer, body, value):
    connection.sock.sendall(connection.head(answer, len(body)) + body)
    raise Gone("drop")


def slow(connection, answer, body, value):
    for byte in connection.head(answer, len(body)) + body:
        connection.sock.sendall(bytes((byte,)))
        pause(connection, value)


def _chunk(data):
    return b"%x\r\n%b\r\n" % (len(data), data)


def chunked(connection, answer, body, value):
    head = connection.head(answer, len(body), "Transfer-Encoding: chunked")
    middle = len(body) // 2
    parts = b"".join(_chunk(part) for part in (body[:middle], body[middle:]) if part)
    connection.sock.sendall(head + parts + b"0\r\n\r\n")


def until_close(connection, answer, body, value):
    connection.sock.sendall(connection.head(answer, len(body), "Connection: close") + body)
    connection.say_goodbye()
    raise Gone("until-close")


def interim(connection, answer, body, value):
    connection.sock.sendall(b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n"
                            + connection.head(answer, len(body)) + body)


def _padded(body, size):
    """The answer with so much before it that it has this size."""
    start = b'{"padding":"'
    rest = b'",' + body[1:] if body[:1] == b"{" and len(body) > 2 else b'"}'
    return start + b"x" * max(0, size - len(start) - len(rest)) + rest


def big(connection, answer, body, value):
    data = _padded(body, value)
    connection.sock.sendall(connection.head(answer, len(data)))
    for start in range(0, len(data), PIECE):
        connection.sock.sendall(data[start:start + PIECE])


def big_chunked(connection, answer, body, value):
    data = _padded(body, value)
    connection.sock.sendall(connection.head(answer, len(data), "Transfer-Encoding: chunked"))
    for start in range(0, len(data), PIECE):
        connection.sock.sendall(_chunk(data[start:start + PIECE]))
    connection.sock.sendall(b"0\r\n\r\n")


def endless(connection, answer, body, value):
    head = connection.head(answer, 1, "Transfer-Encoding: chunked")
    connection.sock.sendall(head + _chunk(b'{"padding":"'))
    while not connection.sandbox.release.is_set():
        connection.sock.sendall(_chunk(b"x" * PIECE))
    raise Gone("endless")


def big_header(connection, answer, body, value):
    answer.headers["X-Padding"] = "x" * value
    connection.sock.sendall(connection.head(answer, len(body)) + body)
