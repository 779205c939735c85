# SPDX-License-Identifier: LGPL-2.1-or-later
"""A small client, which is not the one that the sandbox is there to test."""

import functools
import http.client
import ssl
import subprocess
import sys
import time
from collections import namedtuple
from urllib.parse import urlsplit

import jwt
from cryptography.hazmat.primitives import serialization

from sandbox import ctl
from sandbox.parse import json_value
from sandbox.registry import installation_id, organization_id

from .running import PROGRAM

APP = "12345"
FIRST = installation_id(1)
FIRST_ORG = organization_id(1)
MINT = f"/app/installations/{FIRST}/accessTokens"


class Reply(namedtuple("Reply", "status headers body")):
    def json(self):
        return json_value(self.body)

    def message(self):
        return self.json()["message"]


class Client:
    def __init__(self, sandbox):
        self.sandbox = sandbox
        self.pem = sandbox.read("app.pem")
        self.key = loaded(self.pem)
        self.tls = ssl.create_default_context(cafile=sandbox("ca.pem"))
        self.url = sandbox.url()

    def begin(self):
        """Each test finds the sandbox as it was at the start."""
        self.post("reset")
        for entry in self.get("installations")["installations"]:
            if entry["suspended"]:
                self.post("unsuspend", installation=entry["id"])

    def get(self, name):
        return ctl.ask(self.sandbox.dir, "GET", name)

    def post(self, name, **value):
        return ctl.ask(self.sandbox.dir, "POST", name, value)

    def ctl(self, *words):
        return subprocess.run([sys.executable, PROGRAM, "ctl", self.sandbox.dir, *words], text=True,
                              capture_output=True, check=False)

    def connect(self, url=None, timeout=10):
        parts = urlsplit(url or self.url)
        if parts.scheme == "http":
            return http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout)
        return http.client.HTTPSConnection(parts.hostname, parts.port, timeout=timeout, context=self.tls)

    def ask(self, method, path, bearer=None, headers=None, body=None, connection=None, url=None, timeout=10):
        own = connection or self.connect(url, timeout)
        try:
            given = dict(headers or {})
            if bearer is not None:
                given["Authorization"] = f"Bearer {bearer}"
            own.request(method, path, body, given)
            answer = own.getresponse()
            return Reply(answer.status, answer.headers, answer.read())
        finally:
            if connection is None:
                own.close()

    def jwt(self, header=None, key=None, algorithm="RS256", drop=(), **claims):
        now = int(time.time())
        payload = {"iat": now - 60, "exp": now + 540, "iss": APP, "alg": "RS256", **claims}
        for name in drop:
            del payload[name]
        key = self.key if key is None else loaded(key)
        return jwt.encode(payload, key, algorithm=algorithm, headers=header)

    def mint(self, path=MINT, **how):
        return self.ask("POST", path, self.jwt(), **how)

    def token(self, path=MINT):
        reply = self.mint(path)
        same(reply.status, 200)
        return reply.json()["token"]


@functools.cache
def loaded(key):
    """The key in a PEM, read once: the checks of a private key take long."""
    data = key.encode() if isinstance(key, str) else key
    return serialization.load_pem_private_key(data, None) if b"PRIVATE KEY" in data else key


def same(got, wanted, what="got"):
    assert got == wanted, f"{what} {got!r}, wanted {wanted!r}"


def within(got, words):
    assert words in got, f"{got!r} lacks {words!r}"


def gathered(namespace):
    """The functions called test_..., with their first line of documentation."""
    return [((test.__doc__ or name[5:].replace("_", " ")).strip().splitlines()[0], test)
            for name, test in namespace.items() if name.startswith("test_")]
