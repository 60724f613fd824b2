"""What a session is started to do: its document, found, checked and filled in.

The policies are asked with what the parameters came to (``mooring:PortNumber``,
``mooring:Host``, ``mooring:RunAsUser``), so the document is read first. Whether it is there and
whether the parameters are right is said only after they allowed the call: ``refusal`` waits
until ``check``.

``SSM-SessionManagerRunShell`` runs in its latest version, because the way that AWS documents to
change preferences (UpdateDocument and nothing more) leaves the default version behind. Any
other document runs in its default version.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mooring.operations.call import Call
from mooring.operations.documents_find import (
    DEFAULT_VERSION,
    LATEST_VERSION,
    arn_of,
    find_document,
    refusal_of,
    unknown_document,
    version_of,
    view_of,
)
from mooring.operations.problems import OperationRefused
from mooring.operations.session_questions import AskedDocument
from mooring.sessions.document import DEFAULT_DOCUMENT, DocumentRefused, SessionDocument
from mooring.sessions.document_record import DocumentRecord, SessionPlan
from mooring.sessions.document_resolve import ResolvedSession, host_of, port_of, resolve_session
from mooring.sessions.document_shipped import DEFAULT
from mooring.sessions.preferences import RUN_AS_TAG
from mooring.sessions.session import Session
from mooring.wire.json_object import JsonValue
from mooring.wire.session_order import SessionType

__all__ = ["DocumentStart", "asked_again", "plan_of", "resolve_start"]

_NO_VERSION = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentStart:
    """A document and what it came to; ``version`` is 0 when the account has none of its own."""

    name: str
    asked: AskedDocument
    version: int = _NO_VERSION
    resolved: ResolvedSession = field(default_factory=ResolvedSession)
    run_as: str = ""
    refusal: OperationRefused | None = None

    def check(self) -> None:
        """Return when a session can be started.

        Raises:
            OperationRefused: INVALID_DOCUMENT, INVALID_PARAMETERS, or what is wrong with a text
                that was kept.
        """
        if self.refusal is not None:
            raise self.refusal


async def resolve_start(
    call: Call, document_name: str, parameters: Mapping[str, tuple[str, ...]]
) -> DocumentStart:
    """Return what a start with this document and these parameters comes to; never refuses."""
    name = document_name or DEFAULT_DOCUMENT
    record = await find_document(call, name)
    asked = AskedDocument(
        resource=arn_of(call, name), tags=record.tags if record is not None else {}
    )
    try:
        version, document = await _document(call, name, record)
        resolved = resolve_session(document, parameters)
        run_as = resolved.preferences.run_as(_tag_of(call))
    except OperationRefused as exc:
        return DocumentStart(name=name, asked=asked, refusal=exc)
    except DocumentRefused as exc:
        return DocumentStart(name=name, asked=asked, refusal=refusal_of(exc))
    facts = _facts(resolved.session_type, resolved.properties, run_as)
    return DocumentStart(
        name=name,
        asked=AskedDocument(resource=asked.resource, tags=asked.tags, extra=facts),
        version=version,
        resolved=resolved,
        run_as=run_as,
    )


async def _document(
    call: Call, name: str, record: DocumentRecord | None
) -> tuple[int, SessionDocument]:
    if record is None:
        if name == DEFAULT_DOCUMENT:
            return _NO_VERSION, DEFAULT
        raise unknown_document(name)
    wanted = LATEST_VERSION if name == DEFAULT_DOCUMENT else DEFAULT_VERSION
    version = await version_of(call, record, version=wanted)
    return version.version, view_of(record, version).document


def _tag_of(call: Call) -> str:
    return dict(call.caller.principal.tags).get(RUN_AS_TAG, "")


def _facts(
    session_type: SessionType, properties: Mapping[str, JsonValue], run_as: str
) -> dict[str, tuple[str, ...]]:
    """Return the keys of the request context; what a session has not is absent."""
    facts = {
        "mooring:PortNumber": port_of(session_type, properties),
        "mooring:Host": host_of(session_type, properties),
        "mooring:RunAsUser": run_as,
    }
    return {key: (value,) for key, value in facts.items() if value}


def plan_of(start: DocumentStart, session: Session) -> SessionPlan:
    """Return what is kept of a start."""
    resolved = start.resolved
    return SessionPlan(
        account_id=session.account_id,
        session_id=session.session_id,
        document_arn=start.asked.resource,
        document_version=start.version,
        session_type=resolved.session_type.value,
        parameters={
            name: list(value) if isinstance(value, tuple) else value
            for name, value in resolved.parameters.items()
        },
        properties=resolved.properties,
        idle_timeout=resolved.preferences.idle_timeout,
        max_duration=resolved.preferences.max_duration,
    )


async def asked_again(call: Call, session: Session) -> AskedDocument:
    """Return what the policies were asked about the document of a session that runs.

    The port and the host are those that it runs with, whatever became of the document; the
    document's tags are those of now.
    """
    plan = await call.glance(lambda tx: tx.session_plans.get(session.session_id))
    if plan is None:
        return AskedDocument(resource=arn_of(call, session.document_name))
    record = await find_document(call, plan.document_arn)
    return AskedDocument(
        resource=plan.document_arn,
        tags=record.tags if record is not None else {},
        extra=_facts(SessionType(plan.session_type), plan.properties, session.run_as),
    )
