# SPDX-License-Identifier: LGPL-2.1-or-later
"""The control interface, under /_sandbox/ on each port and on the socket in the folder."""

import ipaddress

from .faults import KINDS, Fault
from .parse import json_value
from .readings import READINGS
from .registry import fingerprint, read_public_key
from .wire import Answer, error


def serve(sandbox, request, peer):
    if peer is not None and not ipaddress.ip_address(peer).is_loopback:
        return error(403, "the control interface is for this machine only")
    name = request.path.removeprefix("/_sandbox/")
    action = ACTIONS.get((request.method, name))
    if action is None:
        return error(404, f"no such control; there are {', '.join(sorted(name for _, name in ACTIONS))}")
    try:
        given = json_value(request.body or b"{}")
        if not isinstance(given, dict):
            raise ValueError("the body must be an object")
        with sandbox.lock:
            return Answer(200, action(sandbox, given))
    except (ValueError, KeyError, TypeError) as why:
        return error(400, f"missing or unknown {why}" if isinstance(why, KeyError) else str(why))


def counts(sandbox, given):
    return sandbox.counts.snapshot()


def reset(sandbox, given):
    """Counts, log, faults and readings as at the start; the data stays."""
    sandbox.counts.reset()
    sandbox.faults.clear()
    sandbox.elsewhere.reset()
    sandbox.readings.values = dict(sandbox.readings.at_start)
    sandbox.clock.offset = sandbox.clock.at_start
    sandbox.let_go()
    return {}


def add_fault(sandbox, given):
    sandbox.faults.add(Fault(given["kind"], given.get("value"), given.get("times"), given.get("on")))
    return {"faults": sandbox.faults.describe()}


def clear_faults(sandbox, given):
    sandbox.faults.clear()
    sandbox.let_go()
    return {}


def list_faults(sandbox, given):
    kinds = {name: {"help": kind.help, "default": kind.default, "on": kind.on}
             for name, kind in KINDS.items()}
    return {"waiting": sandbox.faults.describe(), "kinds": kinds}


def set_reading(sandbox, given):
    for name, value in given.items():
        sandbox.readings.set(name, str(value))
    return sandbox.readings.values


def list_readings(sandbox, given):
    return {"now": sandbox.readings.values,
            "kinds": {name: {"values": values, "help": text} for name, (values, text) in READINGS.items()}}


def change_key(sandbox, given):
    """Adds the key in pem, or removes the one with this fingerprint ("all" for every one)."""
    registry, app = sandbox.registry, given.get("app", "12345")
    if "remove" in given:
        if app not in registry.apps:
            raise ValueError(f"there is no app {app}")
        kills = sandbox.readings.values["key-removal"] == "kills-tokens"
        print_ = given["remove"]
        if "-----BEGIN" in print_:
            print_ = fingerprint(read_public_key(print_))
        return {"removed": registry.remove_key(app, print_, kills)}
    registry.add_key(app, read_public_key(given["pem"]))
    return {"keys": [fingerprint(key) for key in registry.apps[app].keys]}


def list_keys(sandbox, given):
    return {app.id: [fingerprint(key) for key in app.keys] for app in sandbox.registry.apps.values()}


def _installation(sandbox, given):
    try:
        return sandbox.registry.installations[given["installation"]]
    except KeyError:
        raise ValueError(f"there is no installation {given.get('installation')}") from None


def suspend(sandbox, given):
    _installation(sandbox, given).suspended = True
    return {}


def unsuspend(sandbox, given):
    _installation(sandbox, given).suspended = False
    return {}


def uninstall(sandbox, given):
    sandbox.registry.uninstall(_installation(sandbox, given).id)
    return {}


def install(sandbox, given):
    app = sandbox.registry.add_app(given.get("app", "12345"))
    entry = sandbox.registry.install(app, given["installation"], given["organization"], given.get("name"))
    entry.permissions.update(given.get("permissions", {}))
    return {"installation": entry.id, "organization": entry.organization.id}


def permissions(sandbox, given):
    _installation(sandbox, given).permissions = dict(given["permissions"])
    return {}


def installations(sandbox, given):
    return {"installations": [{"id": entry.id, "app": entry.app.id, "organization": entry.organization.id,
                               "suspended": entry.suspended}
                              for entry in sandbox.registry.installations.values()]}


def revoke_all(sandbox, given):
    return {"revoked": sandbox.registry.revoke_all()}


def clock(sandbox, given):
    sandbox.clock.offset = float(given.get("offset", sandbox.clock.offset))
    return {"offset": sandbox.clock.offset, "now": sandbox.clock.now()}


def log(sandbox, given):
    return {"log": sandbox.counts.entries()}


def elsewhere(sandbox, given):
    return sandbox.elsewhere.report()


def urls(sandbox, given):
    return sandbox.urls


ACTIONS = {
    ("GET", "counts"): counts, ("POST", "reset"): reset, ("GET", "log"): log, ("GET", "elsewhere"): elsewhere,
    ("POST", "fault"): add_fault, ("POST", "clear"): clear_faults, ("GET", "faults"): list_faults,
    ("POST", "reading"): set_reading, ("GET", "readings"): list_readings,
    ("POST", "key"): change_key, ("GET", "keys"): list_keys,
    ("POST", "suspend"): suspend, ("POST", "unsuspend"): unsuspend, ("POST", "uninstall"): uninstall,
    ("POST", "install"): install, ("POST", "permissions"): permissions,
    ("GET", "installations"): installations, ("POST", "revoke-all"): revoke_all,
    ("POST", "clock"): clock, ("GET", "clock"): clock, ("GET", "urls"): urls,
}
