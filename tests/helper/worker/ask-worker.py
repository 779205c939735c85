#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""ask-worker.py WORKER HOW KEY [COUNT [SETTING]]: what icred-worker answers to so many requests for a token at once.

The stack is "key required KEY" and "issuer required toy"; SETTING is NAME=VALUE.  HOW is what comes before the requests:
hello; late (a request first, and then HELLO); damaged (a HELLO that cannot be read); closed (HELLO, and the worker is
started without standard output and standard error).  Prints each different answer, with how many requests got it, and
how the worker ended.  The tags are those of lib/protocol/frames.h.
"""
import collections
import os
import socket
import struct
import subprocess
import sys

HELLO, MINT, LOG, DONE = 1, 2, 32, 35
FRAME, PROTOCOL, FLAGS, LOG_LEVEL, NAME, FILE, SETTING, VALUE, FACILITY, CONTROL = range(100, 110)
MODULE, LINE, TIME_LEFT, TARGET_KIND, TARGET_ID, TEXT, COLUMN = 111, 113, 114, 115, 116, 125, 130
KEY, ISSUER = 1, 3
REQUIRED = bytes([1] + 16 * [3])
TIME = 1000  # milliseconds


def number(tag, value):
    return struct.pack("=HHq", tag, 8, value)


def data(tag, value):
    return struct.pack("=HH", tag, len(value)) + value


def text(tag, value):
    return data(tag, value.encode() + b"\0")


def fields(packet):
    at = 0
    while at < len(packet):
        tag, size = struct.unpack_from("=HH", packet, at)
        yield tag, packet[at + 4 : at + 4 + size]
        at += 4 + size


def hello(key, settings):
    packet = number(FRAME, HELLO) + number(PROTOCOL, 1) + number(FLAGS, 0) + number(LOG_LEVEL, -1)
    packet += text(NAME, "test") + text(FILE, "test.conf")
    for name, value in settings:
        packet += text(SETTING, name) + text(VALUE, value)
    for facility, module, line in ((KEY, key, 1), (ISSUER, "toy", 2)):
        packet += number(FACILITY, facility) + data(CONTROL, REQUIRED) + text(MODULE, module)
        packet += text(FILE, "test.conf") + number(LINE, line) + number(COLUMN, 5)
    return packet


def ask(control):
    ours, passed = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.settimeout(20)
    request = number(FRAME, MINT) + number(TIME_LEFT, TIME) + number(TARGET_KIND, 1) + text(TARGET_ID, "abc")
    socket.send_fds(control, [request], [passed.fileno()])
    passed.close()
    return ours


def answer(ours):
    while True:
        packet = ours.recv(65536)
        if not packet:
            return "ended without an answer"
        found = dict(fields(packet))
        frame = struct.unpack("=q", found[FRAME])[0]
        if frame != LOG:
            return "done" if frame == DONE else found[TEXT].rstrip(b"\0").decode()


def close_output():
    os.close(1)
    os.close(2)


def main():
    worker, how, key = sys.argv[1:4]
    count = int(sys.argv[4]) if len(sys.argv) > 4 else 1
    settings = [("app", "1"), ("api", "https://127.0.0.1:1"), ("installation", "abc")]
    settings += [tuple(setting.split("=")) for setting in sys.argv[5:]]
    control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    child = subprocess.Popen([worker], stdin=theirs, preexec_fn=close_output if how == "closed" else None)
    theirs.close()
    if how == "late":
        print(answer(ask(control)))
    if how == "damaged":
        control.send(number(FRAME, HELLO) + number(PROTOCOL, 1) + text(VALUE, "of no setting"))
    else:
        control.send(hello(key, settings))
    requests = [ask(control) for _ in range(count)]
    answers = collections.Counter(answer(request) for request in requests)
    for line, times in sorted(answers.items()):
        print(times, line)
    control.close()
    print("exit", child.wait())


main()
