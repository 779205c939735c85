#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""cached-times.py FILE MINTED EXPIRES: give the token in a file of cache runtime other times.

Each is a number of seconds from now (+100, -100), a bare number as it is, or "least" or "most".
The layouts are those of lib/base/wire.h, lib/protocol/record.c and plugin/cache/cache-runtime.c.
"""
import struct
import sys
import time

HEADER = struct.Struct("=8sqQII")
LIMITS = {"least": -(1 << 63), "most": (1 << 63) - 1}
TAG_MINTED, TAG_EXPIRES = 8, 9
FNV_START, FNV_PRIME, WORD = 0xCBF29CE484222325, 0x100000001B3, (1 << 64) - 1


def moment(text):
    if text in LIMITS:
        return LIMITS[text]
    return int(text) + int(time.time()) if text[0] in "+-" else int(text)


def with_times(blob, times):
    out, at = b"", 0
    while at < len(blob):
        tag, size = struct.unpack_from("=HH", blob, at)
        value = blob[at + 4 : at + 4 + size]
        if tag in times:
            value = struct.pack("=q", times[tag])
        out += struct.pack("=HH", tag, size) + value
        at += 4 + size
    return out


def checksum(expires, blob):
    total = FNV_START
    for byte in struct.pack("=qI", expires, len(blob)) + blob:
        total = (total ^ byte) * FNV_PRIME & WORD
    return total


def main():
    path, minted, expires = sys.argv[1], moment(sys.argv[2]), moment(sys.argv[3])
    with open(path, "r+b") as file:
        magic = HEADER.unpack(file.read(HEADER.size))[0]
        blob = with_times(file.read(), {TAG_MINTED: minted, TAG_EXPIRES: expires})
        file.seek(0)
        file.write(HEADER.pack(magic, expires, checksum(expires, blob), len(blob), 0) + blob)


main()
