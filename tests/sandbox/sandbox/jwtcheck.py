# SPDX-License-Identifier: LGPL-2.1-or-later
"""Judges an app JWT as strictly as the service is described.

The signature is PyJWT's business.  The rest is read here, because PyJWT is
lenient where a server should not be: padding, doubled names, a bool as a time.
"""

import base64
import binascii
import re

import jwt

from .parse import json_value

LONGEST_LIFE = 600
LONGEST_TEXT = 8192
SHAPE = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\Z")
RS256 = jwt.get_algorithm_by_name("RS256") if hasattr(jwt, "get_algorithm_by_name") \
    else jwt.algorithms.get_default_algorithms()["RS256"]


class Refused(Exception):
    """The JWT is no good; the text says why."""


def looks_like_jwt(text):
    return bool(SHAPE.match(text))


def judge(text, keys_of, now, alg_claim="checked"):
    """Returns the app's ID and the key that verified; raises Refused.

    keys_of(iss) gives the app's public keys, or None if there is no such app.
    """
    if len(text) > LONGEST_TEXT or not SHAPE.match(text):
        raise Refused("JWT malformed")
    signed, _, signature = text.rpartition(".")
    header, payload = signed.split(".")
    _check_header(_json(header, "header"))
    claims = _json(payload, "payload")
    issuer = _issuer(claims)
    keys = keys_of(issuer)
    if keys is None:
        raise Refused("JWT iss is not a known app")
    key = _verify(signed.encode(), _decode(signature, "signature"), keys)
    _check_times(claims, now)
    _check_alg_claim(claims, alg_claim)
    return issuer, key


def _decode(part, what):
    try:
        raw = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except (ValueError, binascii.Error):
        raise Refused(f"JWT {what} is not base64url") from None
    if base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != part:
        raise Refused(f"JWT {what} is not canonical base64url")
    return raw


def _object(pairs):
    if len({name for name, _ in pairs}) != len(pairs):
        raise Refused("JWT names something twice")
    return dict(pairs)


def _json(part, what):
    try:
        value = json_value(_decode(part, what).decode(), object_pairs_hook=_object)
    except ValueError:
        raise Refused(f"JWT {what} is not JSON") from None
    if not isinstance(value, dict):
        raise Refused(f"JWT {what} is not an object")
    return value


def _check_header(header):
    if header.get("alg") != "RS256":
        raise Refused("JWT alg must be RS256")
    if header.get("typ", "JWT") != "JWT":
        raise Refused("JWT typ must be JWT")
    for name in ("crit", "jku", "jwk", "x5u", "x5c", "b64", "zip", "enc"):
        if name in header:
            raise Refused(f"JWT header has {name}")


def _issuer(claims):
    issuer = claims.get("iss")
    if not isinstance(issuer, str) or not issuer:
        raise Refused("JWT iss must be the app's ID, a string")
    return issuer


def _verify(signed, signature, keys):
    for key in keys:
        if RS256.verify(signed, key, signature):
            return key
    raise Refused("JWT signature is of no key of this app")


def _seconds(claims, name):
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int):
        raise Refused(f"JWT {name} must be a whole number of seconds")
    return value


def _check_times(claims, now):
    issued, expires = _seconds(claims, "iat"), _seconds(claims, "exp")
    if issued > now:
        raise Refused("JWT iat is in the future")
    if expires <= now:
        raise Refused("JWT has expired")
    if expires > now + LONGEST_LIFE:
        raise Refused("JWT exp is more than 10 minutes in the future")
    if "nbf" in claims and _seconds(claims, "nbf") > now:
        raise Refused("JWT nbf is in the future")


def _check_alg_claim(claims, rule):
    if rule == "ignored" or (rule == "checked" and "alg" not in claims):
        return
    if claims.get("alg") != "RS256":
        raise Refused("JWT claim alg must be RS256")
