"""Random policies, principals and requests, for the tests that put two answers side by side."""

import json
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

from mooring.iam.evaluate import PolicySet, PolicySource
from mooring.iam.policy import PolicyKind, parse_policy
from mooring.iam.principal import Principal

# The deep profile asks for many more, which a number of our own would hide.
EXAMPLES = max(300, settings().max_examples)
ACCOUNT, OTHER = "111122223333", "444455556666"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/team/Ops"
USER = Principal.user(ACCOUNT, "ann", user_id="AIDAAAAAAAAAAAAAAAAAA")
SESSION = Principal.role_session(ROLE, "ann", role_id="AROAAAAAAAAAAAAAAAAAA")
PRINCIPALS = [
    USER,
    SESSION,
    Principal.root(ACCOUNT),
    Principal.federated_user(ACCOUNT, "ann"),
    Principal.service("ssm.amazonaws.com"),
    Principal.anonymous(),
]
ACTIONS = ["ssm:StartSession", "ssm:GetDocument", "ec2:Start", "sts:AssumeRole"]
FREE_ACTIONS = ["sts:GetCallerIdentity", "sts:GetSessionToken"]
ARNS = [
    f"arn:aws:ssm:r:{ACCOUNT}:session/ann-1",
    f"arn:aws:ssm:r:{ACCOUNT}:document/Doc",
    f"arn:aws:ec2:r:{ACCOUNT}:instance/i-1",
    "*",
]
KEYS = ["aws:username", "aws:TagKeys", "aws:ResourceTag/Owner", "ssm:n", "aws:SourceArn"]
VALUES = [
    *["ann", "Ann", "bob", "a*", "a?n", "${aws:username}", "${*}", "${aws:username, 'bob'}", ""],
    *["1", "1.0", "2", "-3", "2020-01-01", "2020-01-01T00:00:00Z", "2019-12-31T23:00:00-02:00"],
    *["true", "FALSE", "YQ==", "10.1.2.3", "10.1.0.0/16", "::1", "::/0"],
    *["arn:aws:iam::1:role/x", "arn:aws:iam::1:role/${aws:username}", "arn:*:iam::?:*", "arn:x"],
]
BASES = [
    *["StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase"],
    *["StringLike", "StringNotLike", "Bool", "BinaryEquals", "IpAddress", "NotIpAddress"],
    *["ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike"],
    *[
        family + relation
        for family in ["Numeric", "Date"]
        for relation in ["Equals", "NotEquals", "LessThan", "LessThanEquals"]
    ],
    *["NumericGreaterThan", "NumericGreaterThanEquals", "DateGreaterThan"],
    "DateGreaterThanEquals",
]

operators = st.one_of(
    st.just("Null"),
    st.builds(
        "".join,
        st.tuples(
            st.sampled_from(["", "", "ForAllValues:", "ForAnyValue:"]),
            st.sampled_from(BASES),
            st.sampled_from(["", "", "IfExists"]),
        ),
    ),
)
# Half of the values fit the operator's family, or random conditions would seldom hold.
values = st.sampled_from(VALUES)
conditions = st.dictionaries(
    operators,
    st.dictionaries(
        st.sampled_from(KEYS), st.lists(values, max_size=2) | values, min_size=1, max_size=2
    ),
    max_size=2,
)
contexts = st.dictionaries(st.sampled_from(KEYS), st.lists(values, max_size=2), max_size=4)

action_patterns = st.sampled_from(
    ["*", "ssm:*", "ssm:Start?ession", "SSM:startsession", "ec2:*t", "sts:*", "ssm:*s*s*n"]
)
resource_patterns = st.sampled_from(
    [
        *["*", "arn:aws:ssm:*", f"arn:aws:ssm:r:{ACCOUNT}:session/${{aws:username}}-*"],
        *["arn:aws:ssm:*:*:document/*", "arn:aws:*:*:*:in??ance/i-1", "arn:aws:ssm:r:1:x"],
        "arn:aws:ssm:*:*:session/${aws:userid, 'ann'}-1",
    ]
)


