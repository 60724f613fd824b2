"""Policies: the grammar of a document, and the compiled value that the evaluation reads.

::

    policy     := { "Version"?: "2012-10-17" | "2008-10-17", "Id"?, "Statement": stmt | [stmt, …] }
    stmt       := { "Sid"?, "Effect": "Allow" | "Deny",
                    "Principal" | "NotPrincipal"   where someone is granted something,
                    "Action"    | "NotAction",
                    "Resource"  | "NotResource"    but not in a role's trust policy,
                    "Condition"?: { operator: { key: value | [value, …] } } }

A missing Version means 2008-10-17, under which ``${…}`` is plain text. What AWS would refuse on
write is refused here, so that the evaluation never meets a policy it must guess about.

Source: IAM User Guide, "Grammar of the IAM JSON policy language"; the messages are AWS's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NoReturn

from mooring.iam.conditions import Condition, Usage, compile_condition
from mooring.iam.document import Leaf, Listing, Node, Structure, place_of, read_document
from mooring.iam.errors import SYNTAX_ERRORS, MalformedPolicy, Place, PolicySyntaxError
from mooring.iam.index import ActionIndex
from mooring.iam.match import ActionPattern, PrincipalPattern, ResourcePattern

__all__ = ["Effect", "Entry", "Policy", "PolicyKind", "Statement", "parse_policy"]

_MAX_CHARACTERS = 131_072
_KEPT_ANSWERS = 256
"""More actions than a policy is asked about in practice; beyond it, nothing is kept."""
_MOST_ERRORS = 10
_FOREIGN = re.compile(r"[^\t\n\r\x20-\xff]")
_SID = re.compile(r"[0-9A-Za-z]*")
_VERSIONS = {"2008-10-17", "2012-10-17"}
_DEFAULT_VERSION = "2008-10-17"
_VARIABLES_VERSION = "2012-10-17"
_POLICY_ELEMENTS = {"Version", "Id", "Statement"}
_STATEMENT_ELEMENTS = {
    *("Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction"),
    *("Resource", "NotResource", "Condition"),
}
_TRUST_ACTIONS = "AssumeRole policy may only specify STS AssumeRole actions."
_BAD_SID = (
    "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular "
    "expression [0-9A-Za-z]*"
)


class PolicyKind(StrEnum):
    """What a policy is attached to, which decides its grammar and its part in a decision."""

    IDENTITY = "identity"
    RESOURCE = "resource"
    TRUST = "trust"
    BOUNDARY = "boundary"
    SESSION = "session"
    SCP = "scp"
    RCP = "rcp"
    ENDPOINT = "endpoint"


_NAMING_PRINCIPALS = {
    PolicyKind.RESOURCE,
    PolicyKind.TRUST,
    PolicyKind.RCP,
    PolicyKind.ENDPOINT,
}
_FREE_SIDS = {PolicyKind.RESOURCE, PolicyKind.ENDPOINT}


class Effect(StrEnum):
    """What a statement that applies does."""

    ALLOW = "Allow"
    DENY = "Deny"


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One statement; of each pair (actions, not_actions) exactly one holds entries.

    Attributes:
        heads: one of these begins the name of any resource that it covers.
        tails: one of these ends it.
        text: its own JSON.
        start: where AWS's simulator says that it begins: behind the bracket or comma before it in
            a list, behind its brace where it stands alone.
        end: the place behind its closing brace.
    """

    sid: str | None
    effect: Effect
    actions: tuple[ActionPattern, ...]
    not_actions: tuple[ActionPattern, ...]
    resources: tuple[ResourcePattern, ...]
    not_resources: tuple[ResourcePattern, ...]
    principals: tuple[PrincipalPattern, ...]
    not_principals: tuple[PrincipalPattern, ...]
    conditions: tuple[Condition, ...]
    heads: tuple[str, ...] = field(compare=False, repr=False)
    tails: tuple[str, ...] = field(compare=False, repr=False)
    text: str = field(compare=False, repr=False)
    start: Place
    end: Place


