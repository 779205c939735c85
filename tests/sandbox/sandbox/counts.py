# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the sandbox has served, so that a test can say "exactly one mint"."""

import hashlib
import os
import threading
import time
from collections import Counter, deque

from .redact import redacted

LOG_LENGTH = 10000
PLAIN = ("connections", "handshakes", "resumed", "requests", "mints", "app_mints", "installation_mints",
         "revocations", "faults_served")


class Counts:
    def __init__(self):
        self.lock = threading.Lock()
        self.reset()

    def reset(self):
        with self.lock:
            self.plain = dict.fromkeys(PLAIN, 0)
            self.endpoints, self.statuses, self.installations = Counter(), Counter(), Counter()
            self.bearers, self.jwts = Counter(), set()
            self.log = deque(maxlen=LOG_LENGTH)

    def add(self, name):
        with self.lock:
            self.plain[name] += 1

    def mint(self, installation):
        with self.lock:
            self.plain["mints"] += 1
            self.plain["installation_mints" if installation else "app_mints"] += 1
            if installation:
                self.installations[installation.id] += 1

    def arrived(self, request, endpoint, connection, kind):
        """Notes a request and returns its entry, whose status is filled in later."""
        bearer = request.bearer()
        digest = hashlib.sha256(bearer.encode("latin-1")).hexdigest() if bearer else None
        entry = {"time": round(time.time(), 3), "connection": connection, "method": request.method,
                 "path": redacted(request.target), "endpoint": endpoint, "headers": list(request.headers),
                 "bearer": digest, "kind": kind, "body": len(request.body), "faults": [], "status": None}
        with self.lock:
            self.plain["requests"] += 1
            self.endpoints[endpoint] += 1
            self.bearers[kind] += 1
            if kind == "jwt":
                self.jwts.add(digest)
            self.log.append(entry)
        return entry

    def answered(self, entry, status):
        entry["status"] = status
        with self.lock:
            self.statuses[str(status)] += 1

    def snapshot(self):
        with self.lock:
            return {**self.plain, "jwts": len(self.jwts), "endpoints": dict(self.endpoints),
                    "statuses": dict(self.statuses), "installations": dict(self.installations),
                    "bearers": dict(self.bearers)}

    def entries(self):
        with self.lock:
            return [dict(entry) for entry in self.log]


class LogFile:
    """DIR/log: a line for each request and each thing that went wrong.  Never a secret."""

    def __init__(self, path):
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
        self.descriptor = os.open(path, flags, 0o600)

    def line(self, text):
        stamp = time.strftime("%H:%M:%S")
        os.write(self.descriptor, f"{stamp} {text}\n".encode("ascii", "backslashreplace"))
