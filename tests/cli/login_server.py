"""A server that knows only the sign-in's endpoints, and answers from a list."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

__all__ = ["KEYS", "Answers", "serving"]

KEYS = {
    "AccessKeyId": "ASIAAAAAAAAAAAAAAAAA",
    "SecretAccessKey": "s" * 40,
    "SessionToken": "token",
    "Expiration": "2026-01-02T04:04:05Z",
}


class Answers:
    """What is answered next, by path; the last answer stays. ``asked`` is what came."""

    def __init__(self) -> None:
        self.url = ""
        self.of: dict[str, list[tuple[int, Any]]] = {}
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def next(self, path: str) -> tuple[int, Any]:
        rows = self.of.get(path, [(404, {"error": "unknown"})])
        return rows.pop(0) if len(rows) > 1 else rows[0]


@contextmanager
def serving() -> Iterator[Answers]:
    answers = Answers()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            name = self.path.removeprefix("/console/auth/")
            answers.asked.append((name, body))
            status, told = answers.next(name)
            content = told if isinstance(told, bytes) else json.dumps(told).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    answers.url = f"http://127.0.0.1:{server.server_address[1]}"
    answers.of["device_authorization"] = [
        (
            200,
            {
                "device_code": "device",
                "user_code": "BCDF-GHJK",
                "verification_uri": f"{answers.url}/console/device",
                "verification_uri_complete": f"{answers.url}/console/device?code=BCDF-GHJK",
                "expires_in": 10,
                "interval": 2,
            },
        )
    ]
    try:
        yield answers
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
