#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""slow-peers.py DIR SECONDS: peers on loopback that keep a client waiting; ends by itself.

Writes DIR/silent (the port of one that takes connections and says nothing) and DIR/full (of one that
takes none), and DIR/dns (the address of a name server that never answers) if port 53 is ours to have.
"""
import os
import socket
import sys
import time

DNS = "127.0.0.77"


def listener(backlog):
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    sock.listen(backlog)
    return sock


def fill(sock):
    """Connections that are never accepted, until the kernel drops further ones."""
    clients = []
    for _ in range(8):
        client = socket.socket()
        client.setblocking(False)
        client.connect_ex(sock.getsockname())
        clients.append(client)
    return clients


def tell(folder, name, what):
    with open(os.path.join(folder, name + ".new"), "w", encoding="ascii") as file:
        file.write(f"{what}\n")
    os.rename(file.name, os.path.join(folder, name))


def main():
    folder, seconds = sys.argv[1], float(sys.argv[2])
    silent, full = listener(64), listener(0)
    kept = fill(full)
    dns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        dns.bind((DNS, 53))
        tell(folder, "dns", DNS)
    except OSError:
        dns.close()
    tell(folder, "full", full.getsockname()[1])
    tell(folder, "silent", silent.getsockname()[1])
    time.sleep(seconds)
    del kept


main()
