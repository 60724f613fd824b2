"""A browser before the pages: keeps cookies, sends forms and JSON as one does."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from starlette.applications import Starlette
from tests.fakes.world import FakeWorld

from mooring.console.app import console_app
from mooring.iam.identity import User
from mooring.operations.accounts import new_sign_in

__all__ = ["CA", "HOST", "ORIGIN", "OURS", "Browser", "Page"]

CA = b"-----BEGIN CERTIFICATE-----\n"
HOST = "mooring.example:8443"
ORIGIN = f"https://{HOST}"
OURS = {"host": HOST, "origin": ORIGIN}


@dataclass(frozen=True)
class Page:
    """What a browser got."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:  # noqa: ANN401 - any JSON
        return json.loads(self.text)

    @property
    def csrf(self) -> str:
        found = re.search(r'(?:name="csrf" value|data-csrf)="([0-9a-f]*)"', self.text)
        return found[1] if found else ""

    @property
    def location(self) -> str:
        return self.headers["location"]


@dataclass
class Browser:
    """A browser of ours before the pages."""

    world: FakeWorld
    user: User
    app: Starlette = field(init=False)
    cookies: dict[str, str] = field(default_factory=dict)
    address: str = "192.0.2.1"

    def __post_init__(self) -> None:
        self.app = console_app(self.world.world, ca_pem=CA)

    @property
    def cookie(self) -> str:
        return next(iter(self.cookies.values()), "")

    async def ask(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] = OURS,
        body: bytes = b"",
        scheme: str = "https",
    ) -> Page:
        path, _, query = path.partition("?")
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:  # noqa: ANN401 - ASGI
            sent.append(dict(message))

        pairs = dict(headers)
        if self.cookies:
            pairs.setdefault("cookie", "; ".join(f"{k}={v}" for k, v in self.cookies.items()))
        if method == "POST":
            pairs.setdefault("content-length", str(len(body)))
            pairs.setdefault("content-type", "application/x-www-form-urlencoded")
        await self.app(
            {
                "type": "http",
                "http_version": "1.1",
                "method": method,
                "path": path,
                "raw_path": path.encode(),
                "query_string": query.encode(),
                "root_path": "",
                "scheme": scheme,
                "headers": [(name.encode(), value.encode()) for name, value in pairs.items()],
                "client": (self.address, 5),
                "server": ("127.0.0.1", 8443),
            },
            receive,
            send,
        )
        answered = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        text = b"".join(message.get("body", b"") for message in sent[1:]).decode()
        page = Page(sent[0]["status"], answered, text)
        self._remember(page)
        return page

    def _remember(self, page: Page) -> None:
        name, _, rest = page.headers.get("set-cookie", "").partition("=")
        if "Max-Age=0" in rest:
            self.cookies.pop(name, None)
        elif name:
            self.cookies[name] = rest.partition(";")[0]

    async def get(self, path: str) -> Page:
        return await self.ask("GET", path)

    async def submit(self, path: str, **fields: str) -> Page:
        """Send a form."""
        return await self.ask("POST", path, body=urlencode(fields).encode())

    async def post(self, path: str, csrf: str = "", **fields: object) -> Page:
        """Send JSON, as a script does."""
        headers = {**OURS, "content-type": "application/json", "x-mooring-csrf": csrf}
        return await self.ask("POST", path, headers=headers, body=json.dumps(fields).encode())

    async def link(self) -> str:
        token = await new_sign_in(self.world.world, self.user.account_id, self.user.name)
        return token.reveal()

    async def enter_by_link(self) -> Page:
        return await self.submit("/auth/sign-in", token=await self.link())
