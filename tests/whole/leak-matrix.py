# SPDX-License-Identifier: LGPL-2.1-or-later
"""Where does the token go?  Every redirect, netrc and proxy, by each way of giving the token to curl.

Its own servers record every byte that they get.  The first request of each
case goes to the permitted origin, over https or, as a profile may allow it on
the loopback interface, over http.  It answers with a redirect.  The token may
be seen there and nowhere else.  In control cases, curl gets options that make
it leak: they show that a leak would be noticed.
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

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "sandbox"))
from cryptography import x509  # noqa: E402
from sandbox import certs  # noqa: E402

NETRC = {"none": None, "machine": "machine 127.0.0.1 login netrc password wrong\nmachine 127.0.0.2 login netrc "
         "password wrong\nmachine localhost login netrc password wrong\n",
         "default": "default login netrc password wrong\n"}
# What a careless user's .curlrc may say; "-q" keeps curl from reading it.
CURLRC = "location-trusted\nnetrc-optional\nproto-redir = =all\n"
# By the scheme of the permitted origin; "other" is of the same scheme unless it says otherwise.
TARGETS = {"https": ("other-host", "other-port", "http", "imap", "relative", "user-same", "user-other"),
           "http": ("other-host", "other-port", "https", "https-host", "imap", "relative", "user-same", "user-other")}
PROXIES = ("none", "connect", "plain")
SIGNS = {"ok": "-", "refused": "x"}  # verdicts that are good
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
        """Servers that saw the token in this case; IMAP cannot carry the case's name."""
        with self.lock:
            return {server for server, data in self.got
                    if holds(data, token) and (case.encode() in data or server == target == "imap")}


def holds(data, token):
    """As it is, or in base64, as mail protocols send it."""
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
        contexts = {"https": context, "http": None}
        imap_port = Server("imap", ("127.0.0.1", 0), imap, self.notes).port
        self.proxy_url = f"http://127.0.0.1:{Server('proxy', ('127.0.0.1', 0), proxy, self.notes).port}"
        self.urls, self.locations, ports = {}, {}, {}
        for scheme, context in contexts.items():
            port = Server("origin-" + scheme, ("127.0.0.1", 0), self.redirect, self.notes, context).port
            # The same port, so that only the host tells it from the origin.
            Server(scheme + "-host", ("127.0.0.2", port), http, self.notes, context)
            ports[scheme] = Server(scheme + "-port", ("127.0.0.1", 0), http, self.notes, context).port
            self.urls[scheme] = f"{scheme}://127.0.0.1:{port}"
            self.locations[scheme] = {
                "other-host": f"{scheme}://127.0.0.2:{port}",
                "other-port": f"{scheme}://127.0.0.1:{ports[scheme]}",
                "imap": f"imap://somebody@127.0.0.1:{imap_port}",
                "relative": "",
                "user-same": f"{scheme}://somebody:secret@127.0.0.1:{port}",
                "user-other": f"{scheme}://127.0.0.1%3A{port}:x@127.0.0.2:{port}",
            }
        self.locations["https"]["http"] = f"http://127.0.0.1:{ports['http']}"
        self.locations["http"]["https"] = f"https://127.0.0.1:{ports['https']}"
        self.locations["http"]["https-host"] = self.locations["https"]["other-host"]

    def redirect(self, handler):
        """GET /go/CASE/TARGET goes to /landed/CASE of the target."""
        words = (handler.head().split(b" ") + [b""])[1].decode(errors="replace").split("/")
        locations = self.locations[handler.server.name.removeprefix("origin-")]
        if len(words) == 4 and words[1] == "go" and words[3] in locations:
            say(handler, "302 Found", [f"Location: {locations[words[3]]}/landed/{words[2]}"])
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

    def command(self, way, scheme, url, follow, netrc, through):
        words, name = self.arguments(follow, through), "matrix-" + scheme
        if way == "curl-config":
            words += ["--netrc-optional"] if netrc != "none" else []
            script = 'url=$2; icred -p "$1" curl-config "$url" | { shift 2; curl -q "$@" -K - "$url"; }'
            return ["sh", "-c", script, "sh", name, url, *words]
        if way == "icred-curl":
            return ["icred", "-p", name, "curl", *words, url]
        return [self.options.hook, name, self.ca, str(int(follow)), str(int(netrc != "none")),
                self.proxy_url if through == "connect" else "", url]

    def run(self, case):
        number, (way, scheme, target, follow, netrc, through) = case
        name = f"case{number:04}x"
        url = f"{self.urls[scheme]}/go/{name}/{target}"
        done = subprocess.run(self.command(way, scheme, url, follow, netrc, through),
                              env=self.environment(netrc, through), stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=4 * LIMIT, check=False)
        return name, done.returncode, done.stderr

    def reached(self, name, scheme, path):
        """Did the origin get the token with this request?"""
        with self.notes.lock:
            return any(server == "origin-" + scheme and self.token in data and f"/{path}/{name}".encode() in data.split(b"\r\n")[0]
                       for server, data in self.notes.got)

    def control(self, scheme, target, through):
        """curl with options that make it leak: which servers have seen the token?"""
        name = f"control-{scheme}-{target}-{through}"
        env = self.environment("none", through)
        words = self.arguments(True, through) + ["--location-trusted", "--proto-redir", "=all"]
        config = b'oauth2-bearer = "' + self.token + b'"\n'
        subprocess.run(["curl", "-q", *words, "-K", "-", f"{self.urls[scheme]}/go/{name}/{target}"], input=config, env=env,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=4 * LIMIT, check=False)
        return self.notes.seen_by(self.token, name, target) - {"origin-" + scheme}


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
    way, scheme, target, follow, _, through = case
    name, status, stderr = result
    leaks = matrix.notes.seen_by(matrix.token, name, target) - {"origin-" + scheme}
    if leaks:
        return "LEAK", f"the token reached {', '.join(sorted(leaks))}"
    if (way, scheme, through) == ("icred-curl", "http", "connect"):
        if status == 6 and not matrix.reached(name, scheme, "go"):
            return "refused", ""
        return "ran", f"a proxy for plain http was not refused; status {status}"
    if not matrix.reached(name, scheme, "go"):
        return "unsent", f"the token did not reach its own origin; status {status}: {stderr.decode(errors='replace')}"
    if follow and target == "relative" and not matrix.reached(name, scheme, "landed"):
        return "lost", "the token did not follow a redirect within its origin"
    return "ok", ""


