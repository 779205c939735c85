# SPDX-License-Identifier: LGPL-2.1-or-later
"""Where does the token go?  Every redirect, netrc and proxy, by each way of handing the token to curl.

Servers of its own note every byte that they get.  The first request of each
case goes to the permitted origin, which answers with a redirect.  The token
may be seen there and nowhere else.  Controls, in which curl is told by hand to
leak, show that a leak would be noticed.
"""

import argparse
import base64
import os
import re
import socket
import socketserver
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address
from itertools import product
from urllib.parse import urlsplit

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "sandbox"))
from cryptography import x509  # noqa: E402
from sandbox import certs  # noqa: E402

NETRC = {"none": None, "machine": "machine 127.0.0.1 login netrc password wrong\nmachine 127.0.0.2 login netrc "
         "password wrong\nmachine localhost login netrc password wrong\n",
         "default": "default login netrc password wrong\n"}
# What a careless user's .curlrc may say; "-q" is to keep all of that away.
CURLRC = "location-trusted\nnetrc-optional\nproto-redir = =all\n"
TARGETS = ("other-host", "other-port", "http", "imap", "relative", "user-same", "user-other")
PROXIES = ("none", "connect", "plain")
LIMIT = 10  # seconds for one transfer


class Notes:
    """What every server got, by its name."""

    def __init__(self):
        self.lock = threading.Lock()
        self.got = []

    def add(self, server, data):
        with self.lock:
            self.got.append((server, bytes(data)))

    def seen_by(self, token, case, target):
        """Servers that saw the token, in this case; IMAP has no place for the case's name."""
        with self.lock:
            return {server for server, data in self.got
                    if holds(data, token) and (case.encode() in data or server == target == "imap")}


def holds(data, token):
    """As it is, or in base64, which is how mail protocols have it."""
    if token in data:
        return True
    for word in re.findall(rb"[A-Za-z0-9+/]{40,}={0,2}", data):
        try:
            if token in base64.b64decode(word + b"=" * (-len(word) % 4)):
                return True
        except ValueError:
            pass
    return False


class Handler(socketserver.BaseRequestHandler):
    def setup(self):
        self.request.settimeout(LIMIT)

    def handle(self):
        try:
            if self.server.context:
                self.request = self.server.context.wrap_socket(self.request, server_side=True)
            self.server.serve(self)
        except OSError:
            pass

    def head(self):
        data = b""
        while b"\r\n\r\n" not in data:
            more = self.request.recv(65536)
            if not more:
                break
            data += more
        self.server.notes.add(self.server.name, data)
        return data


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, name, address, serve, notes, context=None):
        self.name, self.serve, self.notes, self.context = name, serve, notes, context
        super().__init__(address, Handler)
        self.port = self.server_address[1]
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, client_address):
        pass


def say(handler, status, headers=(), body=b"{}"):
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers, "", ""]
    handler.request.sendall("\r\n".join(lines).encode() + body)


def http(handler):
    if handler.head():
        say(handler, "200 OK")


def imap(handler):
    handler.request.sendall(b"* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=OAUTHBEARER AUTH=XOAUTH2] ready\r\n")
    got = b""
    while data := handler.request.recv(65536):
        got += data
        handler.server.notes.add("imap", got)
        for line in data.split(b"\r\n"):
            tag, _, rest = line.partition(b" ")
            if rest.upper().startswith(b"CAPABILITY"):
                handler.request.sendall(b"* CAPABILITY IMAP4rev1 SASL-IR AUTH=OAUTHBEARER AUTH=XOAUTH2\r\n")
            if rest:
                handler.request.sendall(tag + b" OK done\r\n")


def proxy(handler):
    """CONNECT for all, and plain requests."""
    head = handler.head()
    method, target = (head.split(b" ", 2) + [b"", b""])[:2]
    if method != b"CONNECT":
        say(handler, "200 OK")
        return
    host, _, port = target.decode().rpartition(":")
    with socket.create_connection((host, int(port)), LIMIT) as upstream:
        handler.request.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        back = threading.Thread(target=pump, args=(upstream, handler.request), daemon=True)
        back.start()
        pump(handler.request, upstream, lambda data: handler.server.notes.add("proxy", head + data))
        back.join(LIMIT)


def pump(source, sink, note=None):
    try:
        while data := source.recv(65536):
            if note:
                note(data)
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


