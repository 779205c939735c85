# SPDX-License-Identifier: LGPL-2.1-or-later
"""icr-sandbox ctl: tells a running sandbox something, in one line of shell."""

import json
import os
import socket
import sys

USAGE = """\
usage: icr-sandbox ctl DIR COMMAND [ARGUMENT...]

Counters:
  counts                    all counters, as JSON
  mints                     tokens minted (also: app_mints, installation_mints, requests, connections,
                            handshakes, resumed, revocations, faults_served, jwts)
  count WORD...             one of the counters, such as: count endpoints installation-token
  log                       each request as JSON: method, path, header names, SHA-256 of the bearer
  elsewhere                 how often a bearer was sent to the other origin
  reset                     counts, log, faults, readings and clock as at the start

Behaviour:
  fault KIND[=VALUE] [times=N] [on=ENDPOINT]    add a fault, for the next N matching requests or all
  clear                     remove all faults, close connections that hang
  faults                    every kind of fault
  reading NAME=VALUE...     choose values of readings
  readings                  every reading, its values, and the current one
  clock SECONDS             set its clock this far ahead, or behind if negative

Data:
  installations             each with its app and its organization
  suspend | unsuspend | uninstall INSTALLATION
  install INSTALLATION ORGANIZATION [APP]
  revoke-all                invalidate all tokens
  key-add FILE [APP]        add the public or private key in this PEM to the app
  key-remove FILE|FINGERPRINT|all [APP]
  keys                      fingerprints
  url [NAME]                of a listener: main, elsewhere, http, wrong-host, expired, ...

ENDPOINT is mint (both token endpoints), any, app-token, installation-token, revoke, installations,
installation, organization-installation, create, projects, organizations or other.
"""
NUMBERS = ("mints", "app_mints", "installation_mints", "requests", "connections", "handshakes", "resumed",
           "revocations", "faults_served", "jwts")


class Failed(Exception):
    pass


class Wrong(Exception):
    """The command line makes no sense."""


def ask(folder, method, name, value=None):
    """One request through the socket in the folder."""
    body = b"" if value is None else json.dumps(value).encode()
    head = f"{method} /_sandbox/{name} HTTP/1.1\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n"
    try:
        with socket.socket(socket.AF_UNIX) as sock:
            descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY)
            sock.connect(f"/proc/self/fd/{descriptor}/control")
            os.close(descriptor)
            sock.sendall(head.encode() + body)
            data = b"".join(iter(lambda: sock.recv(65536), b""))
    except OSError as why:
        raise Failed(f"{folder}: no sandbox runs there ({why.strerror})") from None
    top, _, text = data.partition(b"\r\n\r\n")
    answer = json.loads(text)
    if top.split(b" ")[1] != b"200":
        raise Failed(answer["message"])
    return answer


def pairs(words):
    for word in words:
        if "=" not in word:
            raise Wrong(f"{word} is not NAME=VALUE")
    return dict(word.split("=", 1) for word in words)


def fault(words):
    if not words:
        raise Wrong("which fault?")
    kind, _, value = words[0].partition("=")
    given = pairs(words[1:])
    if set(given) - {"times", "on"}:
        raise Wrong("a fault takes times= and on=")
    return {"kind": kind, "value": value or None, **given}


def pem_or_text(word):
    if os.path.exists(word):
        with open(word, encoding="ascii") as file:
            return file.read()
    return word


def of_app(words, **given):
    return {**given, **({"app": words[0]} if words else {})}


def pick(value, words):
    for word in words:
        value = value.get(word, 0) if isinstance(value, dict) else 0
    return value


def show_kinds(kinds, key):
    width = max(map(len, kinds))
    for name, kind in kinds.items():
        more = " | ".join(kind["values"]) + ": " if key == "values" else ""
        default = f" (={kind['default']})" if kind.get("default") not in (None, "") else ""
        print(f"{name:{width}}  {more}{kind['help']}{default}")


def show(value):
    if isinstance(value, (dict, list)):
        print(json.dumps(value, indent=2))
    else:
        print(value)


def run(folder, command, words):
    match command, words:
        case "counts" | "log", []:
            answer = ask(folder, "GET", command)
            show(answer if command == "counts" else answer["log"])
        case name, [] if name.replace("-", "_") in NUMBERS:
            print(ask(folder, "GET", "counts")[name.replace("-", "_")])
        case "count", [_, *_]:
            show(pick(ask(folder, "GET", "counts"), words))
        case "elsewhere", []:
            print(ask(folder, "GET", "elsewhere")["authorizations"])
        case "elsewhere", ["log"]:
            show(ask(folder, "GET", "elsewhere"))
        case "faults", []:
            show_kinds(ask(folder, "GET", "faults")["kinds"], "default")
        case "faults", ["waiting"]:
            show(ask(folder, "GET", "faults")["waiting"])
        case "readings", []:
            show_kinds(ask(folder, "GET", "readings")["kinds"], "values")
        case "readings", ["now"]:
            show(ask(folder, "GET", "readings")["now"])
        case "fault", _:
            ask(folder, "POST", "fault", fault(words))
        case "reading", [_, *_]:
            ask(folder, "POST", "reading", pairs(words))
        case "clock", [seconds]:
            ask(folder, "POST", "clock", {"offset": seconds})
        case "reset" | "clear", []:
            ask(folder, "POST", command)
        case "revoke-all", []:
            print(ask(folder, "POST", command)["revoked"])
        case "suspend" | "unsuspend" | "uninstall", [ident]:
            ask(folder, "POST", command, {"installation": ident})
        case "install", [ident, org, *app] if len(app) < 2:
            ask(folder, "POST", "install", of_app(app, installation=ident, organization=org))
        case "installations", []:
            for entry in ask(folder, "GET", "installations")["installations"]:
                words = [entry["id"], entry["organization"], entry["app"]]
                print(*words, *(["suspended"] if entry["suspended"] else []))
        case "key-add", [pem, *app] if len(app) < 2:
            ask(folder, "POST", "key", of_app(app, pem=pem_or_text(pem)))
        case "key-remove", [pem, *app] if len(app) < 2:
            print(ask(folder, "POST", "key", of_app(app, remove=pem_or_text(pem)))["removed"])
        case "keys", []:
            for app, keys in ask(folder, "GET", "keys").items():
                for key in keys:
                    print(app, key)
        case "url", [] | [_]:
            urls = ask(folder, "GET", "urls")
            if (name := (words or ["main"])[0]) not in urls:
                raise Failed(f"no listener is called {name}; there are {', '.join(urls)}")
            print(urls[name])
        case _:
            raise Wrong(f"{' '.join([command, *words])}: no such command")


def main(argv):
    if argv[:1] in (["--help"], ["-h"]):
        print(USAGE, end="")
        return 0
    if len(argv) < 2:
        print(USAGE, end="", file=sys.stderr)
        return 2
    try:
        run(argv[0], argv[1], argv[2:])
        return 0
    except Wrong as why:
        print(f"icr-sandbox ctl: {why}; see icr-sandbox ctl --help", file=sys.stderr)
        return 2
    except (Failed, OSError, UnicodeDecodeError) as why:
        print(f"icr-sandbox ctl: {why}", file=sys.stderr)
        return 1
