"""Ways over roles: every step is asked of both sides, and outsiders are named."""

import pytest
from tests.iam.subjects import ACCOUNT, OTHER, REGION, role, take, trust, user

from mooring.iam.match import PrincipalForm
from mooring.iam.reach_formula import Verdict, verdict
from mooring.iam.reach_paths import MOST_STEPS, Way, outsiders, taking, ways_to
from mooring.iam.reach_request import Subject, Thing

BY_ACCOUNT = trust({"AWS": ACCOUNT})
ANN = f"arn:aws:iam::{ACCOUNT}:user/ann"


def thing_of(subject: Subject) -> Thing:
    return taking(subject, dict(subject.principal.tags), REGION)


def found(goal: Subject, *others: Subject) -> dict[str, list[list[str]]]:
    """Return the ways by name, each as the names of its roles."""
    ways = ways_to([goal], [goal, *others], thing_of)
    return {short(arn): [names(way) for way in listed] for arn, listed in ways.items()}


def short(arn: str) -> str:
    return arn.rpartition("/")[2]


def names(way: Way) -> list[str]:
    return [short(step.role.arn) for step in way.steps]


def test_a_role_trusts_its_account_and_a_policy_allows_the_taking() -> None:
    ops = role("ops", trusts=BY_ACCOUNT)

    assert found(ops, user("ann", take(ops.arn)), user("bob"), user("carl", take("*"))) == {
        "ann": [["ops"]],
        "carl": [["ops"]],
    }


def test_a_user_whom_the_role_names_needs_no_policy() -> None:
    ops = role("ops", trusts=trust({"AWS": ANN}))

    assert found(ops, user("ann"), user("bob", take("*"))) == {"ann": [["ops"]]}


def test_a_deny_closes_the_way() -> None:
    ops = role("ops", trusts=trust({"AWS": ANN}))
    denied = user("ann", {"Effect": "Deny", "Action": "sts:*", "Resource": "*"})

    assert found(ops, denied) == {}


def test_ways_lead_over_several_roles_up_to_a_depth() -> None:
    chain = [role("r0", trusts=BY_ACCOUNT)]
    for number in range(1, 5):
        chain.append(role(f"r{number}", take(chain[-1].arn), trusts=BY_ACCOUNT))
    ann = user("ann", take(chain[2].arn), take(chain[3].arn))

    ways = found(chain[0], *chain[1:], ann)

    assert ways["ann"] == [["r2", "r1", "r0"]]
    assert max(len(way) for listed in ways.values() for way in listed) == MOST_STEPS
    assert "r4" not in ways


def test_a_role_that_takes_itself_is_no_endless_way() -> None:
    ops = role("ops", take("*"), trusts=BY_ACCOUNT)

    assert found(ops, user("ann", take("*"))) == {"ann": [["ops"]]}


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"Bool": {"aws:MultiFactorAuthPresent": "true"}}, Verdict.ONLY_IF),
        ({"StringEquals": {"sts:ExternalId": "x"}}, Verdict.ONLY_IF),
        ({"StringEquals": {"aws:username": "ann"}}, Verdict.YES),
    ],
)
def test_a_step_may_hang_on_facts(condition: dict[str, dict[str, str]], expected: Verdict) -> None:
    ops = role("ops", trusts=trust({"AWS": ANN}, Condition=condition))

    (way,) = ways_to([ops], [user("ann")], thing_of)[ANN]

    assert verdict(way.steps[0].partial.formula) is expected
    assert way.role is ops


def test_one_session_of_a_role_may_be_trusted() -> None:
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/first/deploy"
    ops = role("ops", trusts=trust({"AWS": session}))
    first = role("first", trusts=BY_ACCOUNT)

    (way,) = ways_to([ops], [first, role("second", take("*"), trusts=BY_ACCOUNT)], thing_of)[
        first.arn
    ]

    assert verdict(way.steps[0].partial.formula) is Verdict.ONLY_IF


def test_outsiders_are_listed_by_name_and_kind() -> None:
    provider = f"arn:aws:iam::{ACCOUNT}:oidc-provider/id.example"
    theirs = f"arn:aws:iam::{OTHER}:user/zoe"
    ops = role(
        "ops",
        trusts=trust(
            {"AWS": [ANN, theirs, OTHER, ACCOUNT]},
            {"Service": "ssm.amazonaws.com"},
            {"Federated": provider},
            "*",
            Action=["sts:AssumeRole", "sts:AssumeRoleWithWebIdentity"],
        ),
    )

    listed = {(outsider.name, outsider.form) for outsider in outsiders([ops, user("ann")])}

    assert listed == {
        (theirs, PrincipalForm.USER),
        (OTHER, PrincipalForm.ACCOUNT),
        ("ssm.amazonaws.com", PrincipalForm.SERVICE),
        (provider, PrincipalForm.PROVIDER),
        ("*", PrincipalForm.EVERYONE),
    }


def test_no_more_ways_than_a_person_reads_are_kept() -> None:
    goals = [role(f"r{number}", trusts=BY_ACCOUNT) for number in range(40)]

    ways = ways_to(goals, [user("ann", take("*"))], thing_of)

    assert len(ways[ANN]) == 16
