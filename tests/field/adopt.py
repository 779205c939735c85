# SPDX-License-Identifier: LGPL-2.1-or-later
"""Be what process 1 is in many containers: adopt orphans, and reap none but the own child.

    adopt.py COMMAND...

Runs the command and prints what is left of it afterwards, a line a process:
"zombie NAME" or "alive NAME".  Exits with the command's status.
"""
import ctypes
import os
import signal
import subprocess
import sys
import time

PR_SET_CHILD_SUBREAPER = 36
SETTLE = 1.5  # seconds in which a worker that is about to end has ended


def left_over(known):
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit() or int(entry) in known:
            continue
        try:
            with open(f"/proc/{entry}/stat", encoding="ascii", errors="replace") as file:
                text = file.read()
        except OSError:
            continue
        name = text[text.index("(") + 1:text.rindex(")")]
        state, parent = text[text.rindex(")") + 2:].split()[:2]
        if int(parent) == os.getpid():
            found.append((int(entry), f"{'zombie' if state == 'Z' else 'alive'} {name}"))
    return found


def main():
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        sys.exit("cannot become a subreaper")
    command = subprocess.Popen(sys.argv[1:], stdout=sys.stderr)
    status = os.waitstatus_to_exitcode(os.waitpid(command.pid, 0)[1])
    command.returncode = status
    time.sleep(SETTLE)
    for pid, line in left_over({command.pid}):
        print(line)
        if line.startswith("alive"):
            os.kill(pid, signal.SIGKILL)
    sys.exit(status if status >= 0 else 128 - status)


main()
