# SPDX-License-Identifier: LGPL-2.1-or-later
"""Listeners and connections: a thread each, blocking sockets, one send per answer."""

import _thread
import os
import resource
import socket
import ssl
import threading

from .broken import Gone
from .wire import BadRequest, Reader, error

BACKLOG = 512
STACK = 1024 * 1024
MOST_FILES = 8192


class Connection:
    def __init__(self, listener, sock, peer, number):
        self.sandbox = listener.sandbox
        self.handler = listener.handler
        self.sock = sock
        self.peer = peer
        self.number = number
        self.closing = False            # after the answer that is being made

    def raw_fd(self):
        return self.sock.fileno()

    def head(self, answer, length, framing=None):
        if self.closing:
            answer.headers.setdefault("Connection", "close")
        return answer.head(self.sandbox.clock.http_date(), length, framing)

    def send(self, answer, body=None):
        if body is None:
            body = answer.body()
        self.sock.sendall(self.head(answer, len(body)) + body)

    def say_goodbye(self):
        """Ends TLS as it should end, so that the end of the data is known to be the end."""
        if isinstance(self.sock, ssl.SSLSocket):
            self.sock.settimeout(1)
            self.sock = self.sock.unwrap()

    def run(self):
        reader = Reader(self.sock)
        try:
            while not self.closing and (request := reader.next()) is not None:
                self.closing = request.wants_close()
                self.handler.handle(self, request)
        except BadRequest as why:
            self.sandbox.note(f"{self.number} bad request: {why}")
            self.closing = True
            self.send(error(400, "Bad Request"))


class Listener:
    """One address, one certificate (or none), one handler."""

    def __init__(self, sandbox, name, handler, address, port=0, context=None):
        self.sandbox, self.name, self.handler, self.context = sandbox, name, handler, context
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.sock = socket.socket(family, socket.SOCK_STREAM)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.sock.bind((address, port))
        self.sock.listen(BACKLOG)
        host = f"[{address}]" if ":" in address else address
        self.url = f"{'https' if context else 'http'}://{host}:{self.sock.getsockname()[1]}"

    def start(self):
        _thread.start_new_thread(self.accept, ())

    def accept(self):
        number = 0
        while True:
            try:
                sock, peer = self.sock.accept()
            except OSError as why:      # such as too many open files: whoever waits will be taken later
                self.sandbox.note(f"{self.name}: accept: {why}")
                self.sandbox.release.wait(0.05)
                continue
            number += 1
            self.welcome(sock, peer[0] if isinstance(peer, tuple) else None, f"{self.name}#{number}")

    def welcome(self, sock, *who):
        try:
            _thread.start_new_thread(self.serve, (sock, *who))
        except RuntimeError as why:     # no more threads
            self.sandbox.note(f"{self.name}: {why}")
            sock.close()

    def serve(self, sock, peer, number):
        connection = Connection(self, sock, peer, number)
        try:
            self.greet(connection)
            connection.run()
        except Gone as why:
            self.sandbox.note(f"{number} gone: {why}")
        except (OSError, ValueError) as why:    # a client may leave at any moment, in any way
            self.sandbox.note(f"{number} lost: {type(why).__name__}: {why}")
        except Exception as why:                # a bug here: told in the log and by the connection's end
            self.sandbox.note(f"{number} BUG: {type(why).__name__}: {why}")
        finally:
            connection.sock.close()

    def greet(self, connection):
        """TCP without delay, the faults of the handshake, the handshake."""
        sock = connection.sock
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        api = self.handler is self.sandbox
        if api:
            self.sandbox.counts.add("connections")
            self.fail_as_told(connection)
        if self.context is None:
            return
        connection.sock = self.context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False,
                                                   suppress_ragged_eofs=True)
        connection.sock.do_handshake()
        if api:
            self.sandbox.counts.add("handshakes")
            if connection.sock.session_reused:
                self.sandbox.counts.add("resumed")

    def fail_as_told(self, connection):
        for fault in self.sandbox.faults.take(None):
            self.sandbox.counts.add("faults_served")
            fault.entry.act(connection, fault.value)


class ControlListener(Listener):
    """A socket in the folder, for the same control interface when TLS is told to fail."""

    def __init__(self, sandbox, handler, folder):
        self.sandbox, self.name, self.handler, self.context = sandbox, "control", handler, None
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY)
        self.sock.bind(f"/proc/self/fd/{descriptor}/control")       # the folder's own name may be too long
        os.close(descriptor)
        self.sock.listen(BACKLOG)

    def greet(self, connection):
        pass


def prepare_limits():
    """A thousand clients at once are no reason to fail."""
    threading.stack_size(STACK)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if hard == resource.RLIM_INFINITY else min(MOST_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
