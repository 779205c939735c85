# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every fault, seen by a client."""

import http.client
import json
import ssl
import time
from email.utils import parsedate_to_datetime

from sandbox.faults import KINDS

from .client import APP, MINT, gathered, same, within

LONG = 8 * 1024 * 1024


def fails(client, *errors, words="", **how):
    try:
        reply = client.mint(**how)
    except errors as why:
        within(str(why).lower(), words)
        return
    raise AssertionError(f"an answer came: {reply.status} {reply.body[:80]!r}")


def field(name, wanted):
    return lambda client: same(client.mint().json()[name], wanted)


def body_is(test):
    def check(client):
        body = client.mint().body
        assert test(body), body[:80]
    return check


def not_json(client):
    try:
        client.mint().json()
    except ValueError:
        return
    raise AssertionError("it was JSON")


def answers(status, words=""):
    def check(client):
        reply = client.mint()
        same(reply.status, status)
        within(reply.body.decode(), words)
    return check


def timed(least, most, action):
    start = time.monotonic()
    action()
    spent = time.monotonic() - start
    assert least <= spent <= most, f"it took {spent:.3f} s"


def refused_tls(client):
    fails(client, ssl.SSLError)


def reset(client):
    """Over plain HTTP, because Python's ssl makes a mere end of a reset."""
    fails(client, ConnectionResetError, words="reset by peer", url=client.sandbox.url("http"))


def tls_hang(client):
    timed(0.2, 9, lambda: fails(client, TimeoutError, ssl.SSLError, timeout=0.2, words="timed out"))


def hang(client):
    timed(0.2, 9, lambda: fails(client, TimeoutError, timeout=0.2))


def closed(client):
    fails(client, http.client.RemoteDisconnected)


def garbage(client):
    fails(client, http.client.BadStatusLine)


def redirect(scheme):
    def check(client):
        reply = client.mint()
        same((reply.status, reply.headers["Location"]), (302, client.sandbox.url(scheme) + MINT))
    return check


def retry_after(test):
    def check(client):
        reply = client.mint()
        same(reply.status, 429)
        assert test(reply.headers["Retry-After"]), reply.headers["Retry-After"]
    return check


def date_ahead(text):
    return 20 < parsedate_to_datetime(text).timestamp() - time.time() < 31


def echo(client):
    text = client.jwt()
    within(client.ask("POST", MINT, text).message(), text)


def nasty(client):
    within(client.mint().message(), "\x1b[31m")


def expires_in(client):
    token = client.token()
    same(client.ask("GET", "/projects", token).status, 200)
    client.post("clear")
    client.post("clock", offset=61)
    same(client.ask("GET", "/projects", token).status, 403)


def permissions_odd(client):
    same(client.mint().json()["permissions"]["new_scope"], "ADMIN")


def extra(client):
    value = client.mint().json()
    assert value["newField"] and value["token"].startswith("crs_")


def message(client):
    same(client.ask("GET", "/nothing").message(), "text")


def message_list(client):
    same(client.ask("GET", "/nothing").message(), ["Cannot GET /nothing", "and more"])


def twice(client):
    same(client.mint().body.count(b'"token"'), 2)


def truncate(client):
    fails(client, http.client.IncompleteRead)


def drop(client):
    connection = client.connect()
    reply = client.mint(connection=connection)
    assert reply.json()["token"] and reply.headers["Connection"] is None
    same(connection.sock.recv(1), b"")
    connection.close()


def slow(client):
    timed(0.5, 9, lambda: field("appId", APP)(client))


def chunked(client):
    reply = client.mint()
    same((reply.headers["Transfer-Encoding"], reply.json()["appId"]), ("chunked", APP))


def until_close(client):
    reply = client.mint()
    same((reply.headers["Content-Length"], reply.json()["appId"]), (None, APP))


def interim(client):
    connection = client.connect()
    connection.connect()
    connection.sock.sendall(b"GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n")
    data = connection.sock.recv(65536)
    assert data.startswith(b"HTTP/1.1 103 ") and b"\r\n\r\nHTTP/1.1 404 " in data, data
    connection.close()


def big(client):
    reply = client.mint()
    same((len(reply.body), reply.json()["appId"]), (10 * 1024 * 1024, APP))


