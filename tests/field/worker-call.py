#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""worker-call.py WORKER TAG NUMBER: ask an icred-worker for a token, with this number in that field.

The tags are those of lib/protocol/frames.h.  Prints the code of the answer (a negative number), or what went wrong.
"""
import os
import socket
import struct
import subprocess
import sys

HELLO, MINT, FAILED = 1, 2, 36
FRAME, PROTOCOL, FLAGS, LOG_LEVEL, NAME, FILE, SETTING, VALUE = range(100, 108)
TIME_LEFT, TARGET_KIND, TARGET_ID = 114, 115, 116
CODE = 127
LONGEST = 5  # seconds; the request has three


def number(tag, value):
    return struct.pack("=HHq", tag, 8, value)


def text(tag, value):
    return struct.pack("=HH", tag, len(value) + 1) + value.encode() + b"\0"


def fields(packet):
    at = 0
    while at < len(packet):
        tag, size = struct.unpack_from("=HH", packet, at)
        yield tag, packet[at + 4 : at + 4 + size]
        at += 4 + size


def answer(sock):
    while True:
        packet = dict(fields(sock.recv(65536)))
        if not packet:
            return "ended without an answer"
        if struct.unpack("=q", packet[FRAME])[0] == FAILED:
            return struct.unpack("=q", packet[CODE])[0]


def main():
    worker, changed, value = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    child = subprocess.Popen([worker], stdin=theirs)
    theirs.close()
    hello = number(FRAME, HELLO) + number(PROTOCOL, 1) + number(FLAGS, 0) + number(LOG_LEVEL, -1)
    hello += text(NAME, "test") + text(FILE, "test.conf")
    for name, setting in (("app", "1"), ("api", "https://127.0.0.1:1"), ("installation", "a")):
        hello += text(SETTING, name) + text(VALUE, setting)
    request = number(FRAME, MINT)
    for tag, usual in ((TIME_LEFT, 3000), (TARGET_KIND, 1)):
        request += number(tag, value if tag == changed else usual)
    request += text(TARGET_ID, "a")
    ours, passed = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.settimeout(LONGEST)
    control.send(hello)
    socket.send_fds(control, [request], [passed.fileno()])
    passed.close()
    try:
        print(answer(ours))
    except (TimeoutError, OSError) as error:
        print("no answer:", error)
    control.close()
    child.kill()
    status = child.wait()
    if status not in (0, -9):
        print("the worker ended with", status)


main()
