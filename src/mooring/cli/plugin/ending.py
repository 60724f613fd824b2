"""How a session can end: what the person reads, and the exit code.

AWS's plugin exits with 0 whatever happened, and the AWS CLI answers anything else with a traceback
that shows the token. So a session that ended by itself is 0 unless the caller asked for the remote
exit code; one that could not be held is 1, because silence would be worse.

Source: session-manager-plugin, src/datachannel/streaming.go and sessionhandler.go, for the texts.
"""

from __future__ import annotations

import signal
from dataclasses import dataclass
from enum import Enum, auto

from mooring.cli.printable import printable

__all__ = ["Ending", "How"]

_LARGEST_STATUS = 255
_BY_SIGNAL = 128


class How(Enum):
    """What ended it."""

    CLOSED = auto()
    """The server says so: the node's side ended, or somebody or a clock ended it."""
    TIMED_OUT = auto()
    """It was over when we came back."""
    LEFT = auto()
    """The person left."""
    FAILED = auto()
    SIGNALLED = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """The end of one session; ``text`` is the server's word or what failed."""

    how: How
    text: str = ""
    exit_code: int | None = None
    signal_number: signal.Signals = signal.SIGTERM

    def message(self, session_id: str) -> str:
        """Return what the person reads on standard output."""
        match self.how:
            case How.CLOSED if self.text:
                return f"\n\nSessionId: {session_id} : {printable(self.text)}\n\n"
            case How.CLOSED | How.LEFT:
                return f"\n\nExiting session with sessionId: {session_id}.\n\n"
            case How.TIMED_OUT:
                return f"Session: {session_id} timed out.\n"
        return ""

    def complaint(self) -> str:
        """Return what the person reads on standard error."""
        return f"\n{printable(self.text)}\n" if self.how is How.FAILED else ""

    def status(self, *, passes_exit_code: bool) -> int:
        """Return the exit code of this process."""
        match self.how:
            case How.FAILED:
                return 1
            case How.SIGNALLED:
                return _BY_SIGNAL + self.signal_number
            case How.CLOSED if passes_exit_code:
                return _status_of(self.exit_code, is_refusal=bool(self.text))
            case How.TIMED_OUT if passes_exit_code:
                return 1
        return 0


def _status_of(exit_code: int | None, *, is_refusal: bool) -> int:
    """Return the status for a remote one; a shell that died of a signal has a negative one."""
    if exit_code is None:
        return 1 if is_refusal else 0
    if exit_code < 0:
        return min(_BY_SIGNAL - exit_code, _LARGEST_STATUS)
    return min(exit_code, _LARGEST_STATUS)