def some(entries: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    return entries | st.lists(entries, min_size=1, max_size=2)


aws_names = st.sampled_from(
    ["*", ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root", USER.arn, ROLE, SESSION.arn, OTHER]
)
named = st.one_of(
    st.just("*"),
    st.fixed_dictionaries({"AWS": some(aws_names)}),
    st.just({"Service": "ssm.amazonaws.com"}),
    st.just({"AWS": [ACCOUNT, ROLE, SESSION.arn]}),
)


@st.composite
def statements(draw: st.DrawFn, kind: PolicyKind) -> dict[str, Any]:
    effect = draw(st.sampled_from(["Allow", "Allow", "Allow", "Deny"]))
    negation = st.sampled_from(["", "", "", "Not"])
    statement: dict[str, Any] = {"Effect": effect}
    if kind is PolicyKind.TRUST:
        statement["Action"] = draw(st.sampled_from(["sts:*", "sts:AssumeRole"]))
    else:
        statement[draw(negation) + "Action"] = draw(some(action_patterns))
        statement[draw(negation) + "Resource"] = draw(some(resource_patterns))
    if kind in {PolicyKind.RESOURCE, PolicyKind.TRUST, PolicyKind.RCP, PolicyKind.ENDPOINT}:
        prefix = draw(negation) if effect == "Deny" else ""
        statement[prefix + "Principal"] = draw(named)
    if draw(st.booleans()):
        statement["Condition"] = draw(conditions)
    return statement


def documents(kind: PolicyKind) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {"Statement": st.lists(statements(kind), min_size=1, max_size=3)},
        optional={"Version": st.sampled_from(["2012-10-17", "2012-10-17", "2008-10-17"])},
    )


Levels = dict[str, list[list[tuple[str, dict[str, Any]]]]]
EVERYTHING = {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}


@st.composite
def policy_levels(draw: st.DrawFn) -> Levels:
    """Draw policies of every kind; the limiting kinds are often absent or allow all."""
    levels: Levels = {}
    for kind in PolicyKind:
        if draw(st.integers(0, 2)) and kind not in {PolicyKind.IDENTITY, PolicyKind.RESOURCE}:
            continue
        own = documents(kind)
        if kind in {PolicyKind.SCP, PolicyKind.BOUNDARY, PolicyKind.SESSION}:
            own = own | st.just(EVERYTHING)
        count = draw(st.integers(0, 2)) if kind in {PolicyKind.SCP, PolicyKind.RCP} else 1
        size = 2 if kind in {PolicyKind.SCP, PolicyKind.IDENTITY, PolicyKind.SESSION} else 1
        levels[kind.value] = [
            [
                (f"{kind.value}-{level}-{number}", draw(own))
                for number in range(draw(st.integers(1, size)))
            ]
            for level in range(count)
        ]
    return levels


def sources(levels: Levels, kind: PolicyKind) -> tuple[tuple[PolicySource, ...], ...]:
    return tuple(
        tuple(
            PolicySource(name=name, policy=parse_policy(json.dumps(document), kind=kind))
            for name, document in level
        )
        for level in levels.get(kind.value, [])
    )


def policy_set(levels: Levels) -> PolicySet:
    flat = {kind: sum(sources(levels, kind), ()) for kind in PolicyKind}
    return PolicySet(
        identity=flat[PolicyKind.IDENTITY],
        session=flat[PolicyKind.SESSION],
        scps=sources(levels, PolicyKind.SCP),
        rcps=sources(levels, PolicyKind.RCP),
        boundary=next(iter(flat[PolicyKind.BOUNDARY]), None),
        resource=next(iter(flat[PolicyKind.RESOURCE]), None),
        trust=next(iter(flat[PolicyKind.TRUST]), None),
        endpoint=next(iter(flat[PolicyKind.ENDPOINT]), None),
    )