def table(scheme, cases, verdicts):
    print(f"# from {scheme}; rows: way, redirects followed or not, netrc; columns: where the redirect points, without "
          "proxy, with a proxy that is named, with one of the environment")
    print("# " + " " * 30 + "".join(f"{target:>13}" for target in TARGETS[scheme]))
    rows = {}
    for (way, origin, target, follow, netrc, through), verdict in zip(cases, verdicts):
        if origin == scheme:
            rows.setdefault((way, follow, netrc), {}).setdefault(target, {})[through] = verdict[0]
    for (way, follow, netrc), row in rows.items():
        cells = ["/".join(SIGNS.get(row[target][p], row[target][p]) for p in PROXIES) for target in TARGETS[scheme]]
        print(f"# {way:12} {'follow' if follow else 'stay':7} {netrc:8} " + "".join(f"{cell:>13}" for cell in cells))
    print("# '-': only the permitted origin has seen the token; 'x': refused, and no server has seen it")


def controls(matrix, tap):
    for scheme, target, through, server in (
            ("https", "other-host", "none", "https-host"), ("https", "other-port", "none", "https-port"),
            ("https", "http", "none", "http-port"), ("https", "http", "plain", "proxy"), ("https", "imap", "none", "imap"),
            ("http", "other-host", "none", "http-host"), ("http", "other-port", "none", "http-port"),
            ("http", "https", "none", "https-port"), ("http", "https-host", "none", "https-host"),
            ("http", "imap", "none", "imap"), ("http", "relative", "plain", "proxy"), ("http", "relative", "connect", "proxy")):
        seen = matrix.control(scheme, target, through)
        tap.ok(server in seen, f"control: a leak from {scheme} to {target}, proxy {through}, is noticed",
               f"seen by {seen or 'no server'}")
    matrix.notes.got.clear()


def profile(matrix):
    folder = os.environ["ICRED_CONFIG_DIR"]
    with open(os.path.join(folder, "default.conf"), encoding="ascii") as given:
        text = given.read()
    for scheme, url in matrix.urls.items():
        leave = "insecure-loopback yes\n" if scheme == "http" else ""
        with open(os.path.join(folder, f"matrix-{scheme}.conf"), "w", encoding="ascii") as out:
            out.write(f"{text}\n{leave}origin {url}\n")


def main():
    parser = argparse.ArgumentParser(description="Where does the token go?")
    parser.add_argument("--hook", help="a program like tests/whole/leak-hook.c; without it, that way is left out")
    parser.add_argument("--jobs", type=int, default=4)
    options = parser.parse_args()
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder:
        matrix = Matrix(options, folder)
        profile(matrix)
        controls(matrix, tap)
        ways = (["hook"] if options.hook else []) + ["curl-config", "icred-curl"]
        cases = [case for case in product(ways, TARGETS, TARGETS["https"] + ("https", "https-host"), (False, True), NETRC,
                                          PROXIES) if case[2] in TARGETS[case[1]]]
        with ThreadPoolExecutor(options.jobs) as pool:
            results = list(pool.map(matrix.run, enumerate(cases)))
        verdicts = [judge(matrix, case, result) for case, result in zip(cases, results)]
    for scheme in TARGETS:
        table(scheme, cases, verdicts)
    for begin in dict.fromkeys(case[:3] for case in cases):
        mine = [(case, verdict) for case, verdict in zip(cases, verdicts) if case[:3] == begin]
        bad = [f"follow {case[3]}, netrc {case[4]}, proxy {case[5]}: {verdict[1]}" for case, verdict in mine
               if verdict[0] not in SIGNS]
        way, scheme, target = begin
        tap.ok(not bad, f"{way}, redirect from {scheme} to {target}: {len(mine)} combinations", *bad)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
