# SPDX-License-Identifier: LGPL-2.1-or-later
"""HTTP/1.1 on a socket: reading a request, writing an answer.

By hand, because http.server costs several times what a request here may cost.
"""

import json
from http import HTTPStatus
from urllib.parse import parse_qsl

LONGEST_HEAD = 64 * 1024
LONGEST_BODY = 1024 * 1024
JSON = "application/json; charset=utf-8"
BODILESS = (204, 304)
REASONS = {status.value: status.phrase for status in HTTPStatus}


class BadRequest(Exception):
    """The client does not speak HTTP/1.1 as it should."""


class Request:
    __slots__ = ("method", "target", "path", "query", "headers", "body", "peer", "secure")

    def __init__(self, method, target, headers, body):
        self.method = method
        self.target = target
        self.path, _, query = target.partition("?")
        self.query = dict(parse_qsl(query, keep_blank_values=True)) if query else {}
        self.headers = headers
        self.body = body

    def bearer(self):
        """The text after Bearer, or None."""
        scheme, _, text = self.headers.get("authorization", "").partition(" ")
        return text.strip() if scheme.lower() == "bearer" and text.strip() else None

    def wants_close(self):
        return self.headers.get("connection", "").lower() == "close"


class Answer:
    """A status and a body: value is sent as JSON, text as it is."""

    __slots__ = ("status", "value", "text", "type", "headers")

    def __init__(self, status, value=None, text=b"", type_=JSON, headers=None):
        self.status = status
        self.value = value
        self.text = text
        self.type = type_
        self.headers = headers or {}

    def body(self):
        if self.status in BODILESS:
            return b""
        return self.text if self.value is None else json.dumps(self.value).encode()

    def head(self, date, length, framing=None):
        lines = [f"HTTP/1.1 {self.status} {REASONS.get(self.status, 'Unknown')}", f"Date: {date}"]
        if framing:
            lines.append(framing)
        elif self.status not in BODILESS:
            lines.append(f"Content-Length: {length}")
        if length and self.type:
            lines.append(f"Content-Type: {self.type}")
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")


def error(status, message, headers=None):
    """An error in the shape of the service."""
    value = {"statusCode": status, "message": message}
    if status in REASONS and REASONS[status] != message:
        value["error"] = REASONS[status]
    return Answer(status, value, headers=headers)


class Reader:
    """Takes requests off a connection, keeping what came too early."""

    def __init__(self, sock):
        self.sock = sock
        self.data = b""

    def _more(self):
        chunk = self.sock.recv(65536)
        self.data += chunk
        return len(chunk)

    def next(self):
        """The next request, or None when the client is done."""
        while (end := self.data.find(b"\r\n\r\n")) < 0:
            if len(self.data) > LONGEST_HEAD:
                raise BadRequest("header too long")
            if not self._more():
                if self.data:
                    raise BadRequest("request cut off")
                return None
        head, self.data = self.data[:end], self.data[end + 4:]
        method, target, headers = _parse_head(head)
        return Request(method, target, headers, self._body(headers))

    def _body(self, headers):
        if "transfer-encoding" in headers:
            raise BadRequest("a body in chunks is not taken")
        length = headers.get("content-length", "0")
        if not length.isascii() or not length.isdigit() or int(length) > LONGEST_BODY:
            raise BadRequest("bad Content-Length")
        length = int(length)
        if headers.get("expect", "").lower() == "100-continue" and len(self.data) < length:
            self.sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        while len(self.data) < length:
            if not self._more():
                raise BadRequest("body cut off")
        body, self.data = self.data[:length], self.data[length:]
        return body


def _parse_head(head):
    lines = head.decode("latin-1").split("\r\n")
    words = lines[0].split(" ")
    if len(words) != 3 or words[2] not in ("HTTP/1.1", "HTTP/1.0") or not words[1].startswith("/"):
        raise BadRequest("bad request line")
    headers = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip():
            raise BadRequest("bad header line")
        name = name.lower()
        if name in headers and name in ("authorization", "content-length", "host"):
            raise BadRequest(f"{name} twice")
        headers[name] = value.strip()
    if words[2] == "HTTP/1.0":
        headers["connection"] = "close"
    return words[0], words[1], headers
