# SPDX-License-Identifier: LGPL-2.1-or-later
"""What can go wrong on purpose: the table of faults and the list of those that wait."""

import threading
from collections import namedtuple

from . import broken
from .parse import json_value

MINT = ("app-token", "installation-token")
ENDPOINTS = MINT + ("revoke", "installations", "installation", "organization-installation", "create",
                    "projects", "organizations", "other")
Kind = namedtuple("Kind", "stage act default on help")


class Fault:
    """One fault that waits for its next victim."""

    def __init__(self, kind, value=None, times=None, on=None):
        if kind not in KINDS:
            raise ValueError(f"no fault is called {kind}; icr-sandbox ctl DIR faults lists them")
        if on not in (None, "any", "mint", *ENDPOINTS):
            raise ValueError(f"no endpoint is called {on}; there are mint, {', '.join(ENDPOINTS)}")
        self.kind, self.entry = kind, KINDS[kind]
        self.value = _value(kind, self.entry.default, value)
        self.times = None if times in (None, "") else int(times)
        self.on = on or self.entry.on

    def hits(self, endpoint):
        return self.on in ("any", endpoint) or (self.on == "mint" and endpoint in MINT)

    def describe(self):
        return {"kind": self.kind, "value": self.value, "times": self.times, "on": self.on}


def _value(kind, default, value):
    """The value in the type of the default; a fault without a default takes none."""
    if value in (None, ""):
        return default
    if default is None:
        raise ValueError(f"{kind} takes no value")
    try:
        return type(default)(value)
    except (TypeError, ValueError):
        raise ValueError(f"{kind} wants a number, not {value}") from None


class Faults:
    """Those that wait, oldest first."""

    def __init__(self):
        self.lock = threading.Lock()
        self.waiting = []

    def add(self, fault):
        with self.lock:
            self.waiting.append(fault)

    def clear(self):
        with self.lock:
            self.waiting = []

    def describe(self):
        with self.lock:
            return [fault.describe() for fault in self.waiting]

    def take(self, endpoint):
        """Those that hit this request, or this handshake if endpoint is None."""
        if not self.waiting:
            return []
        with self.lock:
            hit = [f for f in self.waiting if (f.entry.stage == "handshake" if endpoint is None
                                               else f.entry.stage != "handshake" and f.hits(endpoint))]
            for fault in hit:
                if fault.times is not None:
                    fault.times -= 1
            self.waiting = [f for f in self.waiting if f.times is None or f.times > 0]
        return hit


def from_words(words, kinds):
    """Splits "status=503, delay=1, mint-status=201" into faults and readings."""
    faults, readings = [], {}
    for word in filter(None, (w.strip() for w in words.replace(";", ",").split(","))):
        name, _, value = word.partition("=")
        if name in kinds:
            readings[name] = value
        else:
            faults.append(Fault(name, value, on="any"))
    return faults, readings


def _fields(**changes):
    return lambda call, value, given: {**value, **changes}


def _without(name):
    return lambda call, value, given: {k: v for k, v in value.items() if k != name}


def _set(call, value, given):
    name, _, text = given.partition(":")
    return {**value, name: json_value(text)}


def _before(act, default, text):
    return Kind("before", act, default, "any", text)


def _instead(act, default, text, on="any"):
    return Kind("instead", act, default, on, text)


def _edit(act, text, default=None, on="mint"):
    return Kind("edit", act, default, on, text)


def _send(act, default, text):
    return Kind("send", act, default, "any", text)


def _handshake(act, default, text):
    return Kind("handshake", act, default, "any", text)


