"""`python -m scripts.make_pools` writes the word pools that the recipes of seeding draw from. Run once, with
Faker installed: what a seed stands for hangs on these files, so that a new pool makes other rows."""

from __future__ import annotations

import itertools
import json
import unicodedata
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from faker import Faker

from scripts.command_shapes import SHAPES

POOLS = Path(__file__).parent.parent / "features" / "recipes" / "pools"
LOCALES = (
    "en_US",
    "en_GB",
    "de_DE",
    "es_ES",
    "fr_FR",
    "it_IT",
    "pt_BR",
    "pl_PL",
    "sv_SE",
    "nl_NL",
    "cs_CZ",
    "tr_TR",
    "fi_FI",
)
FIRST_NAMES, LAST_NAMES = 900, 2_300
DRAWS = 1_500  # from each locale
KEYS = (("ed25519", 700), ("ecdsa", 150), ("rsa", 150))
HOSTS = 400
OTHERS = 250  # draws for each pool that other schemas use
PLAIN = str.maketrans({"ß": "ss", "ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "đ": "d", "ı": "i", "æ": "ae"})

Private = ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def main() -> None:
    _write("first_names.txt", _names("first_name", FIRST_NAMES))
    _write("last_names.txt", _names("last_name", LAST_NAMES))
    for file, kind in (
        ("cities.txt", "city"),
        ("countries.txt", "country"),
        ("streets.txt", "street_name"),
        ("companies.txt", "company"),
        ("words.txt", "word"),
    ):
        _write(file, _plain_list(kind))
    _write("hosts.txt", _hosts())
    _write("keys.txt", _keys())
    _write("commands.jsonl", [json.dumps(one, ensure_ascii=False) for one in _commands()])


def _names(kind: str, wanted: int) -> list[str]:
    """Names with the spelling that a user name can have, a tab between; from each country as many."""
    lists = []
    for locale in LOCALES:
        faker = Faker(locale)
        faker.seed_instance(1)
        lists.append(dict.fromkeys(getattr(faker, kind)() for _ in range(DRAWS)))
    mixed = itertools.chain.from_iterable(itertools.zip_longest(*lists))
    found: dict[str, str] = {}
    for name in mixed:
        if name and (plain := _plain(name)) and plain not in found:
            found[plain] = name
    return [f"{name}\t{plain}" for plain, name in itertools.islice(found.items(), wanted)]


def _plain_list(kind: str) -> list[str]:
    faker = Faker("en_US")
    faker.seed_instance(1)
    return list(dict.fromkeys(getattr(faker, kind)() for _ in range(OTHERS)))


def _plain(name: str) -> str:
    """The name in lower-case Latin letters; "" where that cannot be."""
    letters = unicodedata.normalize("NFKD", name.translate(PLAIN)).encode("ascii", "ignore").decode()
    plain = "".join(letter for letter in letters.lower() if letter.isalpha())
    return plain if 2 <= len(plain) <= 16 and len(name) <= 20 and " " not in name else ""


def _hosts() -> list[str]:
    roles = (
        "web",
        "db",
        "app",
        "cache",
        "build",
        "mail",
        "proxy",
        "queue",
        "files",
        "bastion",
        "metrics",
        "search",
    )
    places = ("", ".fra", ".iad", ".sin", ".lab", ".edge")
    names = [
        f"{role}-{number}{place}.example" for number in range(1, 7) for role in roles for place in places
    ]
    addresses = [f"192.0.2.{number}" for number in range(10, 60)]
    return [f"{name}.{'net' if number % 3 else 'org'}" for number, name in enumerate(names)][
        : HOSTS - 50
    ] + addresses


def _keys() -> list[str]:
    """Public keys in OpenSSH's form, of pairs whose private half is thrown away at once."""
    makers: dict[str, Callable[[], Private]] = {
        "ed25519": ed25519.Ed25519PrivateKey.generate,
        "ecdsa": lambda: ec.generate_private_key(ec.SECP256R1()),
        "rsa": lambda: rsa.generate_private_key(65537, 3072),
    }
    return [f"{kind} {_public(makers[kind]()).split()[1]}" for kind, count in KEYS for _ in range(count)]


def _public(key: Private) -> str:
    return key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


def _commands() -> list[list[object]]:
    """Each shape, filled with each name."""
    return [
        [_filled(word, one, two) if isinstance(word, str) else word for word in words]
        for *words, ones, twos in SHAPES
        for one in ones
        for two in twos
    ]


def _filled(text: str, one: str, two: str) -> str:
    return text.replace("<1>", one).replace("<2>", two)


def _write(name: str, lines: list[str]) -> None:
    (POOLS / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{name}: {len(lines):,}")


if __name__ == "__main__":
    main()
