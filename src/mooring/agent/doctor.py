"""``mooring-agent doctor``: try everything a connection needs, step by step, and say what fails.

Each check stands on the ones before it, so the first failure is the one to mend; those after it
are not run. Notes tell what works but may not be meant.
"""

from __future__ import annotations

import argparse
import stat
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import anyio

from mooring.agent.api import Api, ChannelKind
from mooring.agent.commands import SAME_USER_WARNING
from mooring.agent.credentials import CredentialSource
from mooring.agent.identity import NotRegistered, check_keys, load_registration
from mooring.agent.line import DIAL_ERRORS, dial, reach
from mooring.agent.runas import SELF
from mooring.agent.settings import AgentSettings
from mooring.agent.setup import api_for
from mooring.agent.state import StateDir
from mooring.agent.status import is_agent_running
from mooring.agent.world import World, machine_world
from mooring.net.http import request
from mooring.net.tls import TlsError

__all__ = ["Finding", "diagnose", "run_doctor"]

_HTTP_S = 10.0
_MAX_SKEW_S = 240.0
"""Servers take a signature that is at most 5 minutes off."""
_MAX_BODY = 1024 * 1024
_OPEN_TO_OTHERS = 0o077


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The result of one check; ``ok`` is None for a note."""

    check: str
    ok: bool | None
    text: str


class _Failed(Exception):
    """A check has failed; the text says why."""


def run_doctor(arguments: argparse.Namespace, settings: AgentSettings) -> int:  # noqa: ARG001
    """Print the findings; the exit code is 1 if a check failed."""
    findings = anyio.run(diagnose, settings, machine_world())
    for finding in findings:
        mark = {True: "ok  ", False: "FAIL", None: "note"}[finding.ok]
        sys.stdout.write(f"{mark}  {finding.check}: {finding.text}\n")
    return 1 if any(finding.ok is False for finding in findings) else 0


async def diagnose(settings: AgentSettings, world: World) -> list[Finding]:
    """Run the checks until one fails."""
    state = StateDir(settings.state_dir)
    findings: list[Finding] = []
    try:
        registration = load_registration(state)
        check_keys(registration)
        api = api_for(settings, state, registration, world)
    except (NotRegistered, TlsError, OSError, ValueError) as error:
        return [Finding(check="registration", ok=False, text=str(error))]
    text = f"`{registration.node_id}` at {api.endpoint.url}, region {registration.region}"
    findings.append(Finding(check="registration", ok=True, text=text))
    examination = _Examination(state, api)
    for check, step in examination.steps():
        try:
            findings.append(Finding(check=check, ok=True, text=await step()))
        except (*DIAL_ERRORS, _Failed) as error:
            text = str(error) or type(error).__name__
            findings.append(Finding(check=check, ok=False, text=text))
            break
    if settings.run_as == SELF:
        findings.append(Finding(check="session user", ok=None, text=SAME_USER_WARNING))
    return findings


class _Examination:
    """The checks of one node."""

    def __init__(self, state: StateDir, api: Api) -> None:
        self._state = state
        self._api = api
        parts = urlsplit(api.endpoint.messages_url)
        self._host = parts.hostname or ""
        self._port = parts.port or (443 if api.endpoint.is_secure else 80)

    def steps(self) -> list[tuple[str, Callable[[], Awaitable[str]]]]:
        """List the checks in their order."""
        return [
            ("file modes", self._modes),
            ("name", self._name),
            ("connection", self._connection),
            ("tls and http", self._http),
            ("clock", self._clock),
            ("credentials", self._credentials),
            ("control channel", self._control_channel),
        ]

    async def _modes(self) -> str:
        for path in (self._state.path, *self._state.path.glob("*.json")):
            mode = stat.S_IMODE(path.stat().st_mode)
            if mode & _OPEN_TO_OTHERS:
                raise _Failed(f"`{path}` has mode {mode:04o}, expected nothing for others")
        return "nobody else can read the state"

    async def _name(self) -> str:
        found = await anyio.getaddrinfo(self._host, self._port)
        return f"`{self._host}` is {', '.join(sorted({str(row[4][0]) for row in found}))}"

    async def _connection(self) -> str:
        try:
            await reach(self._api)
        except TimeoutError:
            raise _Failed(f"no answer from {self._host} port {self._port}") from None
        return f"{self._host} port {self._port} answers"

    async def _http(self) -> str:
        self._date = (await self._ask()).get("date", "")
        secure = "verified" if self._api.endpoint.is_secure else "not used (plain http)"
        return f"the server speaks http; tls is {secure}"

    async def _ask(self) -> dict[str, str]:
        response = await request(
            "GET",
            f"{self._api.endpoint.messages_url}/",
            headers={},
            body=b"",
            ssl=self._api.ssl,
            deadline_s=_HTTP_S,
            max_body=_MAX_BODY,
        )
        return dict(response.headers)

    async def _clock(self) -> str:
        try:
            theirs = parsedate_to_datetime(self._date).timestamp()
        except ValueError:
            return "the server does not tell its time"
        skew_s = self._api.world.now() - theirs
        if abs(skew_s) > _MAX_SKEW_S:
            raise _Failed(f"this node's clock is {skew_s:+.0f} s off the server's")
        return f"{skew_s:+.0f} s off the server's"

    async def _credentials(self) -> str:
        # The running agent rotates keys; who only looks must not.
        source = CredentialSource(self._api, self._state, rotates_key=False)
        await source.renew()
        return "the server knows this node and its key"

    async def _control_channel(self) -> str:
        if is_agent_running(self._state):
            return "not tried, because the running agent holds the one there is"
        source = CredentialSource(self._api, self._state, rotates_key=False)
        node_id = load_registration(self._state).node_id
        dialled = await dial(self._api, source, ChannelKind.CONTROL, node_id)
        await dialled.websocket.close()
        return "opens"
