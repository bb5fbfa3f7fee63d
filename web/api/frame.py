"""The frame of the REST API: its parts declare what they take, give and may answer, and so the document says
what they do."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Protocol, TypeVar

from flask import Flask
from flask_smorest import Api, Blueprint
from marshmallow import Schema

from web.api.parsing import StrictParser
from web.api.schemas import AcceptedSchema, ErrorSchema
from web.permissions import permission_of
from web.version import VERSION

View = TypeVar("View", bound=Callable[..., Any])

_FILES = ("text/csv", "application/json")
_EVERYWHERE = (400, 401, 403, 429, 500, 503)

_ABOUT = """Long work answers 202 with an operation: ask for it at its url until its state is succeeded,
failed, interrupted or cancelled. Make a token on the page API tokens, or with manage_db.py token create."""


class Declare(Protocol):
    """What stands above a view and says something of it."""

    def __call__(self, view: View, /) -> View: ...


class ApiBlueprint(Blueprint):  # type: ignore[misc]
    """The endpoints about one noun, under /api/v1/NOUN. What each gives and takes is declared by the methods
    below, who may ask by `allow`; what that means for its answers gets into the document by itself."""

    ARGUMENTS_PARSER = StrictParser()

    def __init__(self, noun: str, description: str, url_prefix: str = "") -> None:
        prefix = url_prefix or f"/api/v1/{noun}"
        super().__init__(f"api_{noun}", __name__, url_prefix=prefix, description=description)
        self.noun = noun
        self._prepare_doc_cbks.append(_document)

    def on_get(self, rule: str) -> Declare:
        """Answer GET of `rule`."""
        return self._on("GET", rule)

    def on_post(self, rule: str) -> Declare:
        """Answer POST of `rule`."""
        return self._on("POST", rule)

    def on_patch(self, rule: str) -> Declare:
        """Answer PATCH of `rule`."""
        return self._on("PATCH", rule)

    def on_delete(self, rule: str) -> Declare:
        """Answer DELETE of `rule`."""
        return self._on("DELETE", rule)

    def takes(self, schema: type[Schema], location: str = "json") -> Declare:
        """Hand the view a dict of what was sent, as `schema` wants it; from the body, or from the "query"."""
        declared: Declare = self.arguments(schema, location=location)
        return declared

    def gives(self, schema: type[Schema], status: int = 200) -> Declare:
        """Answer with what the view returns, as `schema` shows it."""
        declared: Declare = self.response(status, schema)
        return declared

    def gives_file(self, view: View) -> View:
        """Answer with a file, CSV or JSON, as `download` of web/downloads.py sends it."""
        content: dict[str, Any] = {kind: {"schema": {}} for kind in _FILES}
        declared: Declare = self.doc(responses={200: {"description": "An attachment.", "content": content}})
        return declared(view)

    def starts(self, view: View) -> View:
        """Answer 202 with the operation that `start` of web/api/actions.py has queued, or 409."""
        headers = {"Location": {"description": "The same as url.", "schema": {"type": "string"}}}
        accepted: Declare = self.response(202, AcceptedSchema, headers=headers)
        return self.may_answer(409)(accepted(view))

    def may_give(self, schema: type[Schema], status: int = 200) -> Declare:
        """Say that the view may answer that instead."""
        declared: Declare = self.alt_response(status, schema=schema)
        return declared

    def may_answer(self, *statuses: int) -> Declare:
        """Say which of 404, 409 and 422 the view may answer. 422 comes with `takes` already."""

        def declare(view: View) -> View:
            for status in statuses:
                view = self.alt_response(status, HTTPStatus(status).name)(view)
            return view

        return declare

    def _on(self, method: str, rule: str) -> Declare:
        declared: Declare = self.route(rule, methods=[method], tags=[self.noun])
        return declared

    def _store_endpoint_docs(
        self, endpoint: str, obj: Any, parameters: Any, tags: Any, **options: Any
    ) -> None:
        super()._store_endpoint_docs(endpoint, obj, parameters, tags, **options)
        for method in options["methods"]:
            self._docs[endpoint][method.lower()]["role"] = permission_of(obj)


class ConsoleApi(Api):  # type: ignore[misc]
    """All parts in one document. Errors are answered by web/api/errors.py: the library's own handler would
    catch those of pages too."""

    ERROR_SCHEMA = ErrorSchema

    def __init__(self, app: Flask) -> None:
        app.config.update(API_TITLE="Basekeeper", API_VERSION=VERSION, OPENAPI_VERSION="3.1.0")
        super().__init__(app, spec_kwargs={"security": [{"bearer": []}], "info": {"description": _ABOUT}})
        self.spec.components.security_scheme("bearer", {"type": "http", "scheme": "bearer"})

    def add(self, part: ApiBlueprint) -> None:
        """Open the endpoints of `part`, and describe them."""
        self._app.register_blueprint(part)
        self._app.extensions["csrf"].exempt(part)  # no cookie opens it, so no other site can use one (S8)
        part.register_views_in_doc(self, self._app, self.spec, name=part.name, parameters=None)
        self.spec.tag({"name": part.noun, "description": part.description})

    def _register_error_handlers(self) -> None:
        pass

    def _register_pagination_header(self) -> None:
        """Lists go on by keyset: nothing has page numbers."""


def _document(doc: dict[str, Any], known: dict[str, Any], **_: Any) -> dict[str, Any]:
    """What holds for every endpoint: the role it wants, and how it may refuse."""
    docstring = known["docstring"]
    words = f"Needs the role {known['role']}."
    docstring["description"] = "\n\n".join(filter(None, (docstring.get("description", ""), words)))
    doc.setdefault("responses", {}).update({status: HTTPStatus(status).name for status in _EVERYWHERE})
    return doc
