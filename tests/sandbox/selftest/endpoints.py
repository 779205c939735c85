# SPDX-License-Identifier: LGPL-2.1-or-later
"""The endpoints, as they are unless told otherwise."""

import re
from datetime import datetime, timedelta, timezone

from sandbox.registry import PERMISSIONS, installation_id, organization_id

from .client import APP, FIRST, FIRST_ORG, MINT, gathered, same, within

TOKEN = re.compile(r"crs_[0-9a-f]{48}\Z")


def when(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def test_installation_token(client):
    """an installation's token has all its fields and two hours"""
    value = client.mint().json()
    assert TOKEN.match(value["token"]), value["token"]
    left = when(value["expiresAt"]) - datetime.now(timezone.utc)
    assert timedelta(minutes=119) < left <= timedelta(hours=2), left
    same((value["isActive"], value["permissions"], value["appId"]), (True, PERMISSIONS, APP))
    same((value["installationId"], value["organizationId"]), (FIRST, FIRST_ORG))


def test_app_token(client):
    """an app's own token names no installation, and opens /projects but no organization"""
    value = client.mint("/app/accessTokens").json()
    assert TOKEN.match(value["token"]) and "installationId" not in value
    same(client.ask("GET", "/projects", value["token"]).status, 200)
    same(client.ask("GET", f"/organizations/{FIRST_ORG}", value["token"]).status, 403)


def test_body(client):
    """a mint takes no body, an empty one or {}; not nonsense"""
    for body, status in ((None, 200), ("", 200), ("{}", 200), ("{", 400), ("[]", 400)):
        same(client.mint(body=body).status, status, f"body {body!r:.9}")


def test_deep_body(client):
    """a body that is nested without end is refused, whole or not, and brackets in strings are no depth"""
    for many, status in ((90, 200), (200, 400), (9000, 400), (50000, 400)):
        for body in ('{"a":' + "[" * many + "]" * many + "}", '{"a":' * many + "1" + "}" * many):
            same(client.mint(body=body).status, status, f"{many} deep: {body:.9}")
    for body in ("[" * 100000, '{"a":' * 100000, "[{" * 50000, '"' * 99999):
        same(client.mint(body=body).status, 400, f"body {body:.9}")
    same(client.mint(body='{"a": "' + "[{" * 9000 + '\\""}').status, 200)


def test_unknown_installation(client):
    """an unknown installation is 404, in the error shape"""
    reply = client.mint("/app/installations/nobody/accessTokens")
    same(reply.json(), {"statusCode": 404, "message": "Installation not found", "error": "Not Found"})


def test_prefixes(client):
    """the path prefixes are taken, others are not"""
    for prefix, status in (("", 200), ("/v0.5", 200), ("/v1", 200), ("/v2", 404), ("/v0.5/v1", 404)):
        same(client.mint(prefix + MINT).status, status, f"prefix {prefix}")


def test_version(client):
    """an unsupported x-icr-api-version is 400, in any letter case of the name"""
    same(client.mint(headers={"X-ICR-API-Version": "2023-06-16"}).status, 200)
    reply = client.mint(headers={"x-ICR-api-version": "2001-01-01"})
    same((reply.status, reply.message()), (400, "Unsupported API version"))


def test_revoke(client):
    """a revoked token is dead, and cannot be revoked again"""
    token = client.token()
    same(client.ask("GET", "/projects", token).status, 200)
    same(client.ask("DELETE", "/app/installations/token", token).status, 200)
    reply = client.ask("GET", "/projects", token)
    same((reply.status, reply.message()), (403, "Access token invalid"))
    same(client.ask("DELETE", "/app/installations/token", token).status, 403)
    same(client.get("counts")["revocations"], 1)


def test_revoke_wants_token(client):
    """a JWT does not revoke"""
    same(client.ask("DELETE", "/app/installations/token", client.jwt()).status, 403)


def test_expiry(client):
    """a token dies after two hours of the sandbox's clock"""
    token = client.token()
    for offset, status in ((7100, 200), (7300, 403)):
        client.post("clock", offset=offset)
        same(client.ask("GET", "/projects", token).status, status, f"after {offset} s")


def test_list(client):
    """the list has pages counted from 0, ten on each"""
    reply = client.ask("GET", "/app/installations", client.jwt()).json()
    same(reply["pagination"],
         {"total": 23, "currentPage": 0, "pageCount": 3, "nextPage": 1, "prevPage": None})
    same([entry["id"] for entry in reply["installations"]], [installation_id(n) for n in range(1, 11)])
    last = client.ask("GET", "/app/installations?limit=10&page=2", client.jwt()).json()
    same(last["pagination"], {"total": 23, "currentPage": 2, "pageCount": 3, "nextPage": None, "prevPage": 1})
    same([entry["organization"]["id"] for entry in last["installations"]],
         [organization_id(n) for n in (21, 22, 23)])


def test_list_limits(client):
    """limit is capped at 50; nonsense is 400; a page too far is empty"""
    for query, status, count in (("limit=100", 200, 23), ("limit=0", 400, 0), ("limit=-1", 400, 0),
                                 ("page=x", 400, 0), ("page=99", 200, 0)):
        reply = client.ask("GET", f"/app/installations?{query}", client.jwt())
        same((reply.status, len(reply.json().get("installations", []))), (status, count), query)


def test_installation(client):
    """one installation, with the literal undefined in its URLs"""
    value = client.ask("GET", f"/app/installations/{FIRST}", client.jwt()).json()
    same((value["id"], value["organization"]["id"], value["permissions"]), (FIRST, FIRST_ORG, PERMISSIONS))
    same(value["accessTokensUrl"], f"undefined{MINT}")


def test_organization_installation(client):
    """the installation of an organization, or 404"""
    value = client.ask("GET", f"/app/organizations/{FIRST_ORG}/installation", client.jwt())
    same((value.status, value.json()["id"]), (200, FIRST))
    same(client.ask("GET", "/app/organizations/nobody/installation", client.jwt()).status, 404)


def test_app_endpoints_want_jwt(client):
    """the /app endpoints take no access token"""
    token = client.token()
    for method, path in (("POST", MINT), ("POST", "/app/accessTokens"), ("GET", "/app/installations"),
                         ("GET", f"/app/installations/{FIRST}"),
                         ("GET", f"/app/organizations/{FIRST_ORG}/installation")):
        same(client.ask(method, path, token).status, 401, path)


def test_projects(client):
    """/projects wants a live token"""
    value = client.ask("GET", "/projects", client.token()).json()
    same(client.ask("GET", f"/projects/{value['projects'][0]['id']}", client.token()).status, 200)
    same(client.ask("GET", "/projects/none", client.token()).status, 404)
    same(client.ask("GET", "/projects").status, 401)
    same(client.ask("GET", "/projects", client.jwt()).status, 403)
    same(client.ask("GET", "/projects", "crs_" + "0" * 48).status, 403)


def test_organizations(client):
    """an organization is open to its own installation's token, as far as its permissions go"""
    token = client.token()
    for resource in ("", "/members", "/projects", "/inventory", "/warehouse"):
        same(client.ask("GET", f"/organizations/{FIRST_ORG}{resource}", token).status, 200, resource)
    same(client.ask("GET", f"/organizations/{FIRST_ORG}/secrets", token).status, 404)
    same(client.ask("GET", f"/organizations/{organization_id(2)}", token).status, 403)
    client.post("permissions", installation=FIRST, permissions={"organization_info": "VIEW"})
    reply = client.ask("GET", f"/organizations/{FIRST_ORG}/members", client.token())
    same((reply.status, reply.message()), (403, "Insufficient permissions"))
    client.post("permissions", installation=FIRST, permissions=PERMISSIONS)


def test_create(client):
    """a new user and organization have the app installed"""
    body = '{"user":{"email":"a@example.org"},"organization":{"fullName":"New","type":"other"}}'
    reply = client.ask("POST", "/app/create/user/organization", client.jwt(), body=body)
    entry = reply.json()["installation"]
    same((entry["organization"]["fullName"], entry["organization"]["type"]), ("New", "other"))
    client.token(f"/app/installations/{entry['id']}/accessTokens")
    client.post("uninstall", installation=entry["id"])
    same(client.ask("POST", "/app/create/user/organization", client.jwt(), body="{}").status, 400)


def test_suspended(client):
    """a suspended installation mints nothing, its tokens rest, and it leaves the list"""
    token = client.token()
    client.post("suspend", installation=FIRST)
    within(client.mint().message(), "suspended")
    same(client.ask("GET", "/projects", token).status, 403)
    same(client.ask("GET", "/app/installations", client.jwt()).json()["pagination"]["total"], 22)
    client.post("unsuspend", installation=FIRST)
    same(client.ask("GET", "/projects", token).status, 200)


def test_uninstalled(client):
    """an uninstalled installation is gone, with its tokens"""
    client.post("install", installation="extra", organization="extra-org")
    token = client.token("/app/installations/extra/accessTokens")
    client.post("uninstall", installation="extra")
    same(client.mint("/app/installations/extra/accessTokens").status, 404)
    same(client.ask("GET", "/projects", token).status, 403)


def test_foreign_app(client):
    """an installation of another app is not found"""
    client.post("install", installation="theirs", organization="their-org", app="app-three")
    same(client.mint("/app/installations/theirs/accessTokens").status, 404)
    client.post("uninstall", installation="theirs")


def test_elsewhere_404(client):
    """any other path is 404, and so is another method"""
    for method, path in (("GET", "/"), ("GET", "/app"), ("GET", MINT), ("POST", "/projects"),
                         ("GET", "/projects/"), ("GET", "//projects"), ("HEAD", "/nothing"),
                         ("POST", "/app/installations//accessTokens")):
        same(client.ask(method, path, client.jwt()).status, 404, path)


def test_keep_alive(client):
    """one connection serves many requests, pipelined ones too"""
    connection = client.connect()
    for _ in range(20):
        same(client.mint(connection=connection).status, 200)
    connection.sock.sendall(b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n" * 3)
    data = b""
    while data.count(b"HTTP/1.1 404") < 3:
        data += connection.sock.recv(65536)
    connection.close()
    same((client.get("counts")["connections"], client.get("counts")["requests"]), (1, 23))


def test_close(client):
    """Connection: close is answered and done"""
    connection = client.connect()
    reply = client.mint(headers={"Connection": "close"}, connection=connection)
    same((reply.status, reply.headers["Connection"]), (200, "close"))
    connection.close()


def test_escaped(client):
    """an ID with unusual characters is found when it is escaped, a slash included"""
    client.post("install", installation="a b/c?d", organization="odd-org")
    same(client.mint("/app/installations/a%20b%2Fc%3Fd/accessTokens").json()["installationId"], "a b/c?d")
    client.post("uninstall", installation="a b/c?d")


def test_bad_http(client):
    """what is no HTTP/1.1 gets 400 and the end"""
    for data in (b"GET / HTTP/2.0\r\n\r\n", b"GET / HTTP/1.1\r\nno colon\r\n\r\n", b"HELLO\r\n\r\n",
                 b"POST / HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
                 b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
                 b"GET / HTTP/1.1\r\nAuthorization: a\r\nAuthorization: b\r\n\r\n"):
        connection = client.connect()
        connection.connect()
        connection.sock.sendall(data)
        same(connection.sock.recv(65536)[:12], b"HTTP/1.1 400", repr(data))
        connection.close()


def tests():
    return gathered(globals())
