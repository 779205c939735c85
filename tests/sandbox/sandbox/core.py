# SPDX-License-Identifier: LGPL-2.1-or-later
"""The sandbox as one object, and how it answers one request."""

import threading

from . import control, endpoints
from .broken import Raw
from .clock import Clock
from .counts import Counts
from .faults import Faults, from_words
from .readings import READINGS, Readings, check
from .redact import redacted
from .registry import Registry
from .wire import Answer, error


class Sandbox:
    def __init__(self, log, readings=None, offset=0):
        self.lock = threading.RLock()
        self.log = log
        self.clock = Clock(offset)
        self.registry = Registry(self.clock)
        self.readings = Readings(readings)
        self.faults = Faults()
        self.counts = Counts()
        self.release = threading.Event()
        self.url = None
        self.urls = {}
        self.elsewhere = None
        self.authority = None

    def note(self, text):
        self.log.line(redacted(text))

    def let_go(self):
        """Ends everything that hangs."""
        with self.lock:
            self.release.set()
            self.release = threading.Event()

    def handle(self, connection, request):
        """Answers one request of an API listener."""
        if request.path.startswith("/_sandbox/"):
            connection.send(control.serve(self, request, connection.peer))
        else:
            self.handle_api(connection, request)

    def handle_api(self, connection, request):
        try:
            faults, readings = self.wishes(request)
        except ValueError as why:
            connection.send(error(400, f"X-Sandbox: {why}"))
            return
        call = endpoints.Call(self, request, self.readings.overlaid(readings))
        name, handler = endpoints.name_and_handler(request.method, call.path)
        call.entry = self.counts.arrived(request, name, connection.number, endpoints.kind_of_bearer(request))
        faults = self.faults.take(name) + faults
        call.entry["faults"] = [fault.kind for fault in faults]
        for _ in faults:
            self.counts.add("faults_served")
        try:
            self.answer(connection, call, handler, faults)
        finally:
            entry = call.entry
            self.note(" ".join((connection.number, request.method, request.target, entry["kind"], "->",
                                str(entry["status"]), *entry["faults"])))

    @staticmethod
    def wishes(request):
        """What the request itself asks for in X-Sandbox."""
        words = request.headers.get("x-sandbox")
        if not words:
            return [], None
        faults, readings = from_words(words, READINGS)
        for name, value in readings.items():
            check(name, value)
        return faults, readings

    def answer(self, connection, call, handler, faults):
        for fault in faults:
            if fault.entry.stage == "before":
                fault.entry.act(connection, fault.value)
        answer = next((f.entry.act(call, f.value) for f in faults if f.entry.stage == "instead"), None)
        if answer is None:
            answer = endpoints.serve(call, handler)
        self.edit(call, answer, faults)
        for fault in faults:
            if fault.entry.stage == "header":
                fault.entry.act(call, answer, fault.value)
        self.counts.answered(call.entry, answer.status)
        body = b"" if call.request.method == "HEAD" else answer.body()
        send = next((f for f in faults if f.entry.stage == "send"), None)
        if send:
            send.entry.act(connection, answer, body, send.value)
        else:
            connection.send(answer, body)

    @staticmethod
    def edit(call, answer, faults):
        for fault in faults:
            if fault.entry.stage == "edit" and isinstance(answer.value, dict):
                value = fault.entry.act(call, answer.value, fault.value)
                if isinstance(value, Raw):
                    answer.text, value = bytes(value), None
                answer.value = value


class Elsewhere:
    """Another origin: it notes what it gets, for nobody should send a bearer there."""

    def __init__(self, sandbox):
        self.sandbox = sandbox
        self.url = None
        self.reset()

    def reset(self):
        self.seen = []

    def handle(self, connection, request):
        self.seen.append({"method": request.method, "path": redacted(request.target),
                          "headers": list(request.headers), "kind": endpoints.kind_of_bearer(request),
                          "authorization": "authorization" in request.headers})
        self.sandbox.note(f"elsewhere: {request.method} {request.target}")
        connection.send(Answer(200, {"token": "crs_" + "e" * 48, "expiresAt": "2099-01-01T00:00:00Z"}))

    def report(self):
        return {"url": self.url, "requests": len(self.seen),
                "authorizations": sum(entry["authorization"] for entry in self.seen), "log": list(self.seen)}
