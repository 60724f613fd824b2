"""Mooring's own service: who may do what, why, and what to change."""

from __future__ import annotations

from collections.abc import Mapping

from mooring.api.registry import Input, Operation, Output
from mooring.iam.evaluate import Match
from mooring.iam.explain import Explanation, Said
from mooring.iam.explain_changes import Change
from mooring.iam.explain_text import operator_name
from mooring.iam.match import PrincipalForm
from mooring.iam.reach import ConditionLeaf
from mooring.iam.reach_formula import leaves
from mooring.operations.call import Call
from mooring.operations.explain import Access, AccessQuestion, explain_access
from mooring.operations.explain_node import (
    Answers,
    OutsiderAccess,
    PrincipalAccess,
    WayAccess,
    list_node_access,
)

__all__ = ["OPERATIONS"]

_PAGE = 1000
_KINDS: Mapping[PrincipalForm, str] = {
    PrincipalForm.EVERYONE: "everyone",
    PrincipalForm.SERVICE: "service",
    PrincipalForm.PROVIDER: "identity provider",
    PrincipalForm.ACCOUNT: "account",
}


def _statement(said: Said) -> dict[str, object]:
    statement = said.statement
    return {
        **_place(said.match),
        "PolicyKind": said.kind.value,
        "Effect": statement.effect.value,
        "Answer": said.verdict.value,
        "StartPosition": {"Line": statement.start.line, "Column": statement.start.column},
        "EndPosition": {"Line": statement.end.line, "Column": statement.end.column},
        **({"Sid": statement.sid} if statement.sid else {}),
    }


def _place(match: Match) -> dict[str, object]:
    """Say which statement of which policy, counted from 1, and whose policy it is."""
    source = match.source
    owner = {"AttachedTo": f"{source.type}/{source.owner}"} if source.owner else {}
    return {"PolicyName": source.name, "Number": match.statement + 1, **owner}


def _conditions(explanation: Explanation) -> list[dict[str, object]]:
    waiting = {
        leaf: None for leaf in leaves(explanation.formula) if isinstance(leaf, ConditionLeaf)
    }
    return [
        {
            "Key": leaf.condition.key,
            "Operator": operator_name(leaf.condition),
            "Values": list(leaf.condition.values),
            "PolicyName": leaf.match.source.name,
            "Number": leaf.match.statement + 1,
        }
        for leaf in waiting
    ]


def _explained(explanation: Explanation) -> dict[str, object]:
    """Return an answer and its reasons; lists that would be empty are left out."""
    output: dict[str, object] = {"Answer": explanation.verdict.value}
    if explanation.denied_by is not None:
        output["DeniedBy"] = explanation.denied_by.value
        output["Explicit"] = explanation.is_explicit
    if explanation.said:
        output["Statements"] = [_statement(said) for said in explanation.said]
    if explanation.requirements:
        output["Requirements"] = list(explanation.requirements)
        output["Conditions"] = _conditions(explanation)
    return output


def _change(change: Change) -> dict[str, object]:
    output: dict[str, object] = {
        "Kind": change.kind.value,
        "PolicyKind": change.policy_kind.value,
        "Statement": change.statement,
        "Text": change.text,
    }
    if change.policy is not None:
        output["PolicyName"] = change.policy.name
    return output | ({} if change.number is None else {"Number": change.number + 1})


def _access(asked: AccessQuestion, access: Access) -> Output:
    said = access.explanation.said
    output = {
        "PrincipalArn": asked.principal,
        "Action": asked.action,
        "Resources": list(access.resources),
        **_explained(access.explanation),
        "Statements": [{**_statement(one), "Text": one.statement.text} for one in said],
        "Lacking": [kind.value for kind in access.explanation.lacking],
        "NearMisses": [
            {
                "PolicyName": near.match.source.name,
                "Number": near.match.statement + 1,
                "Text": near.match.source.policy.statements[near.match.statement].text,
                "Because": near.because,
            }
            for near in access.near
        ],
        "Changes": [_change(change) for change in access.changes],
    }
    return output | ({"Message": access.message} if access.message else {})


async def _explain_access(call: Call, given: Input) -> Output:
    asked = AccessQuestion(
        principal=given["PrincipalArn"],
        action=given["Action"],
        resource=given.get("Resource", ""),
        document=given.get("DocumentName", ""),
        context={fact["Key"]: tuple(fact["Values"]) for fact in given.get("Context", ())},
    )
    return _access(asked, await explain_access(call, asked))


def _answers(answers: Answers) -> list[dict[str, str]]:
    return [
        {"DocumentName": document, "Answer": answer.value} for document, answer in answers.items()
    ]


def _principal(access: PrincipalAccess) -> dict[str, object]:
    # Kinds of session that are answered alike share one explanation: it is told once.
    told = {id(explanation): _explained(explanation) for _, explanation in access.sessions}
    return {
        "PrincipalArn": access.subject.arn,
        "PrincipalType": "user" if access.subject.trust is None else "role",
        "Sessions": [
            {"DocumentName": start.document, **told[id(explanation)]}
            for start, explanation in access.sessions
        ],
        **({"Paths": [_path(way) for way in access.ways]} if access.ways else {}),
    }


def _path(access: WayAccess) -> dict[str, object]:
    steps = zip(access.way.steps, access.steps, strict=True)
    return {
        "Steps": [
            {"RoleArn": step.role.arn, **_explained(explanation)} for step, explanation in steps
        ],
        "Sessions": _answers(access.answers),
    }


def _outsider(access: OutsiderAccess) -> dict[str, object]:
    outsider = access.outsider
    return {
        "Name": outsider.name,
        "Kind": _KINDS.get(outsider.form, "principal of another account"),
        "RoleArn": outsider.role.arn,
        "Sessions": _answers(access.answers),
    }


async def _list_node_access(call: Call, given: Input) -> Output:
    access = await list_node_access(
        call,
        given["NodeId"],
        documents=tuple(dict.fromkeys(given.get("DocumentNames", ()))),
        next_token=given.get("NextToken", ""),
        limit=given.get("MaxResults", _PAGE),
    )
    output: dict[str, object] = {
        "NodeId": access.node.node_id,
        "NodeArn": access.arn,
        "Principals": [_principal(principal) for principal in access.principals],
        "Outsiders": [_outsider(outsider) for outsider in access.outsiders],
    }
    return output | ({"NextToken": access.next_token} if access.next_token else {})


OPERATIONS: Mapping[str, Operation] = {
    "ExplainAccess": Operation(handler=_explain_access, is_read_only=True),
    "ListNodeAccess": Operation(handler=_list_node_access, is_read_only=True),
}
