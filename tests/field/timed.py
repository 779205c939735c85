#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""timed.py FILE COMMAND...: run it, with its status, and write the milliseconds that it took to FILE."""
import subprocess
import sys
import time

began = time.monotonic()
status = subprocess.run(sys.argv[2:], check=False, close_fds=False).returncode
with open(sys.argv[1], "w", encoding="ascii") as file:
    file.write(f"{round((time.monotonic() - began) * 1000)}\n")
sys.exit(status if status >= 0 else 128 - status)