class Matrix:
    def __init__(self, options, folder):
        self.options, self.folder, self.notes = options, folder, Notes()
        self.token = subprocess.run(["icred", "-p", "default", "token"], stdout=subprocess.PIPE,
                                    check=True).stdout.strip()
        self.serve()
        self.homes = {kind: self.home(kind, text) for kind, text in NETRC.items()}

    def serve(self):
        certs.LOCAL.append(x509.IPAddress(ip_address("127.0.0.2")))
        authority = certs.Authority()
        self.ca = os.path.join(self.folder, "ca.pem")
        with open(self.ca, "wb") as out:
            out.write(authority.pem())
        context = certs.server_context(authority, "good", self.folder)
        self.origin = Server("origin", ("127.0.0.1", 0), self.redirect, self.notes, context)
        self.url = f"https://127.0.0.1:{self.origin.port}"
        servers = {
            # The same port, so that only the host tells it from the origin.
            "other-host": Server("other-host", ("127.0.0.2", self.origin.port), http, self.notes, context),
            "other-port": Server("other-port", ("127.0.0.1", 0), http, self.notes, context),
            "http": Server("http", ("127.0.0.1", 0), http, self.notes),
            "imap": Server("imap", ("127.0.0.1", 0), imap, self.notes),
        }
        self.proxy = Server("proxy", ("127.0.0.1", 0), proxy, self.notes)
        self.proxy_url = f"http://127.0.0.1:{self.proxy.port}"
        same, other = f"127.0.0.1:{self.origin.port}", f"127.0.0.2:{self.origin.port}"
        self.locations = {
            "other-host": f"https://{other}",
            "other-port": f"https://127.0.0.1:{servers['other-port'].port}",
            "http": f"http://127.0.0.1:{servers['http'].port}",
            "imap": f"imap://somebody@127.0.0.1:{servers['imap'].port}",
            "relative": "",
            "user-same": f"https://somebody:secret@{same}",
            "user-other": f"https://127.0.0.1%3A{self.origin.port}:x@{other}",
        }

    def redirect(self, handler):
        """GET /go/CASE/TARGET goes to /landed/CASE of the target."""
        words = (handler.head().split(b" ") + [b""])[1].decode(errors="replace").split("/")
        if len(words) == 4 and words[1] == "go" and words[3] in self.locations:
            say(handler, "302 Found", [f"Location: {self.locations[words[3]]}/landed/{words[2]}"])
        else:
            say(handler, "200 OK")

    def home(self, kind, netrc):
        home = os.path.join(self.folder, "home-" + kind)
        os.mkdir(home, 0o700)
        for name, text in ((".netrc", netrc), (".curlrc", CURLRC if netrc else None)):
            if text:
                with open(os.path.join(home, name), "w", encoding="ascii") as out:
                    out.write(text)
        return home

    def environment(self, netrc, through):
        env = {**os.environ, "HOME": self.homes[netrc], "URL_CA": self.ca}
        env.pop("CURL_HOME", None)
        if through == "plain":
            env["http_proxy"] = self.proxy_url
        return env

    def arguments(self, follow, through):
        words = ["-sS", "--max-time", str(LIMIT), "--cacert", self.ca, "-o", "/dev/null"]
        return words + ["-L"] * follow + (["-x", self.proxy_url] if through == "connect" else [])

    def command(self, way, url, follow, netrc, through):
        words = self.arguments(follow, through)
        if way == "curl-config":
            words += ["--netrc-optional"] if netrc != "none" else []
            script = 'url=$1; shift; icred -p matrix curl-config "$url" | curl -q "$@" -K - "$url"'
            return ["sh", "-c", script, "sh", url, *words]
        if way == "icred-curl":
            return ["icred", "-p", "matrix", "curl", *words, url]
        return [self.options.hook, "matrix", self.ca, str(int(follow)), str(int(netrc != "none")),
                self.proxy_url if through == "connect" else "", url]

    def run(self, case):
        number, (way, target, follow, netrc, through) = case
        name = f"case{number:04}x"
        url = f"{self.url}/go/{name}/{target}"
        done = subprocess.run(self.command(way, url, follow, netrc, through), env=self.environment(netrc, through),
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                              timeout=4 * LIMIT, check=False)
        return name, done.returncode, done.stderr

    def reached(self, name, path):
        """Did the origin get the token with this request?"""
        with self.notes.lock:
            return any(server == "origin" and self.token in data and f"/{path}/{name}".encode() in data.split(b"\r\n")[0]
                       for server, data in self.notes.got)

    def control(self, target, through, *words):
        """curl, told to leak: who has seen it?"""
        name = f"control-{target}-{through}"
        env = self.environment("none", through)
        words = self.arguments(True, through) + ["--location-trusted", "--proto-redir", "=all", *words]
        config = b'oauth2-bearer = "' + self.token + b'"\n'
        subprocess.run(["curl", "-q", *words, "-K", "-", f"{self.url}/go/{name}/{target}"], input=config, env=env,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=4 * LIMIT, check=False)
        return self.notes.seen_by(self.token, name, target) - {"origin"}


