"""The OpenAPI document read for people: each endpoint with what it takes and answers, subject by subject."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Document = Mapping[str, Any]
_METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True)
class Value:
    """A parameter or a field: `kind` is its type in words, `notes` what else there is to know."""

    name: str
    kind: str
    is_required: bool
    notes: str


@dataclass(frozen=True)
class Answer:
    """What an endpoint may answer; `fields` are those of its body, where it has one of its own."""

    status: str
    words: str
    fields: tuple[Value, ...]


@dataclass(frozen=True)
class Endpoint:
    """One method of one address."""

    method: str
    path: str
    summary: str
    description: str
    parameters: tuple[Value, ...]
    body: tuple[Value, ...]
    answers: tuple[Answer, ...]

    @property
    def refusals(self) -> tuple[str, ...]:
        """The codes that say no."""
        return tuple(one.status for one in self.answers if one.status.isdigit() and one.status >= "400")

    @property
    def anchor(self) -> str:
        """The id of its place on the page."""
        words = "".join(letter if letter.isalnum() else "-" for letter in self.path.strip("/"))
        return f"{self.method.lower()}-{words}"


@dataclass(frozen=True)
class Subject:
    """The endpoints about one noun."""

    name: str
    description: str
    endpoints: tuple[Endpoint, ...]


def read_subjects(document: Document) -> tuple[Subject, ...]:
    """The whole of a document, its subjects in their order."""
    found = list(_endpoints(document))
    return tuple(
        Subject(
            tag["name"],
            tag.get("description", ""),
            tuple(endpoint for name, endpoint in found if name == tag["name"]),
        )
        for tag in document.get("tags", ())
    )


def _endpoints(document: Document) -> Iterator[tuple[str, Endpoint]]:
    for path, item in document["paths"].items():
        shared = tuple(item.get("parameters", ()))
        for method in _METHODS:
            if method in item:
                yield (
                    (item[method].get("tags") or [""])[0],
                    _endpoint(document, path, method, item[method], shared),
                )


def _endpoint(
    document: Document, path: str, method: str, one: Document, shared: tuple[Document, ...]
) -> Endpoint:
    body = one.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    return Endpoint(
        method.upper(),
        path,
        one.get("summary", ""),
        one.get("description", ""),
        tuple(
            _parameter(document, _resolved(document, each)) for each in (*shared, *one.get("parameters", ()))
        ),
        _fields(document, body),
        tuple(_answer(document, status, said) for status, said in sorted(one.get("responses", {}).items())),
    )


def _parameter(document: Document, one: Document) -> Value:
    kind, notes = _described(document, one.get("schema", {}))
    words = (one.get("description", ""), "in the path" if one["in"] == "path" else "", notes)
    return Value(one["name"], kind, bool(one.get("required")), _sentences(words))


def _answer(document: Document, status: str, said: Document) -> Answer:
    said = _resolved(document, said)
    schema = said.get("content", {}).get("application/json", {}).get("schema", {})
    is_error = status.isdigit() and int(status) >= 400  # which all look alike
    return Answer(status, said.get("description", ""), () if is_error else _fields(document, schema))


def _fields(document: Document, schema: Document) -> tuple[Value, ...]:
    whole = _resolved(document, schema)
    required = whole.get("required", ())
    found = []
    for name, inner in whole.get("properties", {}).items():
        kind, notes = _described(document, inner)
        found.append(Value(name, kind, name in required, notes))
    return tuple(found)


def _described(document: Document, schema: Document) -> tuple[str, str]:
    """The type of a value in words, and what is said of it."""
    name = schema.get("$ref", "").rpartition("/")[2]
    if name:
        return name, str(_resolved(document, schema).get("description", ""))
    if options := schema.get("anyOf") or schema.get("oneOf"):
        return " or ".join(_described(document, one)[0] for one in options), schema.get("description", "")
    kind = schema.get("type", "any")
    words = " or ".join(kind) if isinstance(kind, list) else str(kind)
    if words == "array":
        words = f"list of {_described(document, schema.get('items', {}))[0]}"
    return words, _sentences(_notes(schema))


def _sentences(words: Iterable[str]) -> str:
    """Each of them as a sentence, whether or not it was one."""
    return " ".join(f"{one[:1].upper()}{one[1:].rstrip('. ')}." for one in words if one)


def _notes(schema: Document) -> Iterator[str]:
    yield schema.get("description", "")
    if allowed := [str(one) for one in schema.get("enum", ()) if one not in ("", None)]:
        yield f"one of {', '.join(allowed)}"
    if span := " ".join(_span(schema)):
        yield span
    if "maxLength" in schema:
        yield f"{schema['maxLength']} characters at most"
    if schema.get("default") not in (None, ""):
        default = json.dumps(schema["default"]).strip('"')
        yield f"left out, it is {default}"


def _span(schema: Document) -> Iterator[str]:
    """The numbers that are allowed: "from 1 to 200"."""
    for word, name in (("minimum", "from"), ("maximum", "to")):
        if word in schema:
            yield f"{name} {schema[word]}"


def _resolved(document: Document, one: Document) -> Document:
    """What a reference within the document points at."""
    if "$ref" not in one:
        return one
    found: Any = document
    for step in one["$ref"].removeprefix("#/").split("/"):
        found = found[step]
    resolved: Document = found
    return resolved
