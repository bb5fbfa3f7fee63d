"""How work reports itself: the events it becomes, and what a declared feature knows of its arguments
(ARCHITECTURE section 4)."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, dataclass

import pytest

from core.actor import Role
from core.errors import InvalidInput, OperationCancelled
from core.progress import Advanced, Event, Noted, Operation, PhaseStarted, operation


@dataclass(frozen=True)
class Shelf:
    name: str

    def __str__(self) -> str:
        return f"postgresql://app@db.example.org/{self.name}"


@operation("shelf.dust", title="Dust {shelf.name} {times} times", target="{shelf.name}", role=Role.OPERATOR)
def dust(op: Operation, shelf: Shelf, times: int = 2, *, wet: bool = False) -> str:
    """Dust a shelf."""
    op.phase("Dust", total=times, unit="rounds")
    op.advance(times)
    op.note(f"wet: {wet}")
    return shelf.name


def test_words_become_events_for_every_sink() -> None:
    first: list[Event] = []
    second: list[Event] = []
    assert dust(Operation(first.append, second.append), Shelf("oak"), wet=True) == "oak"
    assert first == [PhaseStarted("Dust", 2, "rounds"), Advanced(2, 2), Noted("wet: True")]
    assert second == first


def test_each_phase_counts_from_zero() -> None:
    heard: list[Event] = []
    op = Operation(heard.append)
    op.phase("One", total=2)
    op.advance()
    op.advance()
    op.phase("Two")
    op.advance(5)
    assert [event for event in heard if isinstance(event, Advanced)] == [
        Advanced(1, 2),
        Advanced(2, 2),
        Advanced(5, None),
    ]


def test_a_cancelled_operation_ends_at_the_next_advance_or_phase() -> None:
    """Rule 4. What was done by then is still heard."""
    heard: list[Event] = []
    op = Operation(heard.append, cancelled=lambda: True)
    with pytest.raises(OperationCancelled):
        op.advance()
    assert heard == [Advanced(1, None)]
    with pytest.raises(OperationCancelled):
        op.phase("Next")
    assert heard == [Advanced(1, None)]


def test_an_event_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        Noted("a").message = "b"  # type: ignore[misc]


def test_a_feature_stays_the_function_it_is() -> None:
    assert dust.__name__ == "dust" and dust.__doc__ == "Dust a shelf."  # type: ignore[attr-defined]
    declaration = dust.declaration
    assert (declaration.kind, declaration.role, declaration.makes_schema) == (
        "shelf.dust",
        Role.OPERATOR,
        False,
    )


def test_title_and_target_are_formed_from_the_arguments_defaults_included() -> None:
    assert dust.title(Shelf("oak")) == "Dust oak 2 times"
    assert dust.title(shelf=Shelf("oak"), times=3) == "Dust oak 3 times"
    assert dust.target(Shelf("oak"), wet=True) == dust.target(Shelf(" Oak"), wet=True) == "oak"
    assert dust.arguments(Shelf("oak"), wet=True) == {"shelf": Shelf("oak"), "times": 2, "wet": True}


def test_wrong_arguments_are_found_before_anything_starts() -> None:
    with pytest.raises(TypeError):
        dust.title(Shelf("oak"), colour="red")  # type: ignore[call-arg]


def test_a_url_is_no_name() -> None:
    """Rule 3."""

    @operation("shelf.move", title="Move {shelf}", target="{shelf}")
    def move(op: Operation, shelf: Shelf) -> None: ...

    for name in (move.title, move.target):
        with pytest.raises(InvalidInput, match="named by a URL"):
            name(Shelf("oak"))


def test_only_an_admin_runs_what_does_not_say_otherwise() -> None:
    @operation("shelf.burn", title="Burn {name}", target="{name}")
    def burn(op: Operation, name: str) -> None: ...

    assert burn.declaration.role is Role.ADMIN