def endless(client):
    connection = client.connect()
    connection.request("POST", MINT, None, {"Authorization": f"Bearer {client.jwt()}"})
    answer, size = connection.getresponse(), 0
    while size < LONG:
        size += len(answer.read(1024 * 1024))
    connection.sock.close()
    connection.close()


def rate_limit_reset(client):
    reply = client.mint()
    same((reply.status, reply.headers["X-RateLimit-Remaining"]), (403, "0"))
    assert 20 < int(reply.headers["X-RateLimit-Reset"]) - time.time() < 31


def any_answer(client):
    reply = client.mint()
    same((reply.status, reply.headers["Content-Type"], reply.body), (418, "text/x-tea", b"a:b"))


def header(client):
    same(client.mint().headers["Retry-After"], "7")


def big_header(client):
    fails(client, http.client.LineTooLong)


CHECKS = {
    "tls-hang": tls_hang, "tls-garbage": refused_tls, "tls-reset": reset,
    "delay=0.2": lambda client: timed(0.2, 9, lambda: client.token()), "hang": hang, "reset": reset,
    "hang=0.2": lambda client: timed(0.2, 9, lambda: closed(client)), "close": closed, "garbage": garbage,
    "status": answers(503, "fails on request"), "status=204": answers(204),
    "status=500": answers(500, "Internal server error"),
    "rate-limit=7": retry_after(lambda text: text == "7"), "rate-limit-date=30": retry_after(date_ahead),
    "rate-limit-bare": retry_after(lambda text: text is None),
    "rate-limit-odd": retry_after(lambda text: text == "soon"),
    "rate-limit-reset=30": rate_limit_reset, "answer=418:text/x-tea:a:b": any_answer,
    "header=Retry-After: 7": header,
    "html": answers(200, "<html>"), "html=502": answers(502, "<html>"), "redirect": redirect("elsewhere"),
    "redirect-http": redirect("http"), "echo": echo, "nasty": nasty,
    "refuse-token": answers(401, "Access token invalid"),
    "token-number": field("token", 12345), "token-null": field("token", None),
    "token-object": field("token", {"secret": "x"}), "token-empty": field("token", ""),
    "token-missing": lambda client: same("token" in client.mint().json(), False),
    "token-spaces": lambda client: within(client.mint().json()["token"], " "),
    "token-crlf": lambda client: within(client.mint().json()["token"], "\r\n"),
    "token-lf": lambda client: within(client.mint().json()["token"], "\n"),
    "token-nul": lambda client: within(client.mint().json()["token"], "\0"),
    "token-quote": lambda client: within(client.mint().json()["token"], '"'),
    "token-unicode": lambda client: same(client.mint().json()["token"].isascii(), False),
    "token-huge": lambda client: same(len(client.mint().json()["token"]), 5120),
    "token-longest": lambda client: same(len(client.mint().json()["token"]), 4096),
    "expires-number": field("expiresAt", 1893456000), "expires-null": field("expiresAt", None),
    "expires-text": field("expiresAt", "in two hours"),
    "expires-invalid": field("expiresAt", "2030-02-30T25:61:00Z"),
    "expires-past": field("expiresAt", "2020-01-01T00:00:00Z"),
    "expires-far": field("expiresAt", "9999-12-31T23:59:59Z"), "expires-in=60": expires_in,
    "inactive": field("isActive", False), "active-text": field("isActive", "yes"),
    "permissions-odd": permissions_odd, "permissions-list": field("permissions", ["organization_info"]),
    "wrong-installation": field("installationId", "8d0c4f5e-0000-4000-8000-00000000ffff"), "extra": extra,
    "set=appId:[1]": field("appId", [1]), "message=text": message, "message-list": message_list,
    "array": body_is(lambda body: body[:2] == b"[{"), "scalar": body_is(lambda body: body == b'"ok"'),
    "null": body_is(lambda body: body == b"null"), "empty": body_is(lambda body: body == b""),
    "bad-json": not_json, "trailing": not_json, "bad-utf8": not_json, "deep": not_json, "twice": twice,
    "truncate": truncate, "reset-midway": reset, "drop": drop, "slow=0.001": slow, "chunked": chunked,
    "until-close": until_close, "interim": interim, "big": big, "big-chunked": big, "endless": endless,
    "big-header": big_header,
}


