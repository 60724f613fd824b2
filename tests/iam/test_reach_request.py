"""What is known before a call is known, and what only the call tells is open."""

from dataclasses import replace

import pytest
from tests.iam.subjects import ACCOUNT, FROM_HOME, node, role, start_on, take, trust, user

from mooring.iam.reach_formula import Verdict, is_true, verdict
from mooring.iam.reach_request import Subject, Thing, ask, lets_tag, open_keys, request_of

TRUSTING = trust({"AWS": ACCOUNT})


def answer(subject: Subject, **tags: str) -> Verdict:
    return verdict(ask(subject, node(**tags)).formula)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"StringEquals": {"ssm:resourceTag/team": "blue"}}, Verdict.YES),
        ({"StringEquals": {"aws:ResourceTag/team": "red"}}, Verdict.NO),
        ({"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}}, Verdict.YES),
        ({"StringEquals": {"aws:PrincipalTag/team": "red"}}, Verdict.NO),
        ({"StringEquals": {"aws:username": "ann"}}, Verdict.YES),
        ({"StringEquals": {"aws:PrincipalAccount": ACCOUNT}}, Verdict.YES),
        ({"StringEquals": {"aws:RequestedRegion": "r"}}, Verdict.YES),
        ({"Null": {"aws:PrincipalOrgID": "true"}}, Verdict.YES),
        ({"Bool": {"aws:ViaAWSService": "true"}}, Verdict.NO),
        (FROM_HOME, Verdict.ONLY_IF),
        ({"Bool": {"aws:MultiFactorAuthPresent": "true"}}, Verdict.ONLY_IF),
        ({"Bool": {"aws:SecureTransport": "true"}}, Verdict.ONLY_IF),
        ({"DateLessThan": {"aws:CurrentTime": "2030-01-01T00:00:00Z"}}, Verdict.ONLY_IF),
        ({"StringEquals": {"aws:RequestTag/a": "b"}}, Verdict.ONLY_IF),
        ({"NumericEquals": {"mooring:PortNumber": "22"}}, Verdict.ONLY_IF),
        ({"StringEquals": {"mooring:RunAsUser": "root"}}, Verdict.ONLY_IF),
    ],
)
def test_facts_decide_and_open_keys_wait(
    condition: dict[str, dict[str, str]], expected: Verdict
) -> None:
    ann = user("ann", start_on(Condition=condition), tags={"team": "blue"})

    assert answer(ann, team="blue") is expected


def test_a_value_that_is_given_counts_as_known() -> None:
    ann = user("ann", start_on(Condition=FROM_HOME))

    at_home = ask(ann, node(), {"aws:sourceip": ("10.1.1.1",)})
    abroad = ask(ann, node(), {"aws:sourceip": ("192.0.2.1",)})
    nowhere = ask(ann, node(), {"aws:sourceip": ()})

    assert verdict(at_home.formula) is Verdict.YES
    assert verdict(abroad.formula) is verdict(nowhere.formula) is Verdict.NO


def test_tags_of_a_role_count_unless_its_sessions_may_be_tagged() -> None:
    condition = {"StringEquals": {"aws:PrincipalTag/team": "blue"}}
    statement = start_on(Condition=condition)
    taggable = trust({"AWS": ACCOUNT}, Action=["sts:AssumeRole", "sts:TagSession"])
    fixed = role("fixed", statement, trusts=TRUSTING, tags={"team": "blue"})
    free = role("free", statement, trusts=taggable, tags={"team": "red"})

    assert answer(fixed) is Verdict.YES
    assert answer(free) is Verdict.ONLY_IF
    assert lets_tag(taggable)
    assert not lets_tag(TRUSTING)


def test_the_name_of_a_roles_session_is_open() -> None:
    ops = role("ops", trusts=TRUSTING)

    assert open_keys(ops).is_open("aws:userid")
    assert not open_keys(user("ann")).is_open("aws:userid")
    assert not open_keys(ops).is_open("aws:principalarn")


def test_taking_a_role_is_asked_of_both_sides() -> None:
    ops = role("ops", trusts=TRUSTING)
    thing = Thing(
        action="sts:AssumeRole",
        names=(ops.arn,),
        region="r",
        account_id=ACCOUNT,
        trust=ops.trust,
    )

    assert verdict(ask(user("ann", take(ops.arn)), thing).formula) is Verdict.YES
    assert verdict(ask(user("bob"), thing).formula) is Verdict.NO


def test_the_request_holds_what_is_known() -> None:
    request = request_of(user("ann"), node(team="blue"), {"aws:sourceip": ("10.1.1.1",)})

    assert request.context["aws:sourceip"] == ("10.1.1.1",)
    assert request.context["ssm:resourceTag/team"] == ("blue",)
    assert "aws:SourceIp" not in request.context
    assert is_true(ask(user("ann", start_on()), node()).formula, {})


def test_keys_of_an_organization_are_there_where_they_hold() -> None:
    org = {"aws:PrincipalOrgID": ("o-1",)}
    condition = {"StringEquals": {"aws:ResourceOrgID": "${aws:PrincipalOrgID}"}}
    ann = user("ann", start_on(Condition=condition))
    member = replace(ann, belongs=org, shares={**org, "aws:ResourceOrgID": ("o-1",)})
    foreign = replace(node(), account_id="")

    assert answer(ann) is Verdict.NO
    assert answer(member) is Verdict.YES
    assert verdict(ask(member, foreign).formula) is Verdict.NO


def test_keys_of_an_identity_provider_are_open_where_it_is_trusted() -> None:
    provider = f"arn:aws:iam::{ACCOUNT}:oidc-provider/ID.example/realm"
    statement = start_on(Condition={"StringEquals": {"id.example/realm:sub": "ann"}})
    trusted = role("trusted", statement, trusts=trust({"Federated": provider}))

    assert answer(trusted) is Verdict.ONLY_IF
    assert answer(role("other", statement, trusts=TRUSTING)) is Verdict.NO


def test_a_role_may_be_a_nodes_own() -> None:
    condition = {"ArnEquals": {"ec2:SourceInstanceARN": "arn:aws:ec2:*:*:instance/i-1"}}
    statement = start_on(Condition=condition)

    assert answer(role("ops", statement, trusts=TRUSTING)) is Verdict.ONLY_IF
    assert answer(user("ann", statement)) is Verdict.NO
