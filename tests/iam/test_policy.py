"""What AWS accepts is read; what it refuses is refused with its words and the place."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mooring.iam.errors import NO_VENDOR, SYNTAX_ERRORS, MalformedPolicy, Place
from mooring.iam.policy import Effect, Policy, PolicyKind, parse_policy

NO_PRINCIPAL = "Policy document should not specify a principal."
TRUST_ACTIONS = "AssumeRole policy may only specify STS AssumeRole actions."
ALLOW = {"Effect": "Allow", "Action": "ssm:*", "Resource": "*"}
NAMING = [PolicyKind.RESOURCE, PolicyKind.RCP, PolicyKind.ENDPOINT]
PLAIN = [PolicyKind.IDENTITY, PolicyKind.BOUNDARY, PolicyKind.SESSION, PolicyKind.SCP]


def parse(document: object, kind: PolicyKind = PolicyKind.IDENTITY) -> Policy:
    return parse_policy(json.dumps(document), kind=kind)


def one(kind: PolicyKind = PolicyKind.IDENTITY, /, **changes: object) -> Policy:
    statement = {name: value for name, value in (ALLOW | changes).items() if value is not None}
    return parse({"Version": "2012-10-17", "Statement": statement}, kind)


def refusal(document: str, kind: PolicyKind = PolicyKind.IDENTITY) -> MalformedPolicy:
    with pytest.raises(MalformedPolicy) as refused:
        parse_policy(document, kind=kind)
    return refused.value


def statement_refusal(
    kind: PolicyKind = PolicyKind.IDENTITY, /, **changes: object
) -> MalformedPolicy:
    with pytest.raises(MalformedPolicy) as refused:
        one(kind, **changes)
    return refused.value


def test_reads_every_element_of_a_statement() -> None:
    policy = parse(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Sid": "Own1",
                    "Effect": "Deny",
                    "NotAction": ["ssm:Get*", "ec2:*"],
                    "NotResource": "arn:aws:s3:::b/${aws:username}",
                    "Condition": {"NumericLessThan": {"ssm:N": [1.50, True, "x"]}, "Null": {}},
                }
            ],
        }
    )

    statement = policy.statements[0]
    assert policy.version == "2012-10-17"
    assert (statement.sid, statement.effect) == ("Own1", Effect.DENY)
    assert [pattern.text for pattern in statement.not_actions] == ["ssm:Get*", "ec2:*"]
    assert [pattern.text for pattern in statement.not_resources] == [
        "arn:aws:s3:::b/${aws:username}"
    ]
    assert (statement.actions, statement.resources, statement.principals) == ((), (), ())
    assert [condition.key for condition in statement.conditions] == ["ssm:n"]
    assert statement.conditions[0].values == ("1.5", "true", "x")
    assert statement.conditions[0].undecided


def test_a_number_keeps_the_text_it_was_written_with() -> None:
    text = json.dumps({"Statement": ALLOW | {"Condition": {"NumericEquals": {"ssm:n": 0}}}})

    policy = parse_policy(text.replace('"ssm:n": 0', '"ssm:n": 300.0'), kind=PolicyKind.IDENTITY)

    assert policy.statements[0].conditions[0].values == ("300.0",)


def test_statements_stand_where_aws_counts_them() -> None:
    # The place numbers are those of the AWS CLI's own example for simulate-custom-policy.
    text = (
        '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"dynamodb:*",'
        '"Resource":"*","Condition":{"DateGreaterThan":'
        '{"aws:CurrentTime":"2018-08-16T12:00:00Z"}}}}'
    )

    statement = parse_policy(text, kind=PolicyKind.IDENTITY).statements[0]

    assert statement.start == Place(line=1, column=38)
    assert statement.end == Place(line=1, column=167)


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        # AdministratorAccess, as the simulator shows it to those who attach it.
        (
            '{\n  "Version": "2012-10-17",\n  "Statement": [\n    {\n      "Effect": "Allow",\n'
            '      "Action": "*",\n      "Resource": "*"\n    }\n  ]\n}',
            Place(line=3, column=17),
            Place(line=8, column=6),
        ),
        # An inline policy in one line: published with a denial, columns 38 to 89.
        (
            '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"ssm:*","Resource":"*"}]}',
            Place(line=1, column=38),
            Place(line=1, column=87),
        ),
    ],
)
def test_listed_statements_stand_where_aws_counts_them(text: str, start: Place, end: Place) -> None:
    statement = parse_policy(text, kind=PolicyKind.IDENTITY).statements[0]

    assert (statement.start, statement.end) == (start, end)


def test_a_second_statement_begins_behind_the_comma() -> None:
    text = json.dumps({"Statement": [ALLOW, ALLOW]})

    first, second = parse_policy(text, kind=PolicyKind.IDENTITY).statements

    assert second.start.column == first.end.column + 1
    assert json.loads(first.text) == json.loads(second.text) == ALLOW


def test_a_policy_is_a_value_that_can_be_kept() -> None:
    first, second = one(), one()

    assert first == second
    assert hash(first) == hash(second)
    assert first != one(Action="ec2:*")


def test_without_version_it_is_the_old_one_and_variables_are_text() -> None:
    statement = ALLOW | {"Resource": "arn:aws:s3:::${aws:username}"}

    old = parse({"Statement": statement})
    new = parse({"Statement": statement, "Version": "2012-10-17"})

    assert old.version == "2008-10-17"
    assert old.statements[0].resources[0].fixed is not None
    assert new.statements[0].resources[0].fixed is None


@pytest.mark.parametrize("kind", NAMING)
@pytest.mark.parametrize(
    ("element", "names"),
    [
        ("*", 1),
        ({"AWS": "111122223333"}, 1),
        ({"AWS": ["111122223333", "*"], "Service": "ssm.amazonaws.com"}, 3),
    ],
)
def test_reads_principals(kind: PolicyKind, element: object, names: int) -> None:
    assert len(one(kind, Principal=element).statements[0].principals) == names
    denying = one(kind, NotPrincipal=element, Effect="Deny").statements[0]
    assert len(denying.not_principals) == names


def test_reads_a_trust_policy() -> None:
    policy = one(
        PolicyKind.TRUST,
        Action=["sts:AssumeRole", "sts:Tag*"],
        Resource=None,
        Principal={"Service": "ssm.amazonaws.com"},
    )

    assert policy.statements[0].resources == ()


def test_a_resource_policy_may_have_an_id_and_free_sids() -> None:
    statement = ALLOW | {"Principal": "*", "Sid": "let them in"}

    policy = parse({"Id": "x", "Statement": [statement, statement]}, PolicyKind.RESOURCE)

    assert len(policy.statements) == 2


def test_empty_sids_need_not_differ() -> None:
    policy = parse({"Statement": [ALLOW | {"Sid": ""}, ALLOW | {"Sid": ""}, ALLOW]})

    assert [statement.sid for statement in policy.statements] == ["", "", None]


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("", "0 characters, expected 1 to 131072"),
        (" " * 131_073, "131073 characters, expected 1 to 131072"),
        ('{"Statement": "\u2603"}', "character U+2603, expected at most U+00FF"),
        ("[]", "a policy must be a JSON object"),
        ("{}", "element `Statement` is missing"),
        ('{"Statement":[]}', "element `Statement` is empty"),
        ('{"Statement":[1]}', "a statement must be a JSON object"),
        ('{"statement":[]}', "unknown element `statement` in a policy"),
        ('{"Id":"x","Statement":[]}', "element `Id` belongs to resource policies only"),
        ('{"Version":2,"Statement":[]}', "element `Version` must be a string"),
        (
            '{"Version":"2012-10-18","Statement":[]}',
            "version `2012-10-18`, expected one of ['2008-10-17', '2012-10-17']",
        ),
        ('{"Version":"2012-10-17","Version":"2012-10-17"}', "key `Version` comes twice in one"),
    ],
)
def test_refuses_a_document_that_is_no_policy(text: str, detail: str) -> None:
    error = refusal(text)

    assert str(error) == SYNTAX_ERRORS
    assert error.detail.startswith(detail)


def test_an_id_is_a_string() -> None:
    error = refusal('{"Id":1,"Statement":[]}', PolicyKind.RESOURCE)

    assert error.detail == "element `Id` must be a string"


@pytest.mark.parametrize(
    ("changes", "message", "detail"),
    [
        ({"Effect": None}, SYNTAX_ERRORS, "element `Effect` is missing"),
        ({"Effect": "allow"}, SYNTAX_ERRORS, "effect `allow`, expected `Allow` or `Deny`"),
        ({"Effect": True}, SYNTAX_ERRORS, "element `Effect` must be a string"),
        ({"effect": "Allow"}, SYNTAX_ERRORS, "unknown element `effect` in a statement"),
        ({"Sid": 1}, SYNTAX_ERRORS, "element `Sid` must be a string"),
        ({"Action": None}, "Policy statement must contain actions.", "element `Action` is missing"),
        ({"Action": []}, "Policy statement must contain actions.", "element `Action` is empty"),
        (
            {"NotAction": "ec2:*"},
            SYNTAX_ERRORS,
            "elements `Action` and `NotAction` exclude each other",
        ),
        ({"Action": 1}, SYNTAX_ERRORS, "element `Action` must be a string"),
        ({"Action": ["ec2:*", {}]}, SYNTAX_ERRORS, "element `Action` must be a string"),
        (
            {"Action": "s*:Get"},
            NO_VENDOR,
            "action `s*:Get`, expected `service:Name` or `*`",
        ),
        (
            {"Resource": None},
            "Policy statement must contain resources.",
            "element `Resource` is missing",
        ),
        (
            {"NotResource": "*"},
            SYNTAX_ERRORS,
            "elements `Resource` and `NotResource` exclude each other",
        ),
        (
            {"Resource": "b"},
            'Resource b must be in ARN format or "*".',
            "resource `b`, expected an ARN of six parts or `*`",
        ),
        ({"Principal": "*"}, NO_PRINCIPAL, "element `Principal` has no place here"),
        ({"NotPrincipal": "*"}, NO_PRINCIPAL, "element `NotPrincipal` has no place here"),
        ({"Condition": []}, SYNTAX_ERRORS, "a condition must be an object of objects"),
        ({"Condition": {"Bool": "x"}}, SYNTAX_ERRORS, "a condition must be an object of objects"),
        ({"Condition": {"Boole": {}}}, SYNTAX_ERRORS, "unknown condition operator `Boole`"),
        (
            {"Condition": {"Bool": {"k": "true"}}},
            NO_VENDOR,
            "condition key `k` has no service prefix",
        ),
        (
            {"Condition": {"Bool": {"ssm:k": None}}},
            SYNTAX_ERRORS,
            "a condition value must be a string, number or boolean",
        ),
        (
            {"Condition": {"Bool": {"ssm:k": [["true"]]}}},
            SYNTAX_ERRORS,
            "a condition value must be a string, number or boolean",
        ),
        (
            {"Condition": {"StringLike": {"ssm:k": "${x"}}},
            SYNTAX_ERRORS,
            "`${x` is no policy variable, expected `${key}`",
        ),
    ],
)
@pytest.mark.parametrize("kind", PLAIN)
def test_refuses_a_statement(
    kind: PolicyKind, changes: dict[str, Any], message: str, detail: str
) -> None:
    error = statement_refusal(kind, **changes)

    assert (str(error), error.detail) == (message, detail)


@pytest.mark.parametrize(
    ("kind", "changes", "message"),
    [
        (PolicyKind.RESOURCE, {}, "Missing required field Principal"),
        (PolicyKind.TRUST, {"Principal": "*"}, "Has prohibited field Resource"),
        (PolicyKind.TRUST, {"Resource": None}, "Missing required field Principal"),
        (PolicyKind.TRUST, {"Resource": None, "Principal": "*"}, TRUST_ACTIONS),
        (PolicyKind.TRUST, {"Resource": None, "Principal": "*", "Action": "*"}, TRUST_ACTIONS),
        (PolicyKind.RESOURCE, {"NotPrincipal": "*"}, SYNTAX_ERRORS),
        (PolicyKind.RESOURCE, {"Principal": {}}, SYNTAX_ERRORS),
        (PolicyKind.RESOURCE, {"Principal": "111122223333"}, SYNTAX_ERRORS),
        (PolicyKind.RESOURCE, {"Principal": ["*"]}, SYNTAX_ERRORS),
        (PolicyKind.RESOURCE, {"Principal": {"AWS": []}}, SYNTAX_ERRORS),
        (PolicyKind.RESOURCE, {"Principal": {"AWS": 111122223333}}, SYNTAX_ERRORS),
        (
            PolicyKind.RESOURCE,
            {"Principal": {"AWS": "ann"}},
            'Invalid principal in policy: "AWS":"ann"',
        ),
    ],
)
def test_refuses_a_statement_of_its_kind(
    kind: PolicyKind, changes: dict[str, Any], message: str
) -> None:
    assert str(statement_refusal(kind, **changes)) == message


def test_names_the_place_of_the_fault() -> None:
    text = '{"Statement": {\n  "Effect": "Allow",\n  "Action": ["ssm:*",\n    "ssm"],'

    assert refusal(text + '"Resource": "*"}}').place == Place(line=4, column=5)


@pytest.mark.parametrize(
    ("sids", "message"),
    [
        (["a", "a"], "Statement IDs (SID) in a single policy must be unique."),
        (
            ["a b"],
            "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the "
            "regular expression [0-9A-Za-z]*",
        ),
    ],
)
def test_refuses_sids_that_name_no_statement(sids: list[str], message: str) -> None:
    statements = [ALLOW | {"Sid": sid} for sid in sids]

    assert str(refusal(json.dumps({"Statement": statements}))) == message


@given(
    st.recursive(
        st.sampled_from(["Allow", "*", "ssm:*", "Bool", "ssm:k", "2012-10-17", "AWS"])
        | st.none()
        | st.booleans()
        | st.integers(),
        lambda inner: (
            st.lists(inner, max_size=2)
            | st.dictionaries(
                st.sampled_from(
                    [
                        *ALLOW,
                        "Version",
                        "Statement",
                        "Condition",
                        "Principal",
                        "Bool",
                        "ssm:k",
                        "AWS",
                    ]
                ),
                inner,
                max_size=5,
            )
        ),
        max_leaves=12,
    ),
    st.sampled_from(PolicyKind),
)
def test_any_document_is_read_or_refused(document: object, kind: PolicyKind) -> None:
    try:
        parse(document, kind)
    except MalformedPolicy:
        pass


def test_answers_are_kept_and_bounded() -> None:
    policy = one(Action="ssm:Get*")

    first = [policy.on(f"ssm:get{number}") for number in range(1000)]
    again = [policy.on(f"ssm:get{number}") for number in range(1000)]

    assert first == again == [[(0, policy.statements[0])]] * 1000
    assert policy.on("ec2:get") == []
    assert len(policy.answers) <= 256
