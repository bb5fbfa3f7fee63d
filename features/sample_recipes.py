"""How the sample records are made: the same for the same moment, fewer for those who are seldom here."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from models import Command, Session, SshProfile, SyncData, User, UserLog


@dataclass(frozen=True)
class Person:
    """One sample user. `visits` is how often they signed in over the last 60 days."""

    username: str
    name: str
    role: str
    tier: str
    visits: int
    active: bool = True

    @property
    def email(self) -> str:
        return f"{self.username}@example.com"


PEOPLE = (
    Person("mvogt", "Maren Vogt", "operator", "team", 41),
    Person("arahman", "Ayesha Rahman", "operator", "team", 33),
    Person("tiriarte", "Tomás Iriarte", "viewer", "pro", 24),
    Person("lchen", "Li Chen", "viewer", "pro", 19),
    Person("oadeyemi", "Oluwaseun Adeyemi", "viewer", "pro", 16),
    Person("nhaddad", "Noor Haddad", "viewer", "free", 12),
    Person("praman", "Priya Raman", "viewer", "free", 9),
    Person("jlindqvist", "Jonas Lindqvist", "operator", "team", 8),
    Person("skowalska", "Zofia Kowalska", "viewer", "free", 5),
    Person("hnakamura", "Haruto Nakamura", "viewer", "free", 3),
    Person("eoconnor", "Éabha O'Connor", "viewer", "free", 1),
    Person("rduarte", "Rita Duarte", "viewer", "free", 2, active=False),
)

HOSTS = ("web-1.example.net", "web-2.example.net", "db-1.example.net", "build.example.org", "192.0.2.17")
DEVICES = ("laptop", "desktop", "tablet")
AGENTS = ("Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0", "Mozilla/5.0 (Macintosh) Safari/605.1")
TERMINALS = ((24, 80), (50, 160), (60, 211))
DATA_TYPES = ("commands", "ssh_profiles", "preferences")

# (text, output, error, exit code, seconds, why it was suggested)
COMMANDS = (
    ("git status --short", " M README.md\n", "", 0, 0.04, ""),
    ("df -h /var/lib", "/dev/sda1  200G  121G   79G  61% /var/lib\n", "", 0, 0.01, ""),
    ("systemctl restart nginx", "", "Failed to restart nginx.service: Access denied\n", 4, 0.21, ""),
    ("pytest -q", "214 passed in 18.42s\n", "", 0, 18.9, ""),
    ("tar -czf logs.tgz /var/log/app", "", "", 0, 6.3, "Packs the folder into one compressed file."),
    ("journalctl -u app --since -1h", "-- No entries --\n", "", 0, 0.4, "Shows the last hour of the log."),
    ("psql -c 'select 1'", "", "psql: error: connection refused\n", 2, 3.01, ""),
)


class Recipe:
    """Makes the records of one person after another, the same ones for the same seed and moment."""

    def __init__(self, now: datetime, password_hash: str, seed: int = 1) -> None:
        self._now = now
        self._password_hash = password_hash
        self._random = Random(seed)

    def user(self, person: Person) -> User:
        """The account; made between two months and two years ago."""
        return User(
            username=person.username,
            email=person.email,
            name=person.name,
            role=person.role,
            subscription_tier=person.tier,
            is_active=person.active,
            password_hash=self._password_hash,
            created_at=self._before(self._random.uniform(70, 700)),
        )

    def log(self, person: Person, user_id: int) -> list[UserLog]:
        """A sign-in and a sign-out for each visit, on workdays more than at weekends."""
        address = f"192.0.2.{self._random.randint(2, 250)}"
        agent = self._random.choice(AGENTS)
        moments: list[tuple[datetime, str]] = []
        for _ in range(person.visits):
            arrival = self._workday(self._before(self._random.uniform(0.1, 60)))
            moments.append((arrival, "login"))
            moments.append((arrival + timedelta(minutes=self._random.uniform(4, 300)), "logout"))
        return [
            UserLog(
                user_id=user_id,
                username=person.username,
                action=action,
                timestamp=min(moment, self._now),
                ip_address=address,
                user_agent=agent,
            )
            for moment, action in sorted(moments)
        ]

    def profiles(self, person: Person, user_id: int) -> list[SshProfile]:
        """One host, and more for those who are here often."""
        hosts = self._random.sample(HOSTS, k=min(len(HOSTS), 1 + person.visits // 10))
        return [self._profile(person, user_id, host) for host in hosts]

    def sessions(self, person: Person, user_id: int, profile_ids: list[int]) -> list[Session]:
        """About one terminal session in three visits, some on no profile at all."""
        return [self._session(user_id, profile_ids) for _ in range(1 + person.visits // 3)]

    def commands(self, user_id: int, session: Session) -> list[Command]:
        """A few commands of one session, in its time, some of them failed, some suggested."""
        chosen = self._random.choices(COMMANDS, k=self._random.randint(1, 6))
        return [
            Command(
                user_id=user_id,
                session_id=session.id,
                text=text,
                output=output,
                error=error,
                exit_code=code,
                duration=round(seconds * self._random.uniform(0.7, 1.6), 3),
                working_dir="/srv/app",
                environment={"LANG": "C.UTF-8"},
                ai_suggested=bool(explanation),
                explanation=explanation,
                created_at=session.started_at + timedelta(seconds=20 * position),
            )
            for position, (text, output, error, code, seconds, explanation) in enumerate(chosen)
        ]

    def sync_records(self, person: Person, user_id: int) -> list[SyncData]:
        """The newest state of each kind of data on each of the person's devices; a few met a conflict."""
        devices = DEVICES[: 1 + person.visits // 15]
        return [self._sync(user_id, device, kind) for device in devices for kind in DATA_TYPES]

    def _profile(self, person: Person, user_id: int, host: str) -> SshProfile:
        by_key = self._random.random() < 0.8
        return SshProfile(
            user_id=user_id,
            host=host,
            port=self._random.choice((22, 22, 22, 2222)),
            username=person.username,
            auth_method="key" if by_key else "password",
            key_type="ed25519" if by_key else "",
            fingerprint=_fingerprint(self._random.randbytes(32)) if by_key else "",
            options={"ServerAliveInterval": 30},
            use_count=self._random.randint(1, 5 * person.visits),
            last_used_at=self._before(self._random.uniform(0, 30)),
            created_at=self._before(self._random.uniform(60, 69)),
        )

    def _session(self, user_id: int, profile_ids: list[int]) -> Session:
        started = self._workday(self._before(self._random.uniform(0.5, 60)))
        ended = min(started + timedelta(minutes=self._random.uniform(3, 240)), self._now)
        rows, columns = self._random.choice(TERMINALS)
        return Session(
            user_id=user_id,
            ssh_profile_id=self._random.choice([*profile_ids, None]),
            device=self._random.choice(DEVICES),
            rows=rows,
            columns=columns,
            started_at=started,
            ended_at=ended,
            last_active_at=ended,
        )

    def _sync(self, user_id: int, device: str, kind: str) -> SyncData:
        conflict = self._random.random() < 0.15
        return SyncData(
            user_id=user_id,
            device=device,
            data_type=kind,
            version=self._random.randint(1, 40),
            conflict=conflict,
            resolution=self._random.choice(("local", "remote", "merged")) if conflict else "",
            details={"entries": self._random.randint(1, 400)},
            synced_at=self._before(self._random.uniform(0, 14)),
        )

    def _before(self, days: float) -> datetime:
        return self._now - timedelta(days=days)

    def _workday(self, moment: datetime) -> datetime:
        """Most weekends move to the Friday before, into working hours."""
        if moment.weekday() >= 5 and self._random.random() < 0.8:
            moment -= timedelta(days=moment.weekday() - 4)
        return moment.replace(hour=self._random.randint(7, 17)) if moment.day != self._now.day else moment


def _fingerprint(public_key: bytes) -> str:
    """The fingerprint of an ed25519 key as OpenSSH prints it: SHA-256 over the wire form (RFC 8709)."""
    name = b"ssh-ed25519"
    wire = len(name).to_bytes(4) + name + len(public_key).to_bytes(4) + public_key
    return "SHA256:" + base64.b64encode(hashlib.sha256(wire).digest()).decode().rstrip("=")
