# SPDX-License-Identifier: LGPL-2.1-or-later
"""A sandbox in a process of its own, for tests."""

import os
import shutil
import subprocess
import sys
import tempfile
import time

PROGRAM = os.path.join(os.path.dirname(os.path.dirname(os.path.realpath(__file__))), "icr-sandbox")
PATIENCE = 20


class Running:
    def __init__(self, *options):
        self.dir = tempfile.mkdtemp(prefix="icr-sandbox-test.")
        command = [sys.executable, PROGRAM, "--dir", self.dir, "--lifetime", "120", *options]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)

    def __enter__(self):
        end = time.monotonic() + PATIENCE
        while not os.path.exists(self("url")):
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"the sandbox did not start: {self.process.stderr.read()}")
            time.sleep(0.01)
        return self

    def __exit__(self, *exception):
        self.stop()
        shutil.rmtree(self.dir)

    def __call__(self, name):
        return os.path.join(self.dir, name)

    def read(self, name):
        with open(self(name), encoding="utf-8") as file:
            return file.read()

    def url(self, name=None):
        return self.read(f"url.{name}" if name else "url").strip()

    def stop(self):
        """Ends it; what it wrote to standard error."""
        if self.process.stderr.closed:
            return ""
        self.process.terminate()
        noise = self.process.communicate(timeout=PATIENCE)[1]
        self.process.stderr.close()
        return noise
