"""The console's users: links to the first admin, admins made on the command line, passwords set by link."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import select, update

from core.actor import Actor, Role
from core.clock import utc_now
from core.errors import AlreadyExists, InvalidInput
from core.progress import Event, Noted, Operation
from core.settings import Settings
from database.context import application_context
from features.login_sessions import Browser, open_session, read_session
from features.sign_in import WrongPassword, sign_in
from features.sign_in_links import LinkUseless, Purpose, read_link
from features.users import NewUser, create_admin, create_first_admin, issue_first_admin_link, set_password
from models import SignInLink, User, db
from operations.runner import Runner

PASSWORD = "a walk along the river"
MAREN = NewUser("Maren Vogt", "maren.vogt@example.com", "mvogt")


@pytest.fixture
def context(settings: Settings) -> Iterator[None]:
    with application_context(settings):
        yield


@pytest.mark.usefixtures("context")
class TestFirstAdminLink:
    def test_one_start_gets_one_link(self) -> None:
        assert issue_first_admin_link("server/a")
        assert issue_first_admin_link("server/a") is None

    def test_a_new_start_ends_the_links_of_the_one_before(self) -> None:
        old = issue_first_admin_link("server/a") or ""
        new = issue_first_admin_link("server/b") or ""
        with pytest.raises(LinkUseless):
            read_link(old, Purpose.FIRST_ADMIN, utc_now())
        assert read_link(new, Purpose.FIRST_ADMIN, utc_now())

    def test_a_command_gets_a_new_link_each_time_and_leaves_the_servers_alone(self) -> None:
        server = issue_first_admin_link("server/a") or ""
        first, second = (
            issue_first_admin_link("manage_db.py") or "",
            issue_first_admin_link("manage_db.py") or "",
        )
        for token in (server, second):
            assert read_link(token, Purpose.FIRST_ADMIN, utc_now())
        with pytest.raises(LinkUseless):
            read_link(first, Purpose.FIRST_ADMIN, utc_now())

    def test_there_is_none_once_an_admin_is_there(self) -> None:
        create_admin(Operation(), "ines", "ines@example.com", "Ines")
        assert issue_first_admin_link("server/a") is None

    def test_an_inactive_admin_does_not_count(self) -> None:
        create_admin(Operation(), "ines", "ines@example.com", "Ines")
        db.session.execute(update(User).values(is_active=False))
        db.session.commit()
        assert issue_first_admin_link("server/a")

    def test_a_link_of_another_purpose_opens_nothing(self) -> None:
        token = create_admin(Operation(), "ines", "ines@example.com", "Ines")
        with pytest.raises(LinkUseless):
            create_first_admin(token, MAREN, PASSWORD, utc_now())

    def test_it_has_an_end(self) -> None:
        token = issue_first_admin_link("server/a") or ""
        late = utc_now() + timedelta(minutes=30, seconds=1)
        with pytest.raises(LinkUseless):
            create_first_admin(token, MAREN, PASSWORD, late)
        assert create_first_admin(token, MAREN, PASSWORD, utc_now())

    def test_what_is_stored_is_folded_and_whole(self) -> None:
        token = issue_first_admin_link("server/a") or ""
        create_first_admin(token, NewUser(" Zoë Ångström ", "ZOE@Example.com", "ZOË"), PASSWORD, utc_now())
        user = db.session.scalars(select(User)).one()
        assert (user.name, user.email, user.username) == ("Zoë Ångström", "zoe@example.com", "zoë")
        assert (user.role, user.is_active) == ("admin", True)


@pytest.mark.every_server
def test_eight_workers_at_once_get_one_link(settings: Settings) -> None:
    start = Barrier(8)

    def worker(_: int) -> str | None:
        with application_context(settings):
            start.wait()
            return issue_first_admin_link("server/a")

    with ThreadPoolExecutor(8) as threads:
        tokens = [token for token in threads.map(worker, range(8)) if token]
    assert len(tokens) == 1


@pytest.mark.usefixtures("context")
class TestCreateAdmin:
    def test_the_password_is_set_by_the_link_once(self) -> None:
        token = create_admin(Operation(), "ines", "ines@example.com", "Ines")
        assert set_password(token, PASSWORD, utc_now())
        with pytest.raises(LinkUseless):
            set_password(token, PASSWORD, utc_now())

    def test_a3_none_of_their_own_words_is_their_password(self) -> None:
        own = ("ines.from.the.office", "ines.perret@example.com", "Ines Marguerite Perret")
        token = create_admin(Operation(), *own)
        for word in own:
            with pytest.raises(InvalidInput, match="first to be guessed"):
                set_password(token, word, utc_now())
        assert set_password(token, PASSWORD, utc_now())

    def test_again_lets_the_same_admin_back_in(self) -> None:
        first = create_admin(Operation(), "ines", "ines@example.com", "Ines")
        db.session.execute(update(User).values(is_active=False))
        db.session.commit()
        events: list[Event] = []
        second = create_admin(Operation(events.append), "INES", "Ines@Example.com", "Ines")
        assert Noted("ines was an admin already.") in events
        with pytest.raises(LinkUseless):
            set_password(first, PASSWORD, utc_now())
        set_password(second, PASSWORD, utc_now())
        assert db.session.scalars(select(User.is_active)).one()

    def test_who_was_shut_out_comes_back_by_the_new_link_alone(self) -> None:
        """TRUST A6, S3: neither the old password nor an old session works again before the link is used."""
        token = create_admin(Operation(), "ines", "ines@example.com", "Ines")
        user_id = set_password(token, PASSWORD, utc_now())
        session = open_session(user_id, Browser("127.0.0.1", "test"), utc_now())
        db.session.execute(update(User).values(is_active=False))
        db.session.commit()
        create_admin(Operation(), "ines", "ines@example.com", "Ines")
        assert read_session(session.token, utc_now()) is None
        with pytest.raises(WrongPassword):
            sign_in("ines", PASSWORD, Browser("127.0.0.1", "test"), utc_now())

    def test_others_keep_their_role_name_and_email(self) -> None:
        db.session.add(User(username="bob", email="bob@example.com", name="Bob"))
        db.session.commit()
        for username, email in (("bob", "bob@example.com"), ("robert", "bob@example.com")):
            with pytest.raises(AlreadyExists):
                create_admin(Operation(), username, email, "Bob")
        assert db.session.scalars(select(User.role)).all() == ["viewer"]
        assert not db.session.scalars(select(SignInLink)).all()

    def test_bad_names_and_emails_change_nothing(self) -> None:
        names = ["ab", "x" * 81, "a@b", "a b", "-x-", "a\0b", "a\u202eb", ""]
        emails = ["", "ines", "ines@", "@example.com", "i@b", "a b@c.d", "a@b.c\0", "x" * 250 + "@b.cd"]
        for username, email in [
            *((name, "i@b.cd") for name in names),
            *(("ines", email) for email in emails),
        ]:
            with pytest.raises(InvalidInput):
                create_admin(Operation(), username, email, "Ines")
        assert not db.session.scalars(select(User)).all()


def test_the_token_stays_out_of_the_record(settings: Settings) -> None:
    from models import AuditEvent, OperationLine, OperationRecord

    events: list[Event] = []
    runner = Runner(Actor("root", Role.ADMIN, "cli"), settings, events.append)
    token = runner.run(create_admin, "ines", "ines@example.com", "Ines")
    with application_context(settings):
        written = [
            repr(vars(row))
            for table in (OperationRecord, OperationLine, AuditEvent)
            for row in db.session.scalars(select(table))
        ]
    assert written
    assert not [line for line in [*written, *map(repr, events)] if token in line]
