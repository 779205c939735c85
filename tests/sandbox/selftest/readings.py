# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every reading of what the documentation leaves open, each of its values."""

from sandbox.readings import READINGS
from sandbox.registry import fingerprint, read_public_key

from .client import FIRST, FIRST_ORG, MINT, same
from .endpoints import when
from .jwts import other_key, private_pem, public_pem


def listing(client, query=""):
    return client.ask("GET", f"/app/installations{query}", client.jwt()).json()


def mint_status(client, value):
    same(client.mint().status, int(value))
    same(client.mint("/app/accessTokens").status, int(value))


def dead_token(client, value):
    same(client.ask("GET", "/projects", "crs_" + "0" * 48).status, int(value))


def jwt_failure(client, value):
    same(client.ask("POST", MINT, client.jwt(iss="nobody")).status, int(value))


def alg_claim(client, value):
    def status(text):
        return client.ask("POST", MINT, text).status
    same(status(client.jwt()), 200)
    same(status(client.jwt(drop=["alg"])), 401 if value == "required" else 200, "missing")
    same(status(client.jwt(alg="HS256")), 200 if value == "ignored" else 401, "wrong")


def organization_endpoint(client, value):
    reply = client.ask("GET", f"/app/organizations/{FIRST_ORG}/installation", client.jwt())
    same(reply.status, 200 if value == "yes" else 404)


def expires_at(client, value):
    answer = client.mint().json()
    if value == "absent":
        assert "expiresAt" not in answer
        return
    text = answer["expiresAt"]
    when(text)
    same((len(text), text[-1] == "Z"),
         {"millis": (24, True), "seconds": (20, True), "offset": (25, False)}[value])


def token_ids(client, value):
    same("installationId" in client.mint().json(), value == "yes")


def next_page(client, value):
    last = listing(client, "?page=2")["pagination"]
    same(last.get("nextPage", "absent"), {"null": None, "absent": "absent", "same": 2}[value])
    same(listing(client)["pagination"]["nextPage"], 1)


def pagination(client, value):
    same("pagination" in listing(client), value == "yes")


def page_limit(client, value):
    same(len(listing(client)["installations"]), min(int(value), 23))


def revoke(client, value):
    reply = client.ask("DELETE", "/app/installations/token", client.token())
    same((reply.status, bool(reply.body)),
         {"200": (200, False), "204": (204, False), "body": (200, True)}[value])


def revoke_app(client, value):
    reply = client.ask("DELETE", "/app/installations/token", client.token("/app/accessTokens"))
    same(reply.status, 200 if value == "yes" else 403)


def list_suspended(client, value):
    client.post("suspend", installation=FIRST)
    same(listing(client)["pagination"]["total"], 23 if value == "yes" else 22)


def key_removal(client, value):
    client.post("key", pem=public_pem(other_key()))
    token = client.ask("POST", MINT, client.jwt(key=private_pem(other_key()))).json()["token"]
    client.post("key", remove=fingerprint(read_public_key(public_pem(other_key()))))
    same(client.ask("GET", "/projects", token).status, 200 if value == "keeps-tokens" else 403)


def v1_app(client, value):
    same(client.mint("/v1" + MINT).status, 200 if value == "yes" else 404)
    same(client.mint("/v0.5" + MINT).status, 200)


def jwt_on_projects(client, value):
    same(client.ask("GET", "/projects", client.jwt()).status, 200 if value == "yes" else 403)


def urls(client, value):
    url = client.ask("GET", f"/app/installations/{FIRST}", client.jwt()).json()["accessTokensUrl"]
    base = {"undefined": "undefined", "real": client.url, "forged": client.sandbox.url("elsewhere")}[value]
    same(url, base + MINT)


def one(name, value):
    def test(client):
        client.post("reading", **{name: value})
        globals()[name.replace("-", "_")](client, value)
    return test


def by_header(client):
    """The same for a single request, by X-Sandbox."""
    same(client.mint(headers={"X-Sandbox": "mint-status=201"}).status, 201)
    same(client.mint().status, 200)
    same(client.mint(headers={"X-Sandbox": "mint-status=299"}).status, 400)
    same(client.mint(headers={"X-Sandbox": "no-such-thing"}).status, 400)


def tests():
    for name, (values, _) in READINGS.items():
        for value in values:
            yield f"{name}={value}", one(name, value)
    yield "for one request, by the header X-Sandbox", by_header
