# SPDX-License-Identifier: LGPL-2.1-or-later
"""Starting, ending, options, and clients with bad manners."""

import os
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
from urllib.parse import urlsplit

from .client import MINT, Client, gathered, same, within
from .jwts import other_key, private_pem
from .running import PROGRAM, Running


def run(*words, **how):
    return subprocess.run([sys.executable, PROGRAM, *words], text=True, capture_output=True, timeout=20,
                          check=False, **how)


def test_folder(client):
    """what is in the folder, with which modes"""
    sandbox = client.sandbox
    for name in ("app.pem", "app.pkcs1.pem", "log"):
        same(os.stat(sandbox(name)).st_mode & 0o777, 0o600, name)
    within(sandbox.read("app.pem"), "BEGIN PRIVATE KEY")
    within(sandbox.read("app.pkcs1.pem"), "BEGIN RSA PRIVATE KEY")
    same(int(sandbox.read("pid")), sandbox.process.pid)
    within(sandbox.read("url"), "https://127.0.0.1:")


def test_sigterm(client):
    """SIGTERM ends it at once, whatever hangs, and the folder says so"""
    with Running("--installations", "1") as sandbox:
        other = Client(sandbox)
        other.post("fault", kind="hang")
        connection = other.connect()
        connection.request("POST", MINT)
        while not other.get("counts")["requests"]:
            time.sleep(0.005)
        start = time.monotonic()
        same(sandbox.stop(), "")
        same((sandbox.process.returncode, time.monotonic() - start < 5), (0, True))
        same(sorted(os.listdir(sandbox.dir)), ["app.pem", "app.pkcs1.pem", "ca.pem", "log"])
        within(other.ctl("mints").stderr, "no sandbox runs there")
        connection.close()


def test_exec(client):
    """--exec runs a command with its environment and returns its status"""
    script = ('test -s "$ICR_SANDBOX_DIR/url" && test -s "$ICR_SANDBOX_CA" && '
              'echo "$ICR_SANDBOX_URL $ICR_SANDBOX_DIR"; exit 7')
    done = run("--exec", "--", "sh", "-c", script)
    same((done.returncode, done.stderr), (7, ""))
    url, folder = done.stdout.split()
    assert url.startswith("https://127.0.0.1:") and not os.path.exists(folder), done.stdout
    same(run("--exec", "--", "sh", "-c", "kill -9 $$").returncode, 137)
    same(run("--exec", "--", "/nonexistent").returncode, 127)
    same(run("--exec").returncode, 2)


def test_print_env(client):
    """--print-env fits eval, even in the background"""
    folder = tempfile.mkdtemp(prefix="icr-sandbox-test.")
    script = ('eval "$("$0" "$1" --lifetime 60 --dir "$2" --print-env &)" && '
              'kill $ICR_SANDBOX_PID && echo $ICR_SANDBOX_URL')
    done = subprocess.run(["sh", "-c", script, sys.executable, PROGRAM, folder], text=True,
                          capture_output=True, timeout=20, check=False)
    shutil.rmtree(folder)
    within(done.stdout, "https://127.0.0.1:")


def test_options(client):
    """--http, --app with a key, --installation, --reading, --clock and a fixed port"""
    folder = tempfile.mkdtemp(prefix="icr-sandbox-test.")
    path = os.path.join(folder, "key.pem")
    with open(path, "wb") as file:
        file.write(private_pem(other_key()))
    try:
        with Running("--http", "--app", f"one={path}", "--app", "two", "--installations", "0",
                     "--installation", "i:o:two", "--reading", "mint-status=201", "--clock", "30",
                     "--port", str(free_port())) as sandbox:
            client_options(sandbox)
    finally:
        shutil.rmtree(folder)


