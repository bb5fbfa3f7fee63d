"""How a driver's error becomes one of ours: a clear line, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass

from core.connection import ConnectionParameters, Dialect
from core.errors import ObjectMissing, ServerError
from core.text import visible

CHECK_ADDRESS = "Check that the server runs, the host, the port and the firewall between."
CLOSE_SESSIONS = "End sessions that are not needed, lower DB_POOL_SIZE, or raise the server's limit."
FREE_SPACE = "Free space there, then run it again."
_LONGEST = 2000  # characters
RUN_AGAIN = "Run it again."
END_HOLDER = "Wait until it is done, or end that session."
FIND_HOLDER = (
    "Wait until it is done, or end that session: python db_health_check.py tells of long transactions."
)


@dataclass(frozen=True)
class Explanation:
    """One kind of failure. The texts may hold {where}, {user}, {database} and {said}, the driver's words."""

    kind: type[ServerError]
    message: str
    hint: str = ""

    def error(self, parameters: ConnectionParameters, said: str) -> ServerError:
        """The error to raise, with the words of this connection."""
        words = {
            "where": where(parameters),
            "user": parameters.user,
            "database": visible(parameters.database),
            "said": said,
        }
        return self.kind(self.message.format_map(words), hint=self.hint.format_map(words))


OBJECT_MISSING = Explanation(
    ObjectMissing,
    "{where} lacks a table or a column: {said}",
    "See what is pending: python manage_db.py status",
)


def where(parameters: ConnectionParameters) -> str:
    """The server as people name it: "127.0.0.1:5432"; the file of an SQLite database."""
    if parameters.dialect is Dialect.SQLITE:
        return visible(parameters.database)
    host = f"[{parameters.host}]" if ":" in parameters.host else parameters.host
    return f"{visible(host)}:{parameters.port}"


def one_line(text: str) -> str:
    """What a server said, on one line, harmless to print and no longer than anybody reads."""
    return visible(" ".join(text[:_LONGEST].split()))
