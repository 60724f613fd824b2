"""Each kind of caller has the names and context keys that AWS gives it."""

import pytest

from mooring.iam.principal import Principal, PrincipalType

ACCOUNT = "111122223333"
USER = Principal.user(
    ACCOUNT, "ann", user_id="AIDAEXAMPLEEXAMPLEEXA", path="/team/", tags={"Team": "ops"}
)
SESSION = Principal.role_session(
    f"arn:aws:iam::{ACCOUNT}:role/service-role/Node",
    "mi-0abc",
    role_id="AROAEXAMPLEEXAMPLEEXA",
    tags={"a": "1"},
)


@pytest.mark.parametrize(
    ("principal", "arn", "context"),
    [
        (
            Principal.root(ACCOUNT),
            f"arn:aws:iam::{ACCOUNT}:root",
            {
                "aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:root",
                "aws:PrincipalAccount": ACCOUNT,
                "aws:PrincipalType": "Account",
                "aws:userid": ACCOUNT,
                "aws:PrincipalIsAWSService": "false",
            },
        ),
        (
            USER,
            f"arn:aws:iam::{ACCOUNT}:user/team/ann",
            {
                "aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:user/team/ann",
                "aws:PrincipalAccount": ACCOUNT,
                "aws:PrincipalType": "User",
                "aws:userid": "AIDAEXAMPLEEXAMPLEEXA",
                "aws:username": "ann",
                "aws:PrincipalTag/Team": "ops",
                "aws:PrincipalIsAWSService": "false",
            },
        ),
        (
            SESSION,
            f"arn:aws:sts::{ACCOUNT}:assumed-role/Node/mi-0abc",
            {
                "aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/service-role/Node",
                "aws:PrincipalAccount": ACCOUNT,
                "aws:PrincipalType": "AssumedRole",
                "aws:userid": "AROAEXAMPLEEXAMPLEEXA:mi-0abc",
                "aws:PrincipalTag/a": "1",
                "aws:PrincipalIsAWSService": "false",
            },
        ),
        (
            Principal.federated_user(ACCOUNT, "ann"),
            f"arn:aws:sts::{ACCOUNT}:federated-user/ann",
            {
                "aws:PrincipalArn": f"arn:aws:sts::{ACCOUNT}:federated-user/ann",
                "aws:PrincipalAccount": ACCOUNT,
                "aws:PrincipalType": "FederatedUser",
                "aws:userid": f"{ACCOUNT}:ann",
                "aws:PrincipalIsAWSService": "false",
            },
        ),
        (
            Principal.anonymous(),
            "anonymous",
            {
                "aws:PrincipalType": "Anonymous",
                "aws:userid": "anonymous",
                "aws:PrincipalIsAWSService": "false",
            },
        ),
        (
            Principal.service("ssm.amazonaws.com"),
            "ssm.amazonaws.com",
            {
                "aws:PrincipalServiceName": "ssm.amazonaws.com",
                "aws:PrincipalIsAWSService": "true",
            },
        ),
    ],
)
def test_a_principal_has_exactly_its_names(
    principal: Principal, arn: str, context: dict[str, str]
) -> None:
    assert principal.arn == arn
    assert principal.context() == {key: (value,) for key, value in context.items()}


def test_a_role_session_knows_its_session_and_no_user_name() -> None:
    assert (SESSION.type, SESSION.session_name) == (PrincipalType.ASSUMED_ROLE, "mi-0abc")
    assert SESSION.user_name is None


def test_a_principal_is_a_value() -> None:
    assert hash(USER) == hash(
        Principal.user(
            ACCOUNT, "ann", user_id="AIDAEXAMPLEEXAMPLEEXA", path="/team/", tags={"Team": "ops"}
        )
    )
