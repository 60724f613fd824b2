"""Everybody is answered for one node, as StartSession and AssumeRole would answer them."""

import json
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from tests.fakes.world import ADMINISTRATOR, NODE_ROLE, FakeWorld, make_world, policy

from mooring.iam.reach_formula import Verdict
from mooring.operations.explain_node import SESSION_DOCUMENTS, NodeAccess, list_node_access
from mooring.operations.problems import AccessDenied, OperationRefused, Problem
from mooring.operations.world import DefaultDocumentCheck
from mooring.ports.tables import Transaction
from mooring.sessions.document import DEFAULT_DOCUMENT
from mooring.sessions.document_record import DocumentRecord

SSH = "AWS-StartSSHSession"
NODES = "arn:aws:ec2:*:*:instance/*"
HOME = {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}


def trust(*principals: object) -> str:
    statements = [
        {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
        for principal in principals
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def told(access: NodeAccess, document: str = DEFAULT_DOCUMENT) -> dict[str, str]:
    """Return the answer for one kind of session by the principal's name."""
    return {
        principal.subject.arn.rpartition("/")[2]: explanation.verdict.value
        for principal in access.principals
        for start, explanation in principal.sessions
        if start.document == document
    }


async def test_each_user_and_role_is_answered_for_each_kind(world: FakeWorld) -> None:
    account_id = await world.account()
    admin = await world.administrator(account_id)
    await world.user(account_id, "ann", policy("ssm:StartSession", NODES))
    await world.user(account_id, "bob", policy("ssm:StartSession", Condition=HOME))
    await world.user(account_id, "eve", policy("ssm:StartSession"), policy("*", Effect="Deny"))
    await world.role(account_id, "Ops", policy("ssm:StartSession"))
    node = await world.node(account_id)

    access = await list_node_access(
        world.call(admin, "mooring:ListNodeAccess"), node.node_id, limit=100
    )

    assert told(access) == {
        "admin": "yes",
        "ann": "yes",
        "bob": "only-if",
        "eve": "no",
        NODE_ROLE: "no",
        "Ops": "yes",
    }
    assert told(access, SSH)["ann"] == "no"
    assert told(access, SSH)["bob"] == "only-if"
    (bob,) = [row for row in access.principals if row.subject.arn.endswith("bob")]
    assert bob.sessions[0][1].requirements == ("aws:sourceip is in `10.0.0.0/8`",)


async def test_ways_over_roles_are_told_with_every_step(world: FakeWorld) -> None:
    account_id = await world.account()
    admin = await world.user(account_id, "admin", policy("mooring:*"))
    first = await world.role(
        account_id, "First", policy("sts:AssumeRole"), trust=trust({"AWS": account_id})
    )
    await world.role(
        account_id, "Last", policy("ssm:StartSession", NODES), trust=trust({"AWS": first.arn})
    )
    ann = await world.user(account_id, "ann", policy("sts:AssumeRole", first.arn, Condition=HOME))
    node = await world.node(account_id)

    access = await list_node_access(
        world.call(admin, "mooring:ListNodeAccess"), node.node_id, limit=100
    )

    ways = {
        row.subject.arn.rpartition("/")[2]: [
            (
                [step.role.arn.rpartition("/")[2] for step in way.way.steps],
                way.answers[DEFAULT_DOCUMENT],
                way.answers[SSH],
            )
            for way in row.ways
        ]
        for row in access.principals
        if row.ways
    }
    assert ways == {
        "ann": [(["First", "Last"], Verdict.ONLY_IF, Verdict.NO)],
        "First": [(["Last"], Verdict.YES, Verdict.NO)],
    }
    (row,) = [row for row in access.principals if row.subject.arn == ann.arn]
    assert row.ways[0].steps[0].requirements == ("aws:sourceip is in `10.0.0.0/8`",)


async def test_outsiders_whom_a_role_on_the_way_trusts_are_named(world: FakeWorld) -> None:
    account_id = await world.account()
    admin = await world.user(account_id, "admin", policy("mooring:*"))
    await world.role(
        account_id,
        "Ops",
        policy("ssm:StartSession", NODES),
        trust=trust({"AWS": "999999999999"}, {"Service": "ec2.amazonaws.com"}),
    )
    await world.role(account_id, "Idle", trust=trust("*"))
    node = await world.node(account_id)

    access = await list_node_access(
        world.call(admin, "mooring:ListNodeAccess"), node.node_id, limit=100
    )

    assert [(row.outsider.name, row.answers[DEFAULT_DOCUMENT]) for row in access.outsiders] == [
        ("999999999999", Verdict.ONLY_IF),
        ("ec2.amazonaws.com", Verdict.ONLY_IF),
    ]


async def test_a_site_that_checks_documents_always_says_so(tmp_path: Path) -> None:
    async with make_world(tmp_path, check=DefaultDocumentCheck.ALWAYS) as world:
        account_id = await world.account()
        admin = await world.administrator(account_id)
        await world.user(account_id, "ann", policy("ssm:StartSession", NODES))
        node = await world.node(account_id)

        access = await list_node_access(
            world.call(admin, "mooring:ListNodeAccess"), node.node_id, limit=100
        )

    assert told(access)["ann"] == "no"


async def test_pages_hold_everybody_once(world: FakeWorld) -> None:
    account_id = await world.account()
    admin = await world.administrator(account_id)
    for number in range(5):
        await world.user(account_id, f"user-{number}")
    node = await world.node(account_id)
    call = world.call(admin, "mooring:ListNodeAccess")

    seen: list[str] = []
    token = ""
    while True:
        access = await list_node_access(call, node.node_id, next_token=token, limit=3)
        seen += [row.subject.arn for row in access.principals]
        token = access.next_token
        if not token:
            break

    assert len(set(seen)) == len(seen) == 7


async def test_who_may_not_ask_learns_nothing_about_nodes(world: FakeWorld) -> None:
    account_id = await world.account()
    user = await world.user(account_id, "ann", managed=("arn:aws:iam::aws:policy/IAMFullAccess",))
    node = await world.node(account_id)
    call = world.call(user, "mooring:ListNodeAccess")

    for node_id in (node.node_id, "i-0123456789abcdef0"):
        with pytest.raises(AccessDenied, match=f"mooring:ListNodeAccess on .*{node_id}"):
            await list_node_access(call, node_id, limit=10)


async def test_a_node_of_nobody_or_of_others_is_unknown(world: FakeWorld) -> None:
    account_id = await world.account()
    admin = await world.user(account_id, "admin", managed=(ADMINISTRATOR,))
    theirs = await world.node(await world.account())

    for node_id in (theirs.node_id, "i-0123456789abcdef0"):
        with pytest.raises(OperationRefused) as refused:
            await list_node_access(world.call(admin, "mooring:ListNodeAccess"), node_id, limit=10)

        assert refused.value.problem is Problem.SUBJECT_UNKNOWN


def _put(document: DocumentRecord, tx: Transaction) -> None:
    tx.documents.put(document)


async def test_the_accounts_own_session_documents_are_answered_too(world: FakeWorld) -> None:
    account_id = await world.account()
    admin = await world.administrator(account_id)
    node = await world.node(account_id)
    own = DocumentRecord(
        account_id=account_id, region=node.region, name="Logs", created_at=world.clock.now()
    )
    for document in (own, replace(own, name="Job", document_type="Command")):
        await world.store.write(account_id, partial(_put, document))
    call = world.call(admin, "mooring:ListNodeAccess")

    whole = await list_node_access(call, node.node_id, limit=100)
    one = await list_node_access(call, node.node_id, documents=("Job",), limit=100)

    assert [start.document for start, _ in whole.principals[0].sessions] == [
        *SESSION_DOCUMENTS,
        "Logs",
    ]
    assert [start.document for start, _ in one.principals[0].sessions] == ["Job"]