Entry = tuple[tuple[str, ...], tuple[str, ...], int, Statement]
"""Heads, tails, number and statement: what a decision looks at, side by side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A parsed policy: immutable and hashable, so callers may keep it as long as its text."""

    version: str
    statements: tuple[Statement, ...]
    index: ActionIndex = field(compare=False, repr=False)
    answers: dict[str, tuple[Entry, ...]] = field(default_factory=dict, compare=False, repr=False)

    def on(self, action: str) -> list[tuple[int, Statement]]:
        """Return the statements that cover an action, given in lower case, with their numbers."""
        return [(number, statement) for _, _, number, statement in self.entries(action)]

    def entries(self, action: str) -> tuple[Entry, ...]:
        """Return the same with the ends of what each statement covers; kept for the next time."""
        known = self.answers.get(action)
        if known is None:
            listed = [(number, self.statements[number]) for number in self.index.find(action)]
            known = tuple(
                (statement.heads, statement.tails, number, statement)
                for number, statement in listed
            )
            if len(self.answers) < _KEPT_ANSWERS:
                self.answers[action] = known
        return known


def parse_policy(text: str, *, kind: PolicyKind) -> Policy:
    """Read a policy document.

    Args:
        text: 1 to 131072 characters; quotas on size are another matter, see ``size``.
        kind: decides which elements are required and forbidden.

    Raises:
        MalformedPolicy: the document is not one that AWS would accept for this kind.
    """
    return _Parser(text, kind).policy()