class Tap:
    def __init__(self):
        self.count = self.failed = 0

    def ok(self, good, name, *why):
        self.count += 1
        self.failed += not good
        print(f"{'ok' if good else 'not ok'} {self.count} - {name}")
        for line in why if not good else ():
            print(f"# {line}")

    def end(self):
        print(f"1..{self.count}")
        return 1 if self.failed else 0


def judge(matrix, case, result):
    """What is wrong with this case: a word for the table, and a sentence."""
    way, target, follow, netrc, through = case
    name, status, stderr = result
    leaks = matrix.notes.seen_by(matrix.token, name, target) - {"origin"}
    if leaks:
        return "LEAK", f"the token reached {', '.join(sorted(leaks))}"
    if not matrix.reached(name, "go"):
        return "unsent", f"the token did not reach its own origin; status {status}: {stderr.decode(errors='replace')}"
    if follow and target == "relative" and not matrix.reached(name, "landed"):
        return "lost", "the token did not follow a redirect within its origin"
    return "ok", ""


def table(cases, verdicts):
    print("# rows: way, redirects followed or not, netrc; columns: where the redirect points, without proxy, "
          "through CONNECT, with a plain proxy")
    print("# " + " " * 30 + "".join(f"{target:>13}" for target in TARGETS))
    rows = {}
    for (way, target, follow, netrc, through), verdict in zip(cases, verdicts):
        rows.setdefault((way, follow, netrc), {}).setdefault(target, {})[through] = verdict[0]
    for (way, follow, netrc), row in rows.items():
        cells = ["/".join("-" if row[target][p] == "ok" else row[target][p] for p in PROXIES) for target in TARGETS]
        print(f"# {way:12} {'follow' if follow else 'stay':7} {netrc:8} " + "".join(f"{cell:>13}" for cell in cells))
    print("# '-' is: seen by the permitted origin, and by nobody else")


def controls(matrix, tap):
    for target, through, server in (("other-host", "none", "other-host"), ("other-port", "none", "other-port"),
                                    ("http", "none", "http"), ("http", "plain", "proxy"), ("imap", "none", "imap")):
        seen = matrix.control(target, through)
        tap.ok(server in seen, f"control: a leak to {target}, proxy {through}, is noticed", f"seen by {seen or 'nobody'}")
    matrix.notes.got.clear()


def profile(matrix):
    folder = os.environ["ICRED_CONFIG_DIR"]
    with open(os.path.join(folder, "default.conf"), encoding="ascii") as given, \
            open(os.path.join(folder, "matrix.conf"), "w", encoding="ascii") as out:
        out.write(given.read() + f"\norigin {matrix.url}\n")


def main():
    parser = argparse.ArgumentParser(description="Where does the token go?")
    parser.add_argument("--hook", help="a program like tests/leak-hook.c; without it, that way is left out")
    parser.add_argument("--jobs", type=int, default=4)
    options = parser.parse_args()
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder:
        matrix = Matrix(options, folder)
        profile(matrix)
        controls(matrix, tap)
        ways = (["hook"] if options.hook else []) + ["curl-config", "icred-curl"]
        cases = list(product(ways, TARGETS, (False, True), NETRC, PROXIES))
        with ThreadPoolExecutor(options.jobs) as pool:
            results = list(pool.map(matrix.run, enumerate(cases)))
        verdicts = [judge(matrix, case, result) for case, result in zip(cases, results)]
    table(cases, verdicts)
    for way, target in product(ways, TARGETS):
        mine = [(case, verdict) for case, verdict in zip(cases, verdicts) if case[:2] == (way, target)]
        bad = [f"follow {case[2]}, netrc {case[3]}, proxy {case[4]}: {verdict[1]}" for case, verdict in mine
               if verdict[0] != "ok"]
        tap.ok(not bad, f"{way}, redirect to {target}: {len(mine)} combinations", *bad)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