def one(words):
    def test(client):
        kind, _, value = words.partition("=")
        client.post("fault", kind=kind, value=value or None)
        CHECKS[words](client)
        client.post("clear")
        if kind not in ("expires-in",):
            same(client.mint().status, 200, "after the fault is cleared")
    return test


def test_all_are_tested(client):
    """every fault has its test"""
    same(set(KINDS) - {words.partition("=")[0] for words in CHECKS}, set())


def test_times(client):
    """times=2 hits two requests, then all is well"""
    client.post("fault", kind="status", times=2)
    same([client.mint().status for _ in range(3)], [503, 503, 200])


def test_on(client):
    """on= picks an endpoint, or both of mint"""
    client.post("fault", kind="status", on="projects")
    token = client.token()
    same(client.ask("GET", "/projects", token).status, 503)
    client.post("clear")
    client.post("fault", kind="status", on="mint")
    same((client.mint().status, client.mint("/app/accessTokens").status), (503, 503))
    same(client.ask("GET", "/projects", token).status, 200)


def test_together(client):
    """faults of different stages work together"""
    client.post("fault", kind="delay", value=0.1)
    client.post("fault", kind="status", value=500)
    client.post("fault", kind="chunked")
    timed(0.1, 9, lambda: same(client.mint().headers["Transfer-Encoding"], "chunked"))


def test_handshake_times(client):
    """a fault of the handshake counts connections, not requests"""
    client.post("fault", kind="tls-reset", times=1)
    reset(client)
    same(client.mint().status, 200)


def test_by_header(client):
    """the header X-Sandbox makes a fault for one request"""
    same(client.mint(headers={"X-Sandbox": "status=502"}).status, 502)
    same(client.mint(headers={"X-Sandbox": "inactive, mint-status=201"}).json()["isActive"], False)
    same(client.mint().status, 200)


def test_no_mint(client):
    """a fault that stands instead of the answer mints nothing"""
    client.post("fault", kind="status")
    client.mint()
    same((client.get("counts")["mints"], client.get("counts")["endpoints"]), (0, {"installation-token": 1}))


def test_released(client):
    """clear ends what hangs"""
    client.post("fault", kind="hang", times=1)
    connection = client.connect()
    connection.request("POST", MINT, None, {"Authorization": f"Bearer {client.jwt()}"})
    while not client.get("counts")["requests"]:
        time.sleep(0.005)
    timed(0, 9, lambda: (client.post("clear"), same(connection.sock.recv(1), b"")))
    connection.close()


def test_elsewhere(client):
    """the other origin tells whether it saw a bearer"""
    client.post("fault", kind="redirect", value=307)
    location = client.mint().headers["Location"]
    base, _, path = location.partition("/app")
    same(client.get("elsewhere")["requests"], 0)
    client.ask("POST", "/app" + path, url=base)
    same(client.ctl("elsewhere").stdout, "0\n")
    client.ask("POST", "/app" + path, client.jwt(), url=base)
    same(client.ctl("elsewhere").stdout, "1\n")
    same(client.get("elsewhere")["log"][1]["kind"], "jwt")


def test_date(client):
    """the Date header follows the clock, ten minutes or a year off"""
    for offset in (-600, 600, -31536000, 31536000):
        client.post("clock", offset=offset)
        date = parsedate_to_datetime(client.ask("GET", "/nothing").headers["Date"]).timestamp()
        assert abs(date - offset - time.time()) < 5, offset


def test_bad_faults(client):
    """an unknown fault, endpoint or value is refused"""
    for given, words in (({"kind": "x"}, "no fault"), ({"kind": "status", "on": "x"}, "no endpoint"),
                         ({"kind": "status", "value": "x"}, "wants a number"),
                         ({"kind": "reset", "value": 1}, "no value")):
        try:
            client.post("fault", **given)
        except Exception as why:
            within(str(why), words)
        else:
            raise AssertionError(f"{json.dumps(given)} was taken")


def certificate(kind, words):
    def test(client):
        fails(client, ssl.SSLCertVerificationError, words=words, url=client.sandbox.url(kind))
    return test


def tests():
    for words in CHECKS:
        yield words, one(words)
    yield from gathered(globals())
    for kind, words in (("wrong-host", "mismatch"), ("expired", "has expired"), ("not-yet", "not yet valid"),
                        ("self-signed", "self-signed"), ("unknown-ca", "unable to get local issuer")):
        yield f"certificate {kind}", certificate(kind, words)
