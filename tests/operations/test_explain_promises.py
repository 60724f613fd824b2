"""What is promised is kept: explanations beside real starts of sessions and takings of roles."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import pytest
from tests.fakes.world import ORIGIN, REGION, FakeWorld, policy

from mooring.iam.context import request_context
from mooring.iam.facts import fold
from mooring.iam.identity import Role, User
from mooring.iam.reach_formula import Verdict, every, is_true, verdict
from mooring.iam.reach_request import open_keys
from mooring.operations.assume_role import RoleRequest, assume_role
from mooring.operations.call import Call
from mooring.operations.documents_start import DocumentStart, resolve_start
from mooring.operations.explain_node import PrincipalAccess, list_node_access
from mooring.operations.problems import AccessDenied
from mooring.operations.session_questions import require_start
from mooring.ports.tables import Transaction
from mooring.sessions.document import DEFAULT_DOCUMENT
from mooring.sessions.document_record import DocumentRecord

NODES = "arn:aws:ec2:*:*:instance/*"
SSH, SSH_ARN = "AWS-StartSSHSession", "arn:aws:ssm:*::document/AWS-StartSSHSession"
SHELL_ARN = f"arn:aws:ssm:*:*:document/{DEFAULT_DOCUMENT}"
OWN = "Blue"
PORT: dict[str, dict[str, tuple[str, ...]]] = {SSH: {"portNumber": ("2222",)}}
CHECKED = {"BoolIfExists": {"ssm:SessionDocumentAccessCheck": "true"}}


def allow(resource: str | list[str], **condition: dict[str, str]) -> str:
    return policy("ssm:StartSession", resource, Condition=condition)


def deny(**condition: dict[str, str]) -> str:
    return policy("ssm:StartSession", "*", Effect="Deny", Condition=condition)


POLICIES = [
    [allow(NODES)],
    [allow([NODES, SSH_ARN])],
    [allow([NODES, SHELL_ARN], **CHECKED)],
    [allow([NODES, SSH_ARN], **CHECKED), allow(NODES, IpAddress={"aws:SourceIp": "10.0.0.0/8"})],
    [allow("*", IpAddress={"aws:SourceIp": "192.0.2.0/24"})],
    [allow("*", NotIpAddress={"aws:SourceIp": "192.0.2.0/24"})],
    [allow("*"), deny(Bool={"aws:SecureTransport": "true"})],
    [allow("*"), deny(BoolIfExists={"aws:MultiFactorAuthPresent": "false"})],
    [allow("*"), deny(Null={"aws:TokenIssueTime": "false"})],
    [allow("*", StringEquals={"ssm:resourceTag/team": "${aws:PrincipalTag/team}"})],
    [allow("*", StringEquals={"ssm:resourceTag/team": "blue"})],
    [allow("*", StringNotEquals={"aws:ResourceTag/team": "red"})],
    [allow("*", StringLike={"aws:userid": "*:someone"})],
    [allow("*", StringEquals={"aws:username": "ann"})],
    [allow("*", ArnLike={"aws:PrincipalArn": "arn:aws:iam::*:role/*"})],
    [allow("*", DateGreaterThan={"aws:CurrentTime": "2020-01-01"})],
    [allow("*", StringEquals={"aws:RequestedRegion": REGION})],
    [allow("*", StringEquals={"aws:UserAgent": "a browser"})],
    [allow("*", Null={"aws:PrincipalOrgID": "false"})],
    [allow("*", NumericEquals={"mooring:PortNumber": "2222"})],
    [allow("*", StringEquals={"mooring:RunAsUser": "root"})],
    [],
]


async def starts(call: Call, node_id: str, document: DocumentStart) -> bool:
    node = await call.read(lambda tx: tx.nodes.get(node_id))
    name = "" if document.name == DEFAULT_DOCUMENT else document.name
    try:
        await require_start(
            call, target=node_id, node=node, document_name=name, asked=document.asked
        )
    except AccessDenied:
        return False
    return True


def _put_document(account_id: str, now: datetime, tx: Transaction) -> None:
    """Keep a document with a tag that some of the policies ask for."""
    record = DocumentRecord(
        account_id=account_id, region=REGION, name=OWN, created_at=now, tags={"team": "blue"}
    )
    tx.documents.put(record)


def late_facts(call: Call, access: PrincipalAccess) -> dict[str, tuple[str, ...]]:
    """Return what the call tells of the keys that were open."""
    caller, knowledge = call.caller, open_keys(access.subject)
    whole = request_context(
        principal=caller.principal,
        now=call.time,
        source_ip=caller.origin.address,
        secure=caller.origin.secure,
        user_agent=caller.origin.user_agent,
        region=caller.region,
        token_issued_at=caller.issued_at,
    )
    return {key: values for key, values in fold(whole).items() if knowledge.is_open(key)}


@pytest.mark.parametrize("documents", POLICIES, ids=range(len(POLICIES)))
@pytest.mark.parametrize("kind", ["user", "role"])
async def test_a_start_gets_what_the_explanation_promised(
    world: FakeWorld, documents: list[str], kind: str
) -> None:
    account_id = await world.account()
    admin = await world.administrator(account_id)
    of: User | Role = await world.user(account_id, "ann", *documents, tags={"team": "blue"})
    if kind == "role":
        of = await world.role(account_id, "Ops", *documents)
    asked = world.call(admin, "mooring:ListNodeAccess")
    await world.store.write(account_id, partial(_put_document, account_id, world.clock.now()))
    for tags in ({"team": "blue"}, {"team": "red"}, {}):
        node = await world.node(account_id, tags=tags)
        page = await list_node_access(
            asked, node.node_id, documents=(DEFAULT_DOCUMENT, SSH), limit=9
        )
        (access,) = [row for row in page.principals if row.subject.arn == of.arn]
        for origin in (ORIGIN, replace(ORIGIN, address="10.1.1.1", secure=False)):
            call = world.call(of, "ssm:StartSession")
            call.caller = replace(call.caller, origin=origin)
            late = late_facts(call, access)
            for start, told in access.sessions:
                document = await resolve_start(call, start.document, PORT.get(start.document, {}))
                happened = await starts(call, node.node_id, document)

                facts = {**late, **fold(document.asked.extra)}
                assert is_true(start.formula, facts) is happened
                assert told.verdict is not (Verdict.NO if happened else Verdict.YES)


def trust(principal: object, **condition: object) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": principal,
        "Action": "sts:AssumeRole",
        "Condition": condition,
    }
    return json.dumps({"Version": "2012-10-17", "Statement": statement})


@pytest.mark.parametrize(
    "own",
    [
        [],
        [policy("sts:AssumeRole")],
        [policy("sts:AssumeRole", "arn:aws:iam::*:role/By*")],
        [policy("sts:*", Effect="Deny")],
        [policy("sts:AssumeRole", Condition={"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}})],
        [policy("sts:AssumeRole", Condition={"StringEquals": {"sts:RoleSessionName": "other"}})],
        [policy("sts:AssumeRole", Condition={"StringEquals": {"iam:ResourceTag/a": "b"}})],
    ],
)
async def test_a_role_is_taken_where_a_way_was_promised(world: FakeWorld, own: list[str]) -> None:
    account_id = await world.account()
    admin = await world.administrator(account_id)
    ann = await world.user(account_id, "ann", *own)
    trusts = [
        trust({"AWS": account_id}),
        trust({"AWS": ann.arn}),
        trust({"AWS": admin.arn}),
        trust({"AWS": ann.arn}, StringEquals={"sts:ExternalId": "x"}),
        trust({"AWS": account_id}, NumericLessThan={"aws:MultiFactorAuthAge": "60"}),
        trust({"Service": "ssm.amazonaws.com"}),
    ]
    roles = [
        await world.role(account_id, f"{name}{number}", allow(NODES), trust=text)
        for name in ("By", "Of")
        for number, text in enumerate(trusts)
    ]
    node = await world.node(account_id)

    page = await list_node_access(
        world.call(admin, "mooring:ListNodeAccess"), node.node_id, limit=100
    )
    (access,) = [row for row in page.principals if row.subject.arn == ann.arn]
    ways = {
        way.way.role.arn: every(step.partial.formula for step in way.way.steps)
        for way in access.ways
        if len(way.way.steps) == 1
    }

    for role in roles:
        call = world.call(ann, "sts:AssumeRole")
        late = {**late_facts(call, access), "sts:rolesessionname": ("mine",)}
        asked = RoleRequest(role_arn=role.arn, session_name="mine", duration=timedelta(minutes=15))
        try:
            await assume_role(call, asked)
            happened = True
        except AccessDenied:
            happened = False

        promised = ways.get(role.arn)
        assert happened is (promised is not None and is_true(promised, late)), role.arn
        if promised is not None:
            assert verdict(promised) is not (Verdict.NO if happened else Verdict.YES)
