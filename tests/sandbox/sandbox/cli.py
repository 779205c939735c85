# SPDX-License-Identifier: LGPL-2.1-or-later
"""The command line of the server, its folder and its life."""

import argparse
import contextlib
import ipaddress
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import PrivateFormat

from . import certs, registry
from .core import Elsewhere, Sandbox
from .counts import LogFile
from .ctl import Failed, ask
from .readings import check
from .server import ControlListener, Listener, prepare_limits

DEFAULT_APP = "12345"
VOLATILE = ("pid", "control")
EXAMPLES = """\
examples:
  icr-sandbox --dir /tmp/sb &              serve until killed; wait for /tmp/sb/url
  curl --cacert /tmp/sb/ca.pem "$(cat /tmp/sb/url)/projects"
  icr-sandbox --exec -- make check         serve while a command runs
  eval "$(icr-sandbox --dir /tmp/sb --print-env &)"
  icr-sandbox ctl /tmp/sb mints            how many tokens were minted
  icr-sandbox ctl /tmp/sb fault status=503 times=2 on=mint
  icr-sandbox ctl /tmp/sb reading mint-status=201
  icr-sandbox ctl --help                   all commands for a running sandbox
"""


def parse(argv):
    parser = argparse.ArgumentParser(
        prog="icr-sandbox", formatter_class=argparse.RawDescriptionHelpFormatter, epilog=EXAMPLES,
        allow_abbrev=False,
        description="A stand-in for the ICR API on this machine: strict, counting, and able to fail on request.")
    add = parser.add_argument
    add("--dir", metavar="DIR",
        help="directory for url, ca.pem, app.pem, log and so on (default: a temporary one)")
    add("--listen", metavar="ADDRESS", default="127.0.0.1",
        help="loopback address to listen on (default: %(default)s)")
    add("--port", type=int, default=0, metavar="N",
        help="port of the main listener (default: any free port)")
    add("--http", action="store_true", help="use plain HTTP for the main listener (url.http always does)")
    add("--cert", choices=certs.KINDS, default="good",
        help="certificate of the main listener (default: %(default)s)")
    add("--app", action="append", metavar="ID[=PEM]", default=[],
        help=f"an app, with its key from this file or a new one (default: {DEFAULT_APP}; repeatable)")
    add("--installation", action="append", metavar="ID:ORG[:APP]", default=[],
        help="an additional installation (repeatable)")
    add("--installations", type=int, default=3, metavar="N",
        help="number of installations of the first app (default: %(default)s)")
    add("--reading", action="append", metavar="NAME=VALUE", default=[],
        help="choose one of the readings in icr-sandbox(1) (repeatable)")
    add("--clock", type=float, default=0, metavar="SECONDS", help="set the sandbox's clock this far ahead, or behind if negative")
    add("--lifetime", type=int, metavar="SECONDS", help="exit after this time in any case")
    add("--print-env", action="store_true",
        help="when ready, print shell assignments and close standard output")
    add("--exec", action="store_true",
        help="run the command after -- with ICR_SANDBOX_URL, ICR_SANDBOX_CA and ICR_SANDBOX_DIR; "
             "exit when it ends")
    add("command", nargs="*", metavar="-- COMMAND", help="the command of --exec")
    options = parser.parse_args(argv)
    if options.exec != bool(options.command):
        parser.error("--exec and a command go together: --exec -- COMMAND...")
    try:
        if not ipaddress.ip_address(options.listen).is_loopback:
            raise ValueError(f"{options.listen} is not a loopback address")
        options.reading = dict(_reading(word) for word in options.reading)
    except ValueError as why:
        parser.error(str(why))
    return options


def _reading(word):
    name, _, value = word.partition("=")
    check(name, value)
    return name, value


class Folder:
    """DIR: what is in it while the sandbox runs, and what stays behind."""

    def __init__(self, path):
        self.temporary = path is None
        self.path = os.path.abspath(path) if path else tempfile.mkdtemp(prefix="icr-sandbox.")
        os.makedirs(self.path, mode=0o700, exist_ok=True)
        if self.in_use():
            raise OSError(f"{self.path}: a sandbox runs there already")
        self.tidy()

    def in_use(self):
        try:
            return bool(ask(self.path, "GET", "clock"))
        except Failed:
            return False

    def __call__(self, name):
        return os.path.join(self.path, name)

    def write(self, name, data, mode=0o644):
        """All at once: whoever sees the file sees the whole of it."""
        descriptor, path = tempfile.mkstemp(dir=self.path, prefix=f".{name}.")
        with os.fdopen(descriptor, "wb") as file:
            file.write(data if isinstance(data, bytes) else data.encode())
        os.chmod(path, mode)
        os.rename(path, self(name))

    def tidy(self):
        """What says that a sandbox runs goes first; keys and the log stay for who wants them."""
        for name in os.listdir(self.path):
            if name in VOLATILE or name == "url" or name.startswith("url."):
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(self(name))

    def end(self):
        self.tidy()
        if self.temporary:
            shutil.rmtree(self.path, ignore_errors=True)


