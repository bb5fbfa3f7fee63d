"""Where settings come from, highest first, and a reader that collects every fault before it refuses."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from core.connection import ConnectionParameters, parse_url
from core.errors import ConfigurationError
from core.secrets import hide_password
from core.text import visible
from core.variables import Variable

T = TypeVar("T")

_SHOWN = 60
_NOT_SHOWN = "not valid"
_ALIKE = 0.9  # DATABSE_URL is; TEST_DATABASE_URL, another program's, is not
_HINT = "docs/reference/settings.md lists every setting."


@dataclass(frozen=True)
class Source:
    """One place that holds variables; `label` names it in messages."""

    label: str
    values: Mapping[str, str]
    is_file: bool = False


def read_env_file(file: Path) -> Source:
    """The variables of an env file, taken as they stand: ${NAME} inside a value is not replaced. Raises
    ConfigurationError when it cannot be read, naming the line where that is the reason."""
    from dotenv.parser import parse_stream  # 20 ms that nobody pays who has no such file

    text = _file_text(str(file), file)
    lines = list(parse_stream(io.StringIO(text)))
    if faulty := [str(line.original.line) for line in lines if line.error]:
        raise ConfigurationError(
            f"{visible(str(file))} has no NAME=value in line {', '.join(faulty)}.", hint=_HINT
        )
    return Source(
        str(file), {line.key: line.value for line in lines if line.key and line.value is not None}, True
    )


class Reader:
    """Reads variables from `sources`, highest first. An empty value counts as not set. What is wrong goes
    to the faults, and the default is answered meanwhile."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self.sources = tuple(sources)
        self._faults: dict[str, None] = {}  # in order, each once

    def read(self, variable: Variable[T], *, development: bool = False) -> T:
        """The value of the highest source that has one, else the default."""
        default = (development and variable.development) or variable.default
        texts = (self.text_in(source, variable) for source in self.sources)
        return self._parse(variable, next(filter(None, texts), default))

    def read_in(self, source: Source, variable: Variable[T]) -> T:
        """The value in `source` alone, else the default."""
        return self._parse(variable, self.text_in(source, variable) or variable.default)

    def text_in(self, source: Source, variable: Variable[Any]) -> str:
        """What `source` says, or the file it names for a secret; "" when neither is set."""
        given = source.values.get(variable.name, "")
        if not variable.secret:
            return given.strip()
        file = source.values.get(f"{variable.name}_FILE", "")
        if given and file:
            self.fault(f"{variable.name} and {variable.name}_FILE are both set in {source.label}, keep one")
            return given
        return self._secret(f"{variable.name}_FILE", file) if file else given

    def has(self, source: Source, *variables: Variable[Any]) -> bool:
        """True when `source` sets any of `variables`."""
        return any(self.text_in(source, variable) for variable in variables)

    def url(
        self, variable: Variable[str], text: str, *, database_required: bool = True
    ) -> ConnectionParameters | None:
        """The fields of the URL `text`; None when it is faulty."""
        try:
            return parse_url(text, variable=variable.name, database_required=database_required)
        except ConfigurationError as error:
            self.fault(error.message.rstrip("."))
            return None

    def check_spelling(self, source: Source, known: Iterable[str]) -> None:
        """Refuse the names in `source` that are nearly one of `known`: a typing error would otherwise be a
        silent default, such as another database."""
        names = sorted(known)
        for name in sorted(source.values.keys() - set(names)):
            from difflib import get_close_matches  # only for a file that holds more than ours

            if near := get_close_matches(name, names, n=1, cutoff=_ALIKE):
                self.fault(f"{name} in {source.label} is no setting, {near[0]} is nearly the same")

    def fault(self, message: str) -> None:
        """Remember what is wrong."""
        self._faults[visible(message)] = None

    def raise_faults(self) -> None:
        """Raise one ConfigurationError with every fault, if there is any."""
        if self._faults:
            raise ConfigurationError("; ".join(self._faults) + ".", hint=_HINT)

    def _parse(self, variable: Variable[T], text: str) -> T:
        try:
            return variable.parse(text)
        except ValueError as error:
            shown = _NOT_SHOWN if variable.secret else _shown(text)
            self.fault(f"{variable.name} is {shown}, allowed: {error}")
            return variable.parse(variable.default)

    def _secret(self, name: str, file: str) -> str:
        # The path itself is not shown: someone may have put the secret there.
        try:
            secret = _file_text(f"the file of {name}", Path(file)).rstrip("\r\n")
        except ConfigurationError as error:
            self.fault(error.message.rstrip("."))
            return ""
        if not secret:
            self.fault(f"the file of {name} is empty")
        return secret


def _file_text(label: str, file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        reason = "not UTF-8"
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = (error.strerror if isinstance(error, OSError) else None) or "not a path"
    raise ConfigurationError(f"Cannot read {visible(label)} ({reason}).", hint=_HINT)


def _shown(text: str) -> str:
    """What was given, unless it looks as if it held a password or a private key."""
    if "@" in text or hide_password(text) != text or text.upper().startswith("AGE-SECRET-KEY"):
        return _NOT_SHOWN
    return f'"{text[:_SHOWN]}..."' if len(text) > _SHOWN else f'"{text}"'
