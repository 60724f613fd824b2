"""What may be given with a session, and how much of it."""

import pytest
from tests.fakes.world import ADMINISTRATOR, FakeWorld, policy

from mooring.iam.session_facts import SessionFacts, SessionKind
from mooring.operations.problems import OperationRefused, Problem
from mooring.operations.session_requests import (
    SessionRequest,
    check_policy_arns,
    check_request,
    percent_of,
)


@pytest.mark.parametrize(
    ("given", "problem", "says"),
    [
        (SessionRequest(policy="{"), Problem.MALFORMED_POLICY, "Syntax errors in policy."),
        (
            SessionRequest(policy=policy("s3:*", Principal="*")),
            Problem.MALFORMED_POLICY,
            "Policy document should not specify a principal.",
        ),
        (SessionRequest(policy=" " * 2049), Problem.INVALID_VALUE, "less than or equal to 2048"),
        (
            SessionRequest(policy_arns=(ADMINISTRATOR,) * 11),
            Problem.INVALID_VALUE,
            "less than or equal to 10",
        ),
        (
            SessionRequest(tags=(("a", "1"), ("A", "2"))),
            Problem.INVALID_VALUE,
            "Duplicate tag keys",
        ),
        (SessionRequest(tags=(("AWS:a", "1"),)), Problem.INVALID_VALUE, "aws: prefixed tag names"),
        (
            SessionRequest(tags=tuple((str(n), "") for n in range(51))),
            Problem.INVALID_VALUE,
            "at most 50",
        ),
        (
            SessionRequest(tags=(("a", "1"),), transitive=("b",)),
            Problem.INVALID_VALUE,
            "does not exist in the session tags",
        ),
    ],
)
def test_refused(given: SessionRequest, problem: Problem, says: str) -> None:
    with pytest.raises(OperationRefused) as refused:
        check_request(given)

    assert refused.value.problem is problem
    assert says in refused.value.message


def test_accepted() -> None:
    check_request(SessionRequest())
    check_request(
        SessionRequest(
            policy=policy("ssm:*").ljust(2048),
            policy_arns=(ADMINISTRATOR,) * 10,
            tags=tuple((str(n), "") for n in range(50)),
            transitive=("7",),
        )
    )


async def test_managed_policies_must_exist(world: FakeWorld) -> None:
    account_id = await world.account()
    gone = f"arn:aws:iam::{account_id}:policy/Gone"

    await world.store.read(account_id, lambda tx: check_policy_arns(tx, [ADMINISTRATOR]))
    with pytest.raises(OperationRefused, match="policy/Gone does not exist"):
        await world.store.read(account_id, lambda tx: check_policy_arns(tx, [gone]))


def test_the_packed_size_is_told_when_something_was_packed() -> None:
    facts = SessionFacts(kind=SessionKind.ROLE, tags=(("a", "1"),))

    assert percent_of(facts, SessionRequest(tags=(("a", "1"),))) == 1
    assert percent_of(facts, SessionRequest(source_identity="ann")) is None