def client_options(sandbox):
    assert not os.path.exists(sandbox("app.pem"))
    shutil.copy(sandbox("app-two.pem"), sandbox("app.pem"))
    other = Client(sandbox)
    within(other.url, "http://127.0.0.1:")
    reply = other.ask("POST", "/app/installations/i/accessTokens", other.jwt(iss="two"))
    same((reply.status, reply.json()["organizationId"]), (201, "o"))
    text = other.jwt(iss="one", key=private_pem(other_key()))
    same(other.ask("POST", "/app/accessTokens", text).status, 201)
    same(other.get("clock")["offset"], 30)
    other.post("reading", **{"mint-status": "200"})
    other.post("reset")
    same(other.get("readings")["now"]["mint-status"], "201", "the reading after a reset")
    same(other.get("clock")["offset"], 30, "the clock after a reset")
    within(run("--dir", sandbox.dir).stderr, "runs there already")


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def test_cert_option(client):
    """--cert gives the main listener a bad certificate"""
    with Running("--cert", "expired", "--installations", "1") as sandbox:
        try:
            Client(sandbox).mint()
        except ssl.SSLCertVerificationError as why:
            within(str(why), "expired")
        else:
            raise AssertionError("it was trusted")


def test_ipv6(client):
    """--listen ::1 has a certificate that fits"""
    try:
        socket.socket(socket.AF_INET6).bind(("::1", 0))
    except OSError:
        return
    with Running("--listen", "::1", "--installations", "1") as sandbox:
        other = Client(sandbox)
        within(other.url, "https://[::1]:")
        same(other.mint().status, 200)


def test_usage(client):
    """a bad command line is a sentence and a status"""
    same(run("--reading", "mint-status=3").returncode, 2)
    same(run("--cert", "none").returncode, 2)
    within(run("--listen", "192.0.2.1").stderr, "not a loopback address")
    same(run("ctl").returncode, 2)
    within(run("--help").stdout, "icr-sandbox ctl")
    within(run("ctl", "--help").stdout, "fault KIND")
    same(run("--dir", "/proc/none").returncode, 1)


def test_plain_http(client):
    """url.http is the same service without TLS"""
    same(client.mint(url=client.sandbox.url("http")).status, 200)


def test_rude_clients(client):
    """clients that leave in the middle disturb nobody"""
    address = urlsplit(client.url)
    for data in (b"", b"\x16\x03\x01", b"GET / HTTP/1.1\r\n\r\n", bytes(range(256)) * 20):
        for linger in (0, 1):
            sock = socket.create_connection((address.hostname, address.port))
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", linger, 0))
            sock.sendall(data)
            sock.close()
    connection = client.connect()
    connection.request("POST", MINT, None, {"Authorization": f"Bearer {client.jwt()}"})
    connection.sock.close()
    same(client.mint().status, 200)
    # What the client that left has asked for is done too; only then is nothing left that the next test would count.
    deadline = time.monotonic() + 10
    while client.get("counts")["mints"] < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    same(client.get("counts")["mints"], 2)
    same("BUG" in client.sandbox.read("log"), False, "a bug in the log")


def test_crowd(client):
    """200 clients at once are all served, each one mint"""
    statuses, text = [], client.jwt()

    def one():
        statuses.append(client.ask("POST", MINT, text).status)
    threads = [threading.Thread(target=one) for _ in range(200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    same((statuses, client.get("counts")["mints"]), ([200] * 200, 200))


def test_quick(client):
    """a request on an open connection takes about a millisecond at most"""
    connection, text = client.connect(), client.jwt()
    times = []
    for _ in range(100):
        start = time.perf_counter()
        client.ask("POST", MINT, text, connection=connection)
        times.append(time.perf_counter() - start)
    connection.close()
    assert sorted(times)[10] < 0.005, f"{sorted(times)[10] * 1000:.2f} ms"


def test_signals(client):
    """SIGINT and SIGHUP end it too"""
    for number in (signal.SIGINT, signal.SIGHUP):
        with Running("--installations", "1") as sandbox:
            os.kill(sandbox.process.pid, number)
            same(sandbox.process.wait(5), 0)


def tests():
    return gathered(globals())
