# SPDX-License-Identifier: LGPL-2.1-or-later
"""A throw-away certificate authority, and certificates good and bad."""

import ipaddress
import os
import ssl
import time
from datetime import datetime, timedelta, timezone

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

KINDS = ("good", "wrong-host", "expired", "not-yet", "self-signed", "unknown-ca")
DAY = timedelta(days=1)
LOCAL = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
         x509.IPAddress(ipaddress.ip_address("::1"))]
USAGES = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
          "key_cert_sign", "crl_sign", "encipher_only", "decipher_only")
ELSEWHERE = [x509.DNSName("api.example.org"), x509.IPAddress(ipaddress.ip_address("192.0.2.1"))]


class Authority:
    """Signs certificates for this run; its key is never written to disk."""

    def __init__(self, name="ICR sandbox CA"):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = _name(f"{name} {os.getpid()}-{time.time_ns()}")
        public = self.key.public_key()
        self.certificate = _sign(self.name, self.name, public, self.key, public, ca=True)

    def pem(self):
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def issue(self, kind):
        """A key and a certificate chain of this kind, in PEM."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name("localhost")
        today = datetime.now(timezone.utc)
        start, end = {"expired": (today - 30 * DAY, today - DAY),
                      "not-yet": (today + DAY, today + 30 * DAY)}.get(kind, (None, None))
        signer, issuer = (key, name) if kind == "self-signed" else (self.key, self.name)
        certificate = _sign(name, issuer, key.public_key(), signer, signer.public_key(),
                            ELSEWHERE if kind == "wrong-host" else LOCAL, start, end)
        return private_pem(key) + certificate.public_bytes(serialization.Encoding.PEM)


def private_pem(key, form=serialization.PrivateFormat.PKCS8):
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())


def server_context(authority, kind, folder):
    """A TLS context of this kind; the file lives only as long as ssl needs it."""
    signer = Authority("unknown CA") if kind == "unknown-ca" else authority
    path = os.path.join(folder, f".{kind}.pem")
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    try:
        os.write(descriptor, signer.issue(kind))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(path)
        context.set_alpn_protocols(["http/1.1"])
        return context
    finally:
        os.close(descriptor)
        os.unlink(path)


def _name(text):
    return x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "ICR sandbox"),
                      x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _sign(subject, issuer, public, signer, signer_public, names=None, start=None, end=None, ca=False):
    now = datetime.now(timezone.utc)
    usage = dict.fromkeys(USAGES, False)
    usage.update({"key_cert_sign": True, "crl_sign": True} if ca else {"digital_signature": True})
    builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(public)
               .serial_number(x509.random_serial_number())
               .not_valid_before(start or now - DAY).not_valid_after(end or now + 30 * DAY)
               .add_extension(x509.BasicConstraints(ca=ca, path_length=0 if ca else None), critical=True)
               .add_extension(x509.KeyUsage(**usage), critical=True)
               .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
               .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer_public), False))
    if not ca:
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)
        builder = builder.add_extension(x509.SubjectAlternativeName(names), False)
    return builder.sign(signer, hashes.SHA256())
