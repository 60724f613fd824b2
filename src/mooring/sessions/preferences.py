"""The preferences of sessions: the ``inputs`` of a Session document, as typed values.

Those of an account stand in its ``SSM-SessionManagerRunShell``. What the node acts on (run-as
user, shell profile, logging, encryption) goes to it as it is; the two time limits are ours to
keep, because stock agents do not know them.

=======================  ===================================  ==========
input                    value                                who acts
=======================  ===================================  ==========
idleSessionTimeout       minutes as text, 1 to 60             the server
maxSessionDuration       minutes as text, 1 to 1440           the server
runAsEnabled             whether a user must be named         node
runAsDefaultUser         the user, unless the caller's tag    node
                         ``SSMSessionRunAs`` names another
shellProfile             what is typed first, per platform    node
s3…, cloudWatch…, kms…   logging and encryption               node
=======================  ===================================  ==========

Source: Systems Manager User Guide, "Session document schema". The run-as name is held to a
pattern because stock agents hand it to a shell as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from mooring.sessions.document import DocumentProblem, DocumentRefused
from mooring.wire.errors import RemoteProtocolError
from mooring.wire.json_object import JsonObject, JsonValue
from mooring.wire.session_order import SessionInputs

__all__ = ["MAX_PROFILE", "RUN_AS_TAG", "Preferences", "is_run_as_name", "read_preferences"]

RUN_AS_TAG = "SSMSessionRunAs"
"""The tag of a user or role that names the user their sessions run as."""
MAX_PROFILE = 8192
_MAX_TEXT = 2048
_MAX_IDLE_MINUTES = 60
_MAX_DURATION_MINUTES = 1440
_TEXTS = ("s3BucketName", "s3KeyPrefix", "cloudWatchLogGroupName", "kmsKeyId", "runAsDefaultUser")
_FLAGS = (
    "s3EncryptionEnabled",
    "cloudWatchEncryptionEnabled",
    "cloudWatchStreamingEnabled",
    "runAsEnabled",
)
_TIMES = ("idleSessionTimeout", "maxSessionDuration")
_KNOWN = frozenset((*_TEXTS, *_FLAGS, *_TIMES, "shellProfile"))
_PROFILES = frozenset({"windows", "linux"})
_RUN_AS = re.compile(r"[a-z_][a-z0-9_.-]{0,31}\$?")
_MINUTES = re.compile(r"[0-9]{1,5}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """``inputs`` go to the node; a limit that is None is the site's."""

    inputs: SessionInputs = field(default_factory=SessionInputs)
    idle_timeout: timedelta | None = None
    max_duration: timedelta | None = None

    def run_as(self, tag: str) -> str:
        """Return the user that a session runs as, given the caller's tag; empty for the node's.

        Raises:
            DocumentRefused: PARAMETERS, when a user must be named and none is, or not by a name.
        """
        if not self.inputs.run_as_enabled:
            return ""
        user = tag.strip() or self.inputs.run_as_default_user
        if not is_run_as_name(user):
            raise DocumentRefused(
                DocumentProblem.PARAMETERS,
                f"runAsEnabled is true, and neither the tag {RUN_AS_TAG} of the caller nor "
                f"runAsDefaultUser names a user that sessions can run as, got `{user[:64]}`",
            )
        return user


def is_run_as_name(name: str) -> bool:
    """Tell whether sessions can run as a user of this name; root is the agent's to refuse."""
    return _RUN_AS.fullmatch(name) is not None


def read_preferences(inputs: Mapping[str, JsonValue]) -> Preferences:
    """Read the ``inputs`` of a document, whose parameters have been filled in.

    Raises:
        DocumentRefused: CONTENT, naming the input and what it should be.
    """
    _check_keys(inputs)
    body = JsonObject(inputs, what="inputs")
    try:
        read = SessionInputs.read(body)
        flags = {name: body.is_true(name) for name in _FLAGS}
    except RemoteProtocolError as exc:
        raise _refused(str(exc)) from exc
    _check_texts(read, body)
    if flags["runAsEnabled"] and read.run_as_default_user:
        _check_run_as(read.run_as_default_user)
    return Preferences(
        inputs=read,
        idle_timeout=_minutes(inputs, "idleSessionTimeout", most=_MAX_IDLE_MINUTES),
        max_duration=_minutes(inputs, "maxSessionDuration", most=_MAX_DURATION_MINUTES),
    )


def _check_keys(inputs: Mapping[str, JsonValue]) -> None:
    for name in inputs:
        if name not in _KNOWN:
            raise _refused(f"inputs holds `{name}`, expected one of {', '.join(sorted(_KNOWN))}")
    profile = inputs.get("shellProfile")
    if isinstance(profile, Mapping) and not profile.keys() <= _PROFILES:
        odd = sorted(profile.keys() - _PROFILES)[0]
        raise _refused(f"shellProfile holds `{odd}`, expected linux or windows")


def _check_texts(read: SessionInputs, body: JsonObject) -> None:
    for name in _TEXTS:
        if len(body.text_or(name, "")) > _MAX_TEXT:
            raise _refused(f"`{name}` is longer than {_MAX_TEXT} characters")
    for profile in (read.shell_profile_linux, read.shell_profile_windows):
        if len(profile) > MAX_PROFILE:
            raise _refused(f"a shellProfile is longer than {MAX_PROFILE} characters")


def _check_run_as(user: str) -> None:
    if not is_run_as_name(user):
        raise _refused(
            f"runAsDefaultUser is `{user[:64]}`, expected a name that matches {_RUN_AS.pattern}"
        )


def _minutes(inputs: Mapping[str, JsonValue], name: str, *, most: int) -> timedelta | None:
    given = inputs.get(name)
    if given is None or given == "":
        return None
    text = str(given) if isinstance(given, str | int) and not isinstance(given, bool) else ""
    minutes = int(text) if _MINUTES.fullmatch(text) else 0
    if not 1 <= minutes <= most:
        raise _refused(f"`{name}` is `{given}`, expected minutes from 1 to {most}"[:200])
    return timedelta(minutes=minutes)


def _refused(message: str) -> DocumentRefused:
    return DocumentRefused(DocumentProblem.CONTENT, message)