class _Parser:
    """One pass over one document."""

    def __init__(self, text: str, kind: PolicyKind) -> None:
        self.text = text
        self.kind = kind
        self.variables = False

    def refuse(self, node: Node, detail: str, *, message: str = SYNTAX_ERRORS) -> NoReturn:
        raise MalformedPolicy(message, place=place_of(self.text, node.start), detail=detail)

    def policy(self) -> Policy:
        self.check_characters()
        root = read_document(self.text)
        members = self.elements(root, _POLICY_ELEMENTS, "policy").members
        if "Id" in members and self.kind not in _NAMING_PRINCIPALS:
            self.refuse(members["Id"], "element `Id` belongs to resource policies only")
        if "Id" in members:
            self.string(members["Id"], "Id")
        version = self.version(members.get("Version"))
        self.variables = version == _VARIABLES_VERSION
        if "Statement" not in members:
            self.refuse(root, "element `Statement` is missing")
        listed = members["Statement"]
        statements = self.statements(listed)
        self.check_sids(statements, listed)
        return Policy(
            version=version,
            statements=statements,
            index=ActionIndex.build([(s.actions, s.not_actions) for s in statements]),
        )

    def statements(self, listed: Node) -> tuple[Statement, ...]:
        """Read every statement; the first error carries those of later statements."""
        is_listed = isinstance(listed, Listing)
        nodes = listed.items if isinstance(listed, Listing) else (listed,)
        if not nodes:
            self.refuse(listed, "element `Statement` is empty")
        read: list[Statement] = []
        errors: list[MalformedPolicy] = []
        for node in nodes:
            try:
                read.append(self.statement(node, is_listed=is_listed))
            except MalformedPolicy as exc:
                errors.append(exc)
                if len(errors) == _MOST_ERRORS:
                    break
        if errors:
            errors[0].others = tuple(errors[1:])
            raise errors[0]
        return tuple(read)

    def check_characters(self) -> None:
        if not 1 <= len(self.text) <= _MAX_CHARACTERS:
            detail = f"{len(self.text)} characters, expected 1 to {_MAX_CHARACTERS}"
            raise MalformedPolicy(SYNTAX_ERRORS, place=Place(line=1, column=1), detail=detail)
        foreign = _FOREIGN.search(self.text)
        if foreign is not None:
            raise MalformedPolicy(
                SYNTAX_ERRORS,
                place=place_of(self.text, foreign.start()),
                detail=f"character U+{ord(foreign[0]):04X}, expected at most U+00FF",
            )

    def elements(self, node: Node, known: set[str], what: str) -> Structure:
        if not isinstance(node, Structure):
            self.refuse(node, f"a {what} must be a JSON object")
        for name, member in node.members.items():
            if name not in known:
                self.refuse(member, f"unknown element `{name}` in a {what}")
        return node

    def string(self, node: Node, name: str) -> str:
        if not isinstance(node, Leaf) or not isinstance(node.value, str) or node.is_number:
            self.refuse(node, f"element `{name}` must be a string")
        return node.value

    def strings(self, node: Node | None, name: str) -> Iterator[tuple[Node, str]]:
        """Yield each entry of an element that is a string or a list of strings, or absent."""
        if node is not None:
            for item in node.items if isinstance(node, Listing) else (node,):
                yield item, self.string(item, name)

    def version(self, node: Node | None) -> str:
        if node is None:
            return _DEFAULT_VERSION
        version = self.string(node, "Version")
        if version not in _VERSIONS:
            self.refuse(node, f"version `{version}`, expected one of {sorted(_VERSIONS)}")
        return version

    def check_sids(self, statements: tuple[Statement, ...], node: Node) -> None:
        if self.kind in _FREE_SIDS:
            return
        sids = [statement.sid for statement in statements if statement.sid]
        for sid in sids:
            if not _SID.fullmatch(sid):
                self.refuse(node, f"Sid `{sid}`, expected letters and digits", message=_BAD_SID)
        if len(set(sids)) < len(sids):
            self.refuse(
                node,
                f"two statements share a Sid among {sids}",
                message="Statement IDs (SID) in a single policy must be unique.",
            )

    def statement(self, node: Node, *, is_listed: bool) -> Statement:
        structure = self.elements(node, _STATEMENT_ELEMENTS, "statement")
        members = structure.members
        effect = self.effect(node, members)
        self.check_elements(node, members, effect)
        sid = members.get("Sid")
        resources = self.resources(members.get("Resource"))
        before = len(self.text[: node.start].rstrip()) if is_listed else node.start + 1
        return Statement(
            sid=None if sid is None else self.string(sid, "Sid"),
            effect=effect,
            actions=self.actions(members.get("Action")),
            not_actions=self.actions(members.get("NotAction")),
            resources=resources,
            not_resources=self.resources(members.get("NotResource")),
            principals=self.principals(members.get("Principal")),
            not_principals=self.principals(members.get("NotPrincipal")),
            conditions=self.conditions(members.get("Condition"), effect),
            heads=tuple(sorted({pattern.head for pattern in resources})) or ("",),
            tails=tuple(sorted({pattern.tail for pattern in resources})) or ("",),
            text=self.text[node.start : structure.end],
            start=place_of(self.text, before),
            end=place_of(self.text, structure.end),
        )

    def effect(self, node: Node, members: Mapping[str, Node]) -> Effect:
        if "Effect" not in members:
            self.refuse(node, "element `Effect` is missing")
        effect = self.string(members["Effect"], "Effect")
        if effect not in set(Effect):
            self.refuse(members["Effect"], f"effect `{effect}`, expected `Allow` or `Deny`")
        return Effect(effect)

    def check_elements(self, node: Node, members: Mapping[str, Node], effect: Effect) -> None:
        """Hold the rules on which elements a statement of this kind has."""
        self.check_pair(node, members, "Action", "Policy statement must contain actions.")
        if self.kind is PolicyKind.TRUST:
            self.check_absent(members, "Resource", "Has prohibited field Resource")
        else:
            self.check_pair(node, members, "Resource", "Policy statement must contain resources.")
        if self.kind in _NAMING_PRINCIPALS:
            self.check_pair(node, members, "Principal", "Missing required field Principal")
        else:
            message = "Policy document should not specify a principal."
            self.check_absent(members, "Principal", message)
        if effect is Effect.ALLOW and "NotPrincipal" in members:
            detail = "`NotPrincipal` with `Allow` would grant to everyone else, expected `Deny`"
            self.refuse(members["NotPrincipal"], detail)

    def check_pair(self, node: Node, members: Mapping[str, Node], name: str, missing: str) -> None:
        """Hold that exactly one of an element and its negation is there, and not empty."""
        found = [members[key] for key in (name, f"Not{name}") if key in members]
        if not found:
            self.refuse(node, f"element `{name}` is missing", message=missing)
        if len(found) > 1:
            self.refuse(node, f"elements `{name}` and `Not{name}` exclude each other")
        if isinstance(found[0], Listing) and not found[0].items:
            self.refuse(found[0], f"element `{name}` is empty", message=missing)

    def check_absent(self, members: Mapping[str, Node], name: str, message: str) -> None:
        for key in (name, f"Not{name}"):
            if key in members:
                self.refuse(members[key], f"element `{key}` has no place here", message=message)

    def actions(self, node: Node | None) -> tuple[ActionPattern, ...]:
        patterns: list[ActionPattern] = []
        for item, text in self.strings(node, "Action"):
            with self.placed(item):
                pattern = ActionPattern.parse(text)
            if self.kind is PolicyKind.TRUST and pattern.vendor != "sts":
                self.refuse(item, f"action `{text}`, expected `sts:…`", message=_TRUST_ACTIONS)
            patterns.append(pattern)
        return tuple(patterns)

    def resources(self, node: Node | None) -> tuple[ResourcePattern, ...]:
        patterns: list[ResourcePattern] = []
        for item, text in self.strings(node, "Resource"):
            with self.placed(item):
                patterns.append(ResourcePattern.parse(text, variables=self.variables))
        return tuple(patterns)

    def principals(self, node: Node | None) -> tuple[PrincipalPattern, ...]:
        if node is None:
            return ()
        named = node.members if isinstance(node, Structure) else {"AWS": node}
        if not isinstance(node, Structure) and self.string(node, "Principal") != "*":
            self.refuse(node, "element `Principal` must be `*` or an object")
        patterns: list[PrincipalPattern] = []
        for kind, listed in named.items():
            for item, text in self.strings(listed, "Principal"):
                with self.placed(item):
                    patterns.append(PrincipalPattern.parse(kind, text))
        if not patterns:
            self.refuse(node, "element `Principal` names nobody")
        return tuple(patterns)

    def conditions(self, node: Node | None, effect: Effect) -> tuple[Condition, ...]:
        if node is None:
            return ()
        conditions: list[Condition] = []
        for name, keys in self.members(node):
            with self.placed(keys):
                usage = Usage.parse(name)
            for key, listed in self.members(keys):
                with self.placed(listed):
                    condition = compile_condition(
                        usage,
                        key,
                        self.values(listed),
                        variables=self.variables,
                        undecided=effect is Effect.DENY,
                    )
                conditions.append(condition)
        return tuple(conditions)

    def members(self, node: Node) -> Iterable[tuple[str, Node]]:
        if not isinstance(node, Structure):
            self.refuse(node, "a condition must be an object of objects")
        return node.members.items()

    def values(self, node: Node) -> tuple[str, ...]:
        """Return the values of a condition as texts; numbers and booleans become theirs."""
        values: list[str] = []
        for item in node.items if isinstance(node, Listing) else (node,):
            if not isinstance(item, Leaf) or item.value is None:
                self.refuse(item, "a condition value must be a string, number or boolean")
            values.append(item.value if isinstance(item.value, str) else str(item.value).lower())
        return tuple(values)

    @contextmanager
    def placed(self, node: Node) -> Iterator[None]:
        """Give an element's error the place of the element."""
        try:
            yield
        except PolicySyntaxError as exc:
            self.refuse(node, exc.detail, message=exc.message)
