# SPDX-License-Identifier: LGPL-2.1-or-later
"""The sandbox's data: apps and their keys, organizations, installations, tokens."""

import base64
import hashlib
import secrets
import uuid
from dataclasses import dataclass, field

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

TOKEN_LIFE = 2 * 60 * 60
SMALLEST_KEY = 2048
PERMISSIONS = {"organization_info": "VIEW", "organization_members": "VIEW", "organization_projects": "VIEW",
               "organization_inventory": "REQUEST", "organization_warehouse": "WRITE"}


def installation_id(number):
    return f"8d0c4f5e-0000-4000-8000-{number:012x}"


def organization_id(number):
    return f"5a1e0b7c-0000-4000-8000-{0xa000 + number:012x}"


def fingerprint(key):
    """Base64 SHA-256 of the DER SubjectPublicKeyInfo."""
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(der).digest()).decode()


def read_public_key(pem):
    """The public key in a PEM, which may hold the private one."""
    data = pem.encode()
    try:
        key = serialization.load_pem_private_key(data, None).public_key() if b"PRIVATE KEY" in data \
            else serialization.load_pem_public_key(data)
    except (ValueError, TypeError) as error:
        raise ValueError(f"no usable PEM: {error}") from None
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size < SMALLEST_KEY:
        raise ValueError(f"an app key is RSA of at least {SMALLEST_KEY} bits")
    return key


@dataclass
class App:
    id: str
    name: str
    keys: list = field(default_factory=list)


@dataclass
class Organization:
    id: str
    name: str
    kind: str = "projectDeveloper"
    country: str = "IS"


@dataclass
class Installation:
    id: str
    app: App
    organization: Organization
    created: float
    permissions: dict = field(default_factory=lambda: dict(PERMISSIONS))
    suspended: bool = False


@dataclass
class Token:
    secret: str
    id: str
    app: App
    installation: Installation      # None for an app's own token
    created: float
    expires: float
    permissions: dict
    key: object


class Registry:
    """All of it.  The caller holds the lock of the sandbox when it changes something."""

    def __init__(self, clock):
        self.clock = clock
        self.apps = {}
        self.organizations = {}
        self.installations = {}
        self.tokens = {}

    def add_app(self, app_id):
        return self.apps.setdefault(app_id, App(app_id, f"sandbox-app-{app_id}"))

    def keys_of(self, app_id):
        app = self.apps.get(app_id)
        return None if app is None else app.keys

    def add_key(self, app_id, key):
        app = self.add_app(app_id)
        if fingerprint(key) not in map(fingerprint, app.keys):
            app.keys.append(key)

    def remove_key(self, app_id, print_, kill_tokens):
        """Returns how many keys went."""
        app = self.apps[app_id]
        gone = [key for key in app.keys if fingerprint(key) == print_ or print_ == "all"]
        app.keys = [key for key in app.keys if key not in gone]
        if kill_tokens:
            self.tokens = {s: t for s, t in self.tokens.items() if t.key not in gone}
        return len(gone)

    def install(self, app, installation, organization, name=None):
        new = Organization(organization, name or f"Organization {organization[-4:]}")
        org = self.organizations.setdefault(organization, new)
        entry = Installation(installation, app, org, self.clock.now())
        self.installations[installation] = entry
        return entry

    def install_many(self, app, first, count):
        for number in range(first, first + count):
            self.install(app, installation_id(number), organization_id(number))

    def create_organization(self, app, fields):
        """A new organization with the app installed, as /app/create/user/organization makes one."""
        entry = self.install(app, str(uuid.uuid4()), str(uuid.uuid4()), str(fields.get("fullName", "")))
        entry.organization.kind = str(fields.get("type", entry.organization.kind))
        entry.organization.country = str(fields.get("countryCode", entry.organization.country))
        return entry

    def uninstall(self, installation):
        entry = self.installations.pop(installation)
        self.tokens = {s: t for s, t in self.tokens.items() if t.installation is not entry}

    def of_app(self, app, with_suspended):
        return [entry for entry in self.installations.values()
                if entry.app is app and (with_suspended or not entry.suspended)]

    def mint(self, app, installation, key):
        now = self.clock.now()
        permissions = dict(installation.permissions if installation else PERMISSIONS)
        token = Token("crs_" + secrets.token_hex(24), str(uuid.uuid4()), app, installation, now,
                      now + TOKEN_LIFE, permissions, key)
        self.tokens[token.secret] = token
        return token

    def live_token(self, secret):
        """The token, or None if it is unknown, revoked, expired or its installation suspended."""
        token = self.tokens.get(secret)
        if token is None or token.expires <= self.clock.now():
            return None
        if token.installation is not None and token.installation.suspended:
            return None
        return token

    def revoke(self, secret):
        return self.tokens.pop(secret, None) is not None

    def revoke_all(self):
        count = len(self.tokens)
        self.tokens.clear()
        return count
