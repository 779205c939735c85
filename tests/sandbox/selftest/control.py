# SPDX-License-Identifier: LGPL-2.1-or-later
"""The control interface, its command, the counts and the log."""

import hashlib
import json
import os
import re

from sandbox.counts import PLAIN
from sandbox.ctl import USAGE
from sandbox.faults import ENDPOINTS, KINDS
from sandbox.readings import READINGS
from sandbox.registry import fingerprint, read_public_key

from .client import APP, FIRST, FIRST_ORG, MINT, gathered, same, within
from .jwts import other_key, public_pem
from .running import PROGRAM


def test_counts(client):
    """counts say what was served"""
    token = client.token()
    client.mint("/app/accessTokens")
    client.ask("GET", "/projects", token)
    client.ask("GET", "/projects")
    client.ask("GET", "/projects", "else")
    counts = client.get("counts")
    same([counts[name] for name in ("requests", "mints", "app_mints", "installation_mints", "connections")],
         [5, 2, 1, 1, 5])
    same(counts["endpoints"], {"installation-token": 1, "app-token": 1, "projects": 3})
    same(counts["bearers"], {"jwt": 2, "token": 1, "none": 1, "other": 1})
    same(counts["installations"], {FIRST: 1})
    same(counts["statuses"], {"200": 3, "401": 1, "403": 1})


def test_log(client):
    """the log has the digest of a bearer, never the bearer"""
    text = client.jwt()
    token = client.ask("POST", MINT, text).json()["token"]
    client.ask("GET", f"/projects?leak={token}", token)
    entries = client.get("log")["log"]
    same([(entry["method"], entry["endpoint"], entry["kind"], entry["status"]) for entry in entries],
         [("POST", "installation-token", "jwt", 200), ("GET", "projects", "token", 200)])
    same(entries[0]["bearer"], hashlib.sha256(text.encode()).hexdigest())
    within(entries[0]["headers"], "authorization")
    for secret in (text, token):
        same(secret in json.dumps(entries), False, "secret in the log")
        same(secret in client.sandbox.read("log"), False, "secret in DIR/log")


def test_over_tls(client):
    """the same over HTTPS, without a bearer"""
    client.mint()
    same(client.ask("GET", "/_sandbox/counts").json()["mints"], 1)
    same(client.ask("POST", "/_sandbox/reset").status, 200)
    same(client.ask("GET", "/_sandbox/counts").json()["mints"], 0)
    same(client.ask("GET", "/_sandbox/nothing").status, 404)
    same(client.ask("POST", "/_sandbox/fault", body="[]").status, 400)
    same(client.ask("POST", "/_sandbox/suspend", body="{}").status, 400)


def test_ctl_numbers(client):
    """ctl prints plain numbers"""
    client.mint()
    client.mint()
    same(client.ctl("mints").stdout, "2\n")
    same(client.ctl("requests").stdout, "2\n")
    same(client.ctl("count", "endpoints", "installation-token").stdout, "2\n")
    same(client.ctl("count", "endpoints", "revoke").stdout, "0\n")
    same(json.loads(client.ctl("counts").stdout)["mints"], 2)


def test_ctl_faults(client):
    """ctl makes faults and clears them"""
    same(client.ctl("fault", "status=502", "times=5", "on=mint").returncode, 0)
    same(client.mint().status, 502)
    same(json.loads(client.ctl("faults", "waiting").stdout),
         [{"kind": "status", "value": 502, "times": 4, "on": "mint"}])
    client.ctl("clear")
    same(client.mint().status, 200)
    within(client.ctl("faults").stdout, "rate-limit-date")


def test_ctl_readings(client):
    """ctl settles readings"""
    client.ctl("reading", "mint-status=201", "revoke=204")
    same(client.mint().status, 201)
    same(json.loads(client.ctl("readings", "now").stdout)["revoke"], "204")
    within(client.ctl("readings").stdout, "yes | no")


def test_ctl_data(client):
    """ctl suspends, installs, revokes and changes keys"""
    client.ctl("suspend", FIRST)
    same(client.mint().status, 403)
    client.ctl("unsuspend", FIRST)
    client.ctl("install", "fresh", "fresh-org")
    within(client.ctl("installations").stdout, f"fresh fresh-org {APP}\n")
    client.token("/app/installations/fresh/accessTokens")
    client.ctl("uninstall", "fresh")
    token = client.token()
    same(int(client.ctl("revoke-all").stdout) > 0, True)
    same(client.ask("GET", "/projects", token).status, 403)
    within(client.ctl("installations").stdout, f"{FIRST} {FIRST_ORG} {APP}\n")


def test_ctl_keys(client):
    """ctl adds and removes keys by file and by fingerprint"""
    path = client.sandbox("second.pem")
    with open(path, "w", encoding="ascii") as file:
        file.write(public_pem(other_key()))
    print_ = fingerprint(read_public_key(public_pem(other_key())))
    client.ctl("key-add", path)
    within(client.ctl("keys").stdout, f"{APP} {print_}\n")
    same(client.ctl("key-remove", print_).stdout, "1\n")
    client.ctl("key-add", path)
    same(client.ctl("key-remove", path).stdout, "1\n")
    same(client.ctl("key-remove", path).stdout, "0\n")
    same(client.ctl("key-remove", "all").stdout, "1\n")
    same(client.mint().status, 401)
    client.ctl("key-add", client.sandbox("app.pem"))
    same(client.mint().status, 200)
    os.unlink(path)


def test_ctl_url(client):
    """ctl prints URLs"""
    same(client.ctl("url").stdout, client.sandbox.read("url"))
    same(client.ctl("url", "expired").stdout, client.sandbox.read("url.expired"))


def test_ctl_wrong(client):
    """ctl fails with a sentence and a status"""
    for words, status in ((["nonsense"], 2), (["fault"], 2), (["fault", "status", "x=1"], 2),
                          (["fault", "nope"], 1), (["reading", "mint-status=7"], 1),
                          (["suspend", "nobody"], 1), (["key-remove", "x", "nobody"], 1),
                          (["url", "nowhere"], 1)):
        done = client.ctl(*words)
        same((done.returncode, done.stdout), (status, ""), words)
        within(done.stderr, "icr-sandbox ctl: ")


def test_manual(client):
    """the manual names every fault, reading, control, option and listener"""
    path = os.path.join(os.path.dirname(PROGRAM), "..", "..", "man", "icr-sandbox.1")
    with open(path, encoding="ascii") as file:
        words = set(re.findall(r"[a-z0-9][a-z0-9_-]*", file.read()))
    options = re.findall(r"add\(\"--([a-z-]+)", read_module("cli"))
    controls = re.findall(r"^  ([a-z][a-z_-]+)", USAGE, re.MULTILINE)
    assert len(options) > 10 and len(controls) > 10, "the patterns fit no more"
    for name in (*KINDS, *READINGS, *ENDPOINTS, *options, *controls, *client.get("urls"), *PLAIN):
        assert name in words, f"{name} is not in the manual"


def read_module(name):
    with open(os.path.join(os.path.dirname(PROGRAM), "sandbox", f"{name}.py"), encoding="utf-8") as file:
        return file.read()


def tests():
    return gathered(globals())
