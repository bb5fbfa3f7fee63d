"""Sign-ins slowed down after too many failures (TRUST A5). All that is known stands in the table of refused
sign-ins, so that every worker counts the same and a restart forgets nothing.

A try is written down as a failure before the password is looked at, and taken back when it was right: of many
at once, each sees those that came before it."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from ipaddress import ip_network
from math import ceil

from sqlalchemy import delete, select, update

from core.errors import AppError
from core.naming import fold
from core.networks import plain_address
from core.text import plural
from database.context import current_settings
from database.transactions import DatabaseSession, transaction
from features.pauses import LOOK_BACK, Outlook, outlook
from models import SignInFailure

NETWORK_LIMIT = 100  # failures from one network within NETWORK_WINDOW
NETWORK_WINDOW = timedelta(minutes=1)
KEPT = timedelta(days=31)
_SETTLED = ""  # the key of failures that count for nobody any more, and stay for the plot
_FEW = 4  # tries left that are worth a word
_STEP = 1000  # rows removed by one transaction
_MINUTE = timedelta(minutes=1)


class TooManyTries(AppError):
    """Too many sign-ins have failed."""

    code = "too_many_tries"
    http_status = 429

    def __init__(self, wait: timedelta) -> None:
        self.retry_after = ceil(wait.total_seconds())
        minutes, seconds = divmod(self.retry_after, 60)
        words = [plural(minutes, "minute")] if minutes else []
        words += [plural(seconds, "second")] if seconds else []
        super().__init__(hint=f"Wait {' '.join(words)}.")


@dataclass(frozen=True)
class Door:
    """Where a try knocks: `key` is what its failures are counted by. A `known` device counts for itself, and
    what others do in its network does not hold it up."""

    key: str
    address: str
    known: bool = False


@dataclass(frozen=True)
class Attempt:
    """A try that was let through, and is written down as a failure; `outlook` is how things stand after it
    if it is one."""

    id: int
    outlook: Outlook

    @property
    def warning(self) -> str:
        """What to tell whoever failed: nothing while many tries are left."""
        minutes, left = plural(self.outlook.pause // _MINUTE, "minute"), self.outlook.tries_left
        if not left:
            return f"Wait {minutes} before the next try."
        return f"{plural(left, 'try')} left before a pause of {minutes}." if left <= _FEW else ""


def account_key(typed: str, exists: bool) -> str:
    """What the failures of a name or an email are counted by. The two count apart: counting them as one
    would tell that they are one person's (TRUST A4). Of what is nobody's only a keyed digest is kept, since
    now and then it is a password typed into the wrong field."""
    folded = fold(typed)
    if exists:
        return folded
    digest = hmac.new(current_settings().secret_key.encode(), folded.encode(errors="replace"), sha256)
    return f"unknown {digest.hexdigest()}"  # no name and no email holds a space


def device_key(device: str) -> str:
    """What the failures from a known device are counted by."""
    return f"device {device}"


def network_of(address: str) -> str:
    """The /24 or /64 of an address: whoever has one address in it may have them all."""
    known = plain_address(address)
    if known is None:
        return address[:45]
    return str(ip_network(f"{known}/{24 if known.version == 4 else 64}", strict=False))


def begin_attempt(door: Door, at: datetime) -> Attempt:
    """Let a try through, or raise TooManyTries, which leaves nothing written."""
    with transaction() as session:
        if not door.known:
            _check_network(session, network_of(door.address), at)
        _check(_failures(session, door.key, at), at)
    with transaction() as session:
        number = _add(session, door, at)
    with transaction() as session:  # others may have begun in the meantime
        earlier = _failures(session, door.key, at, before=number)
    try:
        _check(earlier, at)
    except TooManyTries:
        withdraw(number)
        raise
    return Attempt(number, outlook([*earlier, at], at))


def withdraw(number: int) -> None:
    """Take back the failure of that number: nothing failed."""
    with transaction() as session:
        session.execute(delete(SignInFailure).where(SignInFailure.id == number))


def settle(number: int, keys: Iterable[str], at: datetime) -> None:
    """Take back the failure of that number, and let those before it under `keys` count no more: whoever it
    was has signed in."""
    counting = SignInFailure.account.in_(list(keys)), SignInFailure.at > at - LOOK_BACK
    with transaction() as session:
        session.execute(delete(SignInFailure).where(SignInFailure.id == number))
        session.execute(update(SignInFailure).where(*counting).values(account=_SETTLED))


def clear_old_failures(at: datetime) -> int:
    """Remove the failures that are older than 31 days, a thousand in a transaction; gives how many."""
    cleared = 0
    while some := _clear_some(at - KEPT):
        cleared += some
    return cleared


def _clear_some(until: datetime) -> int:
    old = select(SignInFailure.id).where(SignInFailure.at <= until).order_by(SignInFailure.at).limit(_STEP)
    with transaction() as session:
        numbers = session.scalars(old).all()
        session.execute(delete(SignInFailure).where(SignInFailure.id.in_(numbers)))
        return len(numbers)


def _check(failures: list[datetime], at: datetime) -> None:
    free_at = outlook(failures, at).free_at
    if at < free_at:
        raise TooManyTries(free_at - at)


def _check_network(session: DatabaseSession, network: str, at: datetime) -> None:
    recent = SignInFailure.network == network, SignInFailure.at > at - NETWORK_WINDOW
    newest = select(SignInFailure.at).where(*recent).order_by(SignInFailure.at.desc()).limit(NETWORK_LIMIT)
    failures = session.scalars(newest).all()
    if len(failures) == NETWORK_LIMIT:
        raise TooManyTries(failures[-1] + NETWORK_WINDOW - at)


def _failures(session: DatabaseSession, key: str, at: datetime, before: int | None = None) -> list[datetime]:
    counting = [SignInFailure.account == key, SignInFailure.at > at - LOOK_BACK]
    counting += [SignInFailure.id < before] if before else []
    query = select(SignInFailure.at).where(*counting).order_by(SignInFailure.at, SignInFailure.id)
    return list(session.scalars(query))


def _add(session: DatabaseSession, door: Door, at: datetime) -> int:
    failure = SignInFailure(
        at=at, account=door.key, network=network_of(door.address), ip_address=door.address[:45]
    )
    session.add(failure)
    session.flush()
    return failure.id
