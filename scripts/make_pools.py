"""Writes the word pools that the recipes of seeding draw from. Run once, with Faker installed: what a seed
stands for hangs on these files, so that a new pool makes other rows."""

from __future__ import annotations

import itertools
import json
import unicodedata
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from faker import Faker

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
    """(text, output, error, exit code, seconds, folder, explanation) of each shape, filled with each name."""
    services = (
        "nginx",
        "postgresql",
        "redis",
        "app",
        "worker",
        "caddy",
        "mariadb",
        "cron",
        "sshd",
        "prometheus",
    )
    folders = (
        "/srv/app",
        "/srv/api",
        "/opt/shop",
        "/var/lib/app",
        "/etc/nginx",
        "~",
        "~/src/app",
        "~/notes",
        "/var/log",
        "/tmp",
    )
    branches = ("main", "develop", "fix-login", "search-index", "release-2.4", "cleanup")
    hosts = ("web-1.example.net", "db-1.example.net", "build-2.example.org", "192.0.2.17")
    files = (
        "README.md",
        "app.py",
        "compose.yaml",
        "schema.sql",
        "notes.txt",
        "deploy.sh",
        "settings.json",
        "access.log",
    )
    return [
        *([f"systemctl status {one}", f"● {one}.service\n     Active: active (running)\n", "", 0, 0.05, "~", ""] for one in services),
        *([f"systemctl restart {one}", "", f"Failed to restart {one}.service: Access denied\n", 4, 0.21, "~", ""] for one in services),
        *([f"sudo systemctl restart {one}", "", "", 0, 1.4, "~", f"Stops {one} and starts it again."] for one in services),
        *([f"journalctl -u {one} --since -1h", "-- No entries --\n", "", 0, 0.4, "~", f"Shows the last hour of the log of {one}."] for one in services),
        *([f"journalctl -u {one} -n 20 --no-pager", f"Nov 02 09:14:07 web-1 {one}[812]: ready\nNov 02 09:14:09 web-1 {one}[812]: listening\n", "", 0, 0.3, "~", ""] for one in services),
        *([f"docker logs --tail 50 {one}", f"{one}: started\n{one}: 3 connections\n", "", 0, 0.12, "~", ""] for one in services),
        *([f"docker exec -it {one} sh", "", f"Error response from daemon: No such container: {one}\n", 1, 0.06, "~", ""] for one in services),
        *([f"git checkout {one}", f"Switched to branch '{one}'\n", "", 0, 0.09, two, ""] for one in branches for two in folders[:3]),
        *([f"git checkout {one}", "", f"error: pathspec '{one}' did not match any file(s) known to git\n", 1, 0.03, two, ""] for one in branches for two in folders[6:7]),
        *([f"git pull --rebase origin {one}", "Current branch is up to date.\n", "", 0, 1.2, two, ""] for one in branches for two in folders[:3]),
        *([f"git push origin {one}", "", "! [rejected] (fetch first)\nerror: failed to push some refs\n", 1, 1.6, two, ""] for one in branches for two in folders[:2]),
        *([f"git log --oneline -5 {one}", "b41c9e2 Mend the search\n0d7a113 Say which file is missing\n", "", 0, 0.04, two, ""] for one in branches for two in folders[:2]),
        *([f"ls -la {one}", "total 24\ndrwxr-xr-x 4 app app 4096 Nov  2 09:10 .\n-rw-r--r-- 1 app app  812 Nov  2 09:10 README.md\n", "", 0, 0.01, one, ""] for one in folders),
        *([f"du -sh {one}", f"1.4G\t{one}\n", "", 0, 2.3, "~", f"Adds up what everything below {one} takes."] for one in folders),
        *([f"df -h {one}", "Filesystem      Size  Used Avail Use% Mounted on\n/dev/sda1       200G  121G   79G  61% /\n", "", 0, 0.01, "~", ""] for one in folders),
        *([f"find {one} -name '*.log' -mtime +30", f"{one}/old-1.log\n{one}/old-2.log\n", "", 0, 0.8, "~", "Finds logs that nobody wrote to for 30 days."] for one in folders),
        *([f"cat {one}", "", f"cat: {one}: No such file or directory\n", 1, 0.01, two, ""] for one in files for two in folders[5:8]),
        *([f"grep -n timeout {one}", "14:timeout = 30\n41:# timeout of the pool\n", "", 0, 0.02, two, ""] for one in files for two in folders[:4]),
        *([f"wc -l {one}", f"  318 {one}\n", "", 0, 0.01, two, ""] for one in files for two in folders[:3]),
        *([f"tail -f {one}", "", "", 130, 84.0, two, ""] for one in files for two in folders[:2]),
        *([f"vim {one}", "", "", 0, 190.0, two, ""] for one in files for two in folders[:4]),
        *([f"tar -czf {one}.tgz {one}", "", "", 0, 6.3, two, "Packs it into one compressed file."] for one in files for two in folders[:3]),
        *([f"chmod 640 {one}", "", f"chmod: changing permissions of '{one}': Operation not permitted\n", 1, 0.01, two, ""] for one in files for two in folders[3:5]),
        *([f"scp {one} {two}:/tmp/", f"{one}   100% 4811   1.2MB/s   00:00\n", "", 0, 0.9, "~", ""] for one in files for two in hosts),
        *([f"ping -c 3 {one}", f"3 packets transmitted, 3 received, 0% packet loss ({one})\n", "", 0, 2.0, "~", ""] for one in hosts),
        *([f"ssh {one} uptime", " 09:14:02 up 41 days,  3:07,  1 user,  load average: 0.42, 0.37, 0.30\n", "", 0, 0.7, "~", ""] for one in hosts),
        *([f"ssh {one}", "", f"ssh: connect to host {one} port 22: Connection timed out\n", 255, 30.0, "~", ""] for one in hosts),
        *([f"curl -sI https://{one}", "HTTP/2 200\nserver: nginx\n", "", 0, 0.3, "~", "Asks for the head of the page alone."] for one in hosts),
        *([f"curl -s https://{one}/healthz", '{"status":"ok"}\n', "", 0, 0.2, "~", ""] for one in hosts),
        *([f"dig +short {one}", "192.0.2.17\n", "", 0, 0.08, "~", ""] for one in hosts[:3]),
        *([f"psql -h {one} -c 'select 1'", "", "psql: error: connection refused\n", 2, 3.01, "~", ""] for one in hosts),
        *([f"pg_dump -Fc -h {one} shop > shop.dump", "", "", 0, 41.0, "~", "Writes the database shop into one file."] for one in hosts),
        *([f"make {one}", "gcc -O2 -c main.c\nld -o app main.o\n", "", 0, 11.2, two, ""] for one in ("all", "test", "clean", "install") for two in folders[:4]),
        *([f"make {one}", "", f"make: *** No rule to make target '{one}'.  Stop.\n", 2, 0.02, two, ""] for one in ("docs", "image", "lint") for two in folders[:4]),
        *([one, two, "", 0, 18.9, "/srv/app", ""] for one, two in (("pytest -q", "214 passed in 18.42s\n"), ("npm test", "Tests: 88 passed\n"), ("cargo test", "test result: ok. 41 passed\n"), ("go test ./...", "ok  example.org/app 2.1s\n"))),
        *([one, "", two, 1, 9.4, "/srv/app", ""] for one, two in (("pytest -q", "1 failed, 213 passed in 17.90s\n"), ("npm run build", "Module not found: './chart'\n"), ("pip install -r requirements.txt", "ERROR: No matching distribution found\n"))),
        *([f"kill {number}", "", f"kill: ({number}) - No such process\n", 1, 0.01, "~", ""] for number in range(2100, 2140)),
        *([f"ps aux | grep {one}", f"app  812  0.3  1.2  {one}\n", "", 0, 0.05, "~", f"Lists the processes of {one}."] for one in services),
        *([f"history | grep {one}", "", "", 1, 0.02, "~", ""] for one in services),
        *([f"apt list --installed | grep {one}", f"{one}/stable,now amd64 [installed]\n", "", 0, 1.1, "~", ""] for one in services),
    ]  # fmt: skip


def _write(name: str, lines: list[str]) -> None:
    (POOLS / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{name}: {len(lines):,}")


if __name__ == "__main__":
    main()
