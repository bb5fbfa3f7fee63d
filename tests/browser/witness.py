"""What a browser complains of while a test uses it: console messages, scripts that fail, requests that fail.
A breach of the content security policy is a console message too."""

from __future__ import annotations

from playwright.sync_api import ConsoleMessage, Page, Request

# A page that is left takes its requests under way with it.
_LEFT = "net::ERR_ABORTED"


class Witness:
    """Keeps what one page complained of."""

    def __init__(self, page: Page) -> None:
        self.complaints: list[str] = []
        self._expected: list[str] = []
        page.on("console", self._hear_console)
        page.on("pageerror", lambda error: self.complaints.append(f"script: {error}"))
        page.on("requestfailed", self._hear_request)

    def expect(self, text: str) -> None:
        """Let complaints that hold `text` pass: Chromium writes a line for each answer of 400 and above."""
        self._expected.append(text)

    def check(self) -> None:
        """Fail the test when there was any other complaint."""
        bad = [one for one in self.complaints if not any(text in one for text in self._expected)]
        assert not bad, "\n".join(bad)

    def _hear_console(self, message: ConsoleMessage) -> None:
        self.complaints.append(f"{message.type}: {message.text} ({message.location.get('url')})")

    def _hear_request(self, request: Request) -> None:
        if request.failure != _LEFT:
            self.complaints.append(f"request: {request.failure} ({request.url})")
