# SPDX-License-Identifier: LGPL-2.1-or-later
"""What ICR's documentation leaves open: one switch for each reading.

The first value of each is the default.
"""

READINGS = {
    "mint-status": (("200", "201"),
                    "status of a minted token: 200 as the documentation shows, 201 as NestJS answers a POST"),
    "dead-token": (("403", "401"), "status of \"Access token invalid\""),
    "jwt-failure": (("401", "403"), "status when an app JWT is refused"),
    "alg-claim": (("checked", "required", "ignored"),
                  "the claim alg of a JWT: must be RS256 if there, must be there, or is not looked at"),
    "organization-endpoint": (("yes", "no"), "whether /app/organizations/ID/installation exists"),
    "expires-at": (("millis", "seconds", "offset", "absent"),
                   "how expiresAt is written, or that it is missing"),
    "token-ids": (("yes", "no"), "whether a token names its installation and its organization"),
    "next-page": (("null", "absent", "same"), "nextPage on the last page"),
    "pagination": (("yes", "no"), "whether a list has the pagination object at all"),
    "page-limit": (("10", "1", "2", "5", "50"), "installations on a page when limit is not given"),
    "revoke": (("200", "204", "body"), "answer to a revocation: 200 and empty, 204, or 200 with JSON"),
    "revoke-app": (("yes", "no"), "whether an app's own token can be revoked"),
    "list-suspended": (("no", "yes"), "whether the list has suspended installations"),
    "key-removal": (("keeps-tokens", "kills-tokens"),
                    "what removing a key does to the tokens minted with it"),
    "v1-app": (("yes", "no"), "whether /v1/app/... exists"),
    "jwt-on-projects": (("no", "yes"), "whether /projects takes an app JWT"),
    "urls": (("undefined", "real", "forged"),
             "URLs inside an installation: as the real service wrote them, right, or of another origin"),
}


class Readings:
    """The current value of each switch, with what one request asks for on top."""

    def __init__(self, values=None):
        self.values = {name: choices[0] for name, (choices, _) in READINGS.items()}
        self.values.update(values or {})
        self.at_start = dict(self.values)

    def set(self, name, value):
        check(name, value)
        self.values[name] = value

    def overlaid(self, extra):
        return {**self.values, **extra} if extra else self.values


def check(name, value):
    if name not in READINGS:
        raise ValueError(f"no reading is called {name}; there are {', '.join(READINGS)}")
    if value not in READINGS[name][0]:
        raise ValueError(f"{name} is {' or '.join(READINGS[name][0])}, not {value}")