KINDS = {
    "tls-hang": _handshake(broken.tls_hang, 0.0,
                           "accept, then say nothing for this many seconds; 0 is until cleared"),
    "tls-garbage": _handshake(broken.tls_garbage, None, "answer the TLS handshake with something else"),
    "tls-reset": _handshake(broken.tls_reset, None, "reset the connection before the handshake"),

    "delay": _before(broken.delay, 1.0, "wait this many seconds, then go on as usual"),
    "hang": _before(broken.hang, 0.0,
                    "take the request and never answer; close after this many seconds, 0 is never"),
    "reset": _before(broken.reset, None, "reset the connection instead of answering"),
    "close": _before(broken.close, None, "close the connection instead of answering"),
    "garbage": _before(broken.garbage, None, "answer with bytes that are not HTTP"),

    "status": _instead(broken.status, 503, "answer with this status and the error body of the service"),
    "rate-limit": _instead(broken.rate_limit, 30, "429 with Retry-After of this many seconds"),
    "rate-limit-date": _instead(broken.rate_limit_date, 30,
                                "429 with Retry-After as the date this many seconds ahead"),
    "rate-limit-bare": _instead(broken.rate_limit_bare, None, "429 without Retry-After"),
    "rate-limit-odd": _instead(broken.rate_limit_odd, "soon", "429 with this nonsense as Retry-After"),
    "rate-limit-reset": _instead(broken.rate_limit_reset, 30,
                                 "403 with X-RateLimit-Remaining 0 and a reset this many seconds ahead"),
    "answer": _instead(broken.answer, "200:text/plain:hello", "STATUS:TYPE:BODY, whatever that is"),
    "header": Kind("header", broken.header, "X-Fault: yes", "any", "NAME: VALUE is one more header"),
    "html": _instead(broken.html, 200, "an HTML page with this status"),
    "redirect": _instead(broken.redirect, 302, "this redirect, to another origin which notes what it gets"),
    "redirect-http": _instead(broken.redirect_http, 302, "this redirect, to plain HTTP"),
    "echo": _instead(broken.echo, 401, "this status, with the bearer quoted in the message"),
    "nasty": _instead(broken.nasty, 400,
                      "this status, with control characters and token-like text in the message"),
    "refuse-token": _instead(broken.refuse_token, 401, "this status and \"Access token invalid\""),

    "token-number": _edit(_fields(token=12345), "token is a number"),
    "token-null": _edit(_fields(token=None), "token is null"),
    "token-object": _edit(_fields(token={"secret": "x"}), "token is an object"),
    "token-missing": _edit(_without("token"), "there is no token"),
    "token-empty": _edit(_fields(token=""), "token is empty"),
    "token-spaces": _edit(_fields(token="crs_0123 4567"), "token has a space"),
    "token-crlf": _edit(_fields(token="crs_0123\r\nX-Injected: yes"), "token has CR LF"),
    "token-lf": _edit(_fields(token="crs_0123\npassword=injected"), "token has LF"),
    "token-nul": _edit(_fields(token="crs_0123\0"), "token has a NUL"),
    "token-quote": _edit(_fields(token='crs_01"23\\'), "token has a quotation mark and a backslash"),
    "token-unicode": _edit(_fields(token="crs_žluťoučký"), "token has letters beyond ASCII"),
    "token-huge": _edit(_fields(token="crs_" + "a" * 5116), "token has 5 KiB"),
    "token-longest": _edit(_fields(token="crs_" + "a" * 4092),
                           "token has 4096 bytes, the most a client takes"),
    "expires-number": _edit(_fields(expiresAt=1893456000), "expiresAt is a number"),
    "expires-null": _edit(_fields(expiresAt=None), "expiresAt is null"),
    "expires-text": _edit(_fields(expiresAt="in two hours"), "expiresAt is not a timestamp"),
    "expires-invalid": _edit(_fields(expiresAt="2030-02-30T25:61:00Z"),
                             "expiresAt is a day that does not exist"),
    "expires-past": _edit(_fields(expiresAt="2020-01-01T00:00:00Z"), "expiresAt is long past"),
    "expires-far": _edit(_fields(expiresAt="9999-12-31T23:59:59Z"), "expiresAt is thousands of years ahead"),
    "expires-in": _edit(broken.expires_in, "the token lives this many seconds", 60.0),
    "inactive": _edit(_fields(isActive=False), "isActive is false"),
    "active-text": _edit(_fields(isActive="yes"), "isActive is a string"),
    "permissions-odd": _edit(_fields(permissions={"organization_info": "READ", "new_scope": "ADMIN", "n": 5}),
                             "permissions with unknown names, levels and types"),
    "permissions-list": _edit(_fields(permissions=["organization_info"]), "permissions is a list"),
    "wrong-installation": _edit(_fields(installationId="8d0c4f5e-0000-4000-8000-00000000ffff"),
                                "installationId is of another installation"),
    "extra": _edit(broken.extra, "unknown fields, nested and long", on="any"),
    "set": _edit(_set, "NAME:JSON sets any field of the answer", "x:null", on="any"),
    "message": _edit(lambda call, value, given: {**value, "message": given},
                     "this text is the message", "", on="any"),
    "message-list": _edit(lambda call, value, given: {**value, "message": [value.get("message"), "and more"]},
                          "the message is a list of strings", on="any"),
    "array": _edit(lambda call, value, given: [value], "the object is inside an array", on="any"),
    "scalar": _edit(lambda call, value, given: "ok", "the answer is a string", on="any"),
    "null": _edit(broken.raw(lambda body: b"null"), "the answer is null", on="any"),
    "empty": _edit(broken.raw(lambda body: b""), "the body is empty", on="any"),
    "bad-json": _edit(broken.raw(lambda body: body[:-1]), "the JSON lacks its last brace", on="any"),
    "trailing": _edit(broken.raw(lambda body: body + b"{}"), "the JSON is followed by more", on="any"),
    "bad-utf8": _edit(broken.raw(lambda body: body.replace(b'"', b'"\xff\xfe', 1)),
                      "the JSON is not UTF-8", on="any"),
    "deep": _edit(broken.raw(lambda body: b"[" * 100000), "100,000 arrays inside one another", on="any"),
    "twice": _edit(broken.raw(lambda body: body[:-1] + b',"token":"crs_twice"}'), "token is named twice"),

    "truncate": _send(broken.truncate, None, "half the body, then close"),
    "reset-midway": _send(broken.reset_midway, None, "half the body, then reset"),
    "drop": _send(broken.drop, None, "answer well, then close a connection that was to stay open"),
    "slow": _send(broken.slow, 0.05, "one byte each this many seconds"),
    "chunked": _send(broken.chunked, None, "the body in chunks (no fault: a client must read it)"),
    "until-close": _send(broken.until_close, None, "no Content-Length, the end is the end (no fault)"),
    "interim": _send(broken.interim, None, "103 Early Hints first (no fault)"),
    "big": _send(broken.big, 10 * 1024 * 1024, "a body of this many bytes"),
    "big-chunked": _send(broken.big_chunked, 10 * 1024 * 1024, "the same in chunks, its length not told"),
    "endless": _send(broken.endless, None, "a body in chunks that never ends"),
    "big-header": _send(broken.big_header, 1024 * 1024, "a header of this many bytes"),
}
