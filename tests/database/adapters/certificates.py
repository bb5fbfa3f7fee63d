"""A certificate authority for one test."""

from __future__ import annotations

import secrets
from datetime import timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from core.clock import utc_now


class Authority:
    """`file` is what whoever trusts it needs."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, file.name)])
        builder = _valid(365).subject_name(self._name).issuer_name(self._name)
        builder = builder.public_key(self._key.public_key())
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        file.write_bytes(builder.sign(self._key, SHA256()).public_bytes(Encoding.PEM))

    def certificate(self, folder: Path, name: str, days: int) -> tuple[Path, Path]:
        """The files of a certificate for the host `name`, and of its key, in `folder`; it ends in so many
        days, or ended."""
        key = ec.generate_private_key(ec.SECP256R1())
        builder = _valid(days).issuer_name(self._name).public_key(key.public_key())
        builder = builder.subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        signed = builder.sign(self._key, SHA256()).public_bytes(Encoding.PEM)
        secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        stem = secrets.token_hex(4)
        return _file(folder / f"{stem}.pem", signed), _file(folder / f"{stem}.key", secret)


def _valid(days: int) -> x509.CertificateBuilder:
    end = utc_now() + timedelta(days=days)
    builder = x509.CertificateBuilder().serial_number(x509.random_serial_number())
    return builder.not_valid_before(end - timedelta(days=400)).not_valid_after(end)


def _file(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    path.chmod(0o644)  # the server runs as an account of its own
    return path
