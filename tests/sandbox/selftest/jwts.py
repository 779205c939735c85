# SPDX-License-Identifier: LGPL-2.1-or-later
"""How strict the sandbox is with JWTs."""

import base64
import json
import time

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from sandbox.certs import private_pem

from .client import APP, gathered, same, within

KEYS = {}


def other_key(name="other"):
    """An RSA key, made once: it takes its time."""
    if name not in KEYS:
        KEYS[name] = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return KEYS[name]


def public_pem(key):
    return key.public_key().public_bytes(serialization.Encoding.PEM,
                                         serialization.PublicFormat.SubjectPublicKeyInfo).decode()


def part(value):
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def refused(client, text, words, status=401):
    reply = client.ask("POST", "/app/accessTokens", text)
    same(reply.status, status)
    within(reply.message(), words)
    same(client.get("counts")["mints"], 0, "mints")


def taken(client, text):
    same(client.ask("POST", "/app/accessTokens", text).status, 200)


def test_good(client):
    """a JWT as the documentation has it is taken"""
    taken(client, client.jwt())


def test_pkcs1(client):
    """app.pkcs1.pem is the same key"""
    taken(client, client.jwt(key=client.sandbox.read("app.pkcs1.pem")))


def test_no_bearer(client):
    """no bearer at all is 401"""
    same(client.ask("POST", "/app/accessTokens").status, 401)


def test_hs256(client):
    """HS256 is refused"""
    refused(client, client.jwt(key="secret", algorithm="HS256"), "alg must be RS256")


def test_hs256_confused(client):
    """HS256 under a header that says RS256 is refused"""
    text = client.jwt(key="secret", algorithm="HS256")
    refused(client, part({"alg": "RS256", "typ": "JWT"}) + text[text.index("."):], "signature")


def test_none(client):
    """alg none is refused, with and without a signature"""
    unsigned = client.jwt(key="", algorithm="none")
    refused(client, unsigned, "malformed")
    refused(client, unsigned + "AAAA", "alg must be RS256")


def test_rs512(client):
    """RS512 and PS256 are refused"""
    refused(client, client.jwt(algorithm="RS512"), "alg must be RS256")
    refused(client, client.jwt(algorithm="PS256"), "alg must be RS256")


def test_es256(client):
    """ES256 is refused"""
    key = private_pem(ec.generate_private_key(ec.SECP256R1()))
    refused(client, client.jwt(key=key, algorithm="ES256"), "alg must be RS256")


def test_header(client):
    """a header with another typ, with crit or with jwk is refused"""
    refused(client, client.jwt(header={"typ": "at+jwt"}), "typ")
    refused(client, client.jwt(header={"crit": ["x"], "x": 1}), "crit")
    refused(client, client.jwt(header={"jwk": {"kty": "RSA"}}), "jwk")


def test_future_iat(client):
    """iat in the future is refused"""
    refused(client, client.jwt(iat=int(time.time()) + 30), "iat is in the future")


def test_long_exp(client):
    """exp more than 10 minutes ahead is refused, however late iat is"""
    refused(client, client.jwt(exp=int(time.time()) + 660), "more than 10 minutes")


def test_span_of_660(client):
    """the cap counts from now, not from iat: the vendor's demo has a span of 660 s"""
    now = int(time.time())
    taken(client, client.jwt(iat=now - 120, exp=now + 540))


def test_expired(client):
    """an expired JWT is refused"""
    refused(client, client.jwt(exp=int(time.time()) - 1), "expired")


def test_unknown_iss(client):
    """an unknown iss is refused"""
    refused(client, client.jwt(iss="67890"), "not a known app")


def test_number_iss(client):
    """a number as iss is refused"""
    refused(client, client.jwt(iss=int(APP)), "a string")


def test_missing_claims(client):
    """iat, exp and iss must be there"""
    for name in ("iat", "exp", "iss"):
        refused(client, client.jwt(drop=[name]), f"JWT {name}")


def test_odd_times(client):
    """a time as a string, a fraction or a bool is refused"""
    now = int(time.time())
    for value in (str(now), now + 0.5, True):
        refused(client, client.jwt(exp=value), "whole number")
        refused(client, client.jwt(iat=value), "whole number")


def test_wrong_key(client):
    """a signature by another key is refused"""
    refused(client, client.jwt(key=private_pem(other_key())), "signature")


def test_tampered(client):
    """a changed payload is refused"""
    head, _, signature = client.jwt().split(".")
    now = int(time.time())
    other = part({"iat": now - 1, "exp": now + 60, "iss": APP})
    refused(client, f"{head}.{other}.{signature}", "signature")


def test_encoding(client):
    """padding, trailing bits and doubled names are refused"""
    head, payload, signature = client.jwt().split(".")
    refused(client, f"{head}.{payload}.{signature}==", "malformed")
    refused(client, f"{head}.{part(b'{}') + '='}.{signature}", "malformed")
    assert signature[-1] in "AQgw", signature
    refused(client, f"{head}.{payload}.{signature[:-1]}{chr(ord(signature[-1]) + 1)}", "canonical")
    refused(client, f"{head}.{part(b'{1:1}')}.{signature}", "not JSON")
    for deep in (b"[" * 3000, b'{"a":' * 800):
        refused(client, f"{head}.{part(deep)}.{signature}", "not JSON")
    refused(client, part(b'{"alg":"RS256","alg":"none"}') + f".{payload}.{signature}", "twice")


def test_huge(client):
    """a JWT of 10 KiB is refused"""
    refused(client, client.jwt(pad="x" * 10000), "malformed")


def test_several_keys(client):
    """each of several keys of an app is tried, and a removed one is refused"""
    keys = [private_pem(other_key(name)) for name in ("second", "third")]
    for name in ("second", "third"):
        client.post("key", pem=public_pem(other_key(name)))
    for key in (client.pem, *keys):
        taken(client, client.jwt(key=key))
    client.post("reset")
    client.post("key", remove=public_pem(other_key("second")))
    refused(client, client.jwt(key=keys[0]), "signature")
    taken(client, client.jwt(key=keys[1]))
    client.post("key", remove=public_pem(other_key("third")))


def test_key_of_other_app(client):
    """a key of one app does not sign for another"""
    client.post("key", app="app-two", pem=public_pem(other_key("two")))
    two = private_pem(other_key("two"))
    refused(client, client.jwt(key=two), "signature")
    taken(client, client.jwt(key=two, iss="app-two"))


def test_weak_key(client):
    """a key of 1024 bits, or no RSA key, cannot become an app's"""
    weak = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    for key in (weak, ec.generate_private_key(ec.SECP256R1())):
        try:
            client.post("key", pem=public_pem(key))
        except Exception as why:
            within(str(why), "RSA of at least 2048 bits")
        else:
            raise AssertionError("it was taken")


def test_clock(client):
    """times are judged by the sandbox's own clock"""
    client.post("clock", offset=-600)
    refused(client, client.jwt(), "iat is in the future")
    client.post("clock", offset=600)
    refused(client, client.jwt(), "expired")


def tests():
    return gathered(globals())
