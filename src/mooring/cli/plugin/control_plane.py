"""The few API calls a plugin makes, by a helper process that is started when the first is due.

They need credentials from wherever the AWS CLI takes them, so they need botocore. It loads for
longer than a session starts, and its sources of credentials (programs, files, metadata services)
take their time. In a process of its own neither holds up a shell, and one that hangs can be ended.
The helper leaves our process group, because it must outlive a terminal that is closed.

One line of JSON each way: ``calls`` is the other end.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Sequence
from types import TracebackType

import anyio
from anyio.abc import Process
from anyio.streams.buffered import BufferedByteReceiveStream

from mooring.cli.plugin.arguments import Invocation
from mooring.wire.errors import RemoteProtocolError
from mooring.wire.json_object import JsonObject, write_json

__all__ = ["HELPER", "CallFailed", "CallRefused", "ControlPlane"]

HELPER = (sys.executable, "-P", "-m", "mooring.cli.plugin.calls")
_LONGEST_ANSWER = 256 * 1024


class CallFailed(Exception):
    """No answer came, or the server could not give one: it is worth another try."""


class CallRefused(CallFailed):
    """The server said no, or there are no credentials."""


class ControlPlane:
    """Calls on behalf of one session. One call at a time."""

    def __init__(self, invocation: Invocation, *, helper: Sequence[str] = HELPER) -> None:
        self._invocation = invocation
        self._helper = helper
        self._process: Process | None = None
        self._answers: BufferedByteReceiveStream | None = None

    async def resume(self, *, deadline_s: float) -> str | None:
        """Ask for a new token; None when the session is over.

        Raises:
            CallFailed: or CallRefused.
        """
        answer = await self._call("ResumeSession", deadline_s)
        return answer.text_or("TokenValue", "") or None

    async def terminate(self, *, deadline_s: float) -> None:
        """End the session on the server; a failure is none of the person's business any more."""
        with contextlib.suppress(CallFailed):
            await self._call("TerminateSession", deadline_s)

    async def ca_file(self, *, deadline_s: float) -> str:
        """Return the file of authorities that the profile names, empty for none."""
        try:
            answer = await self._call("CaFile", deadline_s)
        except CallFailed:
            return ""
        return answer.text_or("CaFile", "")

    async def __aenter__(self) -> ControlPlane:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._end()

    async def _call(self, operation: str, deadline_s: float) -> JsonObject:
        done = False
        try:
            with anyio.fail_after(deadline_s):
                answer = await self._ask(operation)
            done = True
        except TimeoutError as error:
            raise CallFailed(f"{operation}: no answer within {deadline_s:g} s") from error
        except (
            OSError,
            anyio.EndOfStream,
            anyio.IncompleteRead,
            anyio.BrokenResourceError,
            anyio.DelimiterNotFound,
            RemoteProtocolError,
        ) as error:
            raise CallFailed(f"{operation}: the helper process failed") from error
        finally:
            if not done:
                await self._end()
        problem = answer.text_or("Problem", "")
        if not problem:
            return answer.child("Answer")
        raise (CallFailed if answer.is_true("Again") else CallRefused)(f"{operation}: {problem}")

    async def _ask(self, operation: str) -> JsonObject:
        if self._process is None:
            self._process = await anyio.open_process(
                self._helper, stderr=subprocess.DEVNULL, start_new_session=True
            )
            assert self._process.stdout is not None  # noqa: S101  # a pipe by default
            self._answers = BufferedByteReceiveStream(self._process.stdout)
        assert self._process.stdin is not None  # noqa: S101  # a pipe by default
        assert self._answers is not None  # noqa: S101  # set with the process
        question = write_json(
            {
                "Operation": operation,
                "SessionId": self._invocation.session_id,
                "Region": self._invocation.region,
                "Profile": self._invocation.profile,
                "EndpointUrl": self._invocation.endpoint_url,
            }
        )
        await self._process.stdin.send(question + b"\n")
        line = await self._answers.receive_until(b"\n", _LONGEST_ANSWER)
        return JsonObject.parse(line, what="helper's answer")

    async def _end(self) -> None:
        process, self._process, self._answers = self._process, None, None
        if process is None:
            return
        with anyio.CancelScope(shield=True):
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.aclose()