def make_apps(sandbox, folder, words):
    """The apps and their keys; app.pem is the first one's."""
    for index, word in enumerate(words or [DEFAULT_APP]):
        name, _, path = word.partition("=")
        if path:
            with open(path, encoding="ascii") as file:
                sandbox.registry.add_key(name, registry.read_public_key(file.read()))
            continue
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        sandbox.registry.add_key(name, key.public_key())
        stem = "app" if index == 0 else f"app-{name}"
        folder.write(f"{stem}.pem", certs.private_pem(key), 0o600)
        folder.write(f"{stem}.pkcs1.pem", certs.private_pem(key, PrivateFormat.TraditionalOpenSSL), 0o600)


def make_installations(sandbox, options):
    apps = list(sandbox.registry.apps.values())
    sandbox.registry.install_many(apps[0], 1, options.installations)
    for word in options.installation:
        ident, org, *app = word.split(":")
        sandbox.registry.install(sandbox.registry.add_app(app[0]) if app else apps[0], ident, org)


def make_listeners(sandbox, folder, options):
    """All of them, bound but not yet taking anybody; and their URLs."""
    authority = certs.Authority()
    folder.write("ca.pem", authority.pem())
    sandbox.elsewhere = Elsewhere(sandbox)

    def tls(kind):
        return certs.server_context(authority, kind, folder.path)

    context = None if options.http else tls(options.cert)
    main = Listener(sandbox, "main", sandbox, options.listen, options.port, context)
    other = Listener(sandbox, "elsewhere", sandbox.elsewhere, options.listen, 0, tls("good"))
    http = Listener(sandbox, "http", sandbox, options.listen)
    bad = [Listener(sandbox, kind, sandbox, options.listen, 0, tls(kind)) for kind in certs.KINDS[1:]]
    sandbox.url, sandbox.elsewhere.url = main.url, other.url
    listeners = [main, other, http, *bad]
    sandbox.urls = {listener.name: listener.url for listener in listeners}
    return listeners + [ControlListener(sandbox, sandbox, folder.path)]


def environment(sandbox, folder):
    return {"ICR_SANDBOX_URL": sandbox.url, "ICR_SANDBOX_CA": folder("ca.pem"),
            "ICR_SANDBOX_DIR": folder.path, "ICR_SANDBOX_PID": str(os.getpid())}


def announce(sandbox, folder, options):
    """Tells that it is ready; url comes last."""
    folder.write("pid", f"{os.getpid()}\n")
    for name, url in sandbox.urls.items():
        if name != "main":
            folder.write(f"url.{name}", f"{url}\n")
    folder.write("url", f"{sandbox.url}\n")
    if options.print_env:
        for name, value in environment(sandbox, folder).items():
            print(f"{name}={shlex.quote(value)}; export {name}")
        sys.stdout.flush()
        null = os.open(os.devnull, os.O_WRONLY)     # so that $(... &) is not kept waiting
        os.dup2(null, 1)
        os.close(null)


def start(folder, options):
    sandbox = Sandbox(LogFile(folder("log")), options.reading, options.clock)
    make_apps(sandbox, folder, options.app)
    make_installations(sandbox, options)
    listeners = make_listeners(sandbox, folder, options)
    prepare_limits()
    for listener in listeners:
        listener.start()
    announce(sandbox, folder, options)
    return sandbox


class Life:
    """From start to end: what the main thread waits for, and what it leaves behind.

    It reads a pipe that signals and the end of the child write to, because a
    signal that comes just before pause() or wait() would be lost.
    """

    def __init__(self, folder, lifetime):
        self.folder, self.child = folder, None
        self.reader, self.writer = os.pipe()
        os.set_blocking(self.writer, False)
        signal.set_wakeup_fd(self.writer)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGALRM):
            signal.signal(number, self.stop)
        if lifetime:
            signal.alarm(lifetime)

    def stop(self, number, frame):
        if self.child:
            self.child.terminate()
        end(self.folder, 0)

    def run(self, command, env):
        """Runs the command; its status, as a shell would tell it."""
        try:
            self.child = subprocess.Popen(command, env={**os.environ, **env})
        except OSError as why:
            print(f"icr-sandbox: {command[0]}: {why.strerror}", file=sys.stderr)
            return 127 if isinstance(why, FileNotFoundError) else 126
        threading.Thread(target=self.watch, daemon=True).start()
        self.wait()
        return self.child.returncode if self.child.returncode >= 0 else 128 - self.child.returncode

    def watch(self):
        self.child.wait()
        os.write(self.writer, b"\0")

    def wait(self):
        while self.child is None or self.child.returncode is None:
            os.read(self.reader, 1)


def end(folder, status):
    """At once: threads that hang are no reason to wait."""
    folder.end()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def main(argv):
    options = parse(argv)
    try:
        folder = Folder(options.dir)
    except OSError as why:
        print(f"icr-sandbox: {why}", file=sys.stderr)
        return 1
    life = Life(folder, options.lifetime)
    try:
        sandbox = start(folder, options)
    except (OSError, ValueError) as why:
        print(f"icr-sandbox: {why}", file=sys.stderr)
        end(folder, 1)
    if options.exec:
        end(folder, life.run(options.command, environment(sandbox, folder)))
    life.wait()
