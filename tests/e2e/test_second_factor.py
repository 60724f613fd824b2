"""A device made, enabled and used by boto3 alone; a policy that asks for it opens by it."""

import base64
import time
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from tests.e2e.dev import Dev

from mooring.iam.totp import code_at

POLICY = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ssm:*","Resource":"*",'
    '"Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}}]}'
)


class Person:
    """Somebody with keys."""

    def __init__(self, dev: Dev, key_id: str, secret: str, token: str | None = None) -> None:
        self.session = boto3.Session(
            aws_access_key_id=key_id,
            aws_secret_access_key=secret,
            aws_session_token=token,
            region_name=dev.facts["region"],
        )
        self.endpoint_url = dev.facts["endpoint_url"]

    def client(self, service: str) -> Any:  # noqa: ANN401 - boto3's are made at run time
        return self.session.client(service, endpoint_url=self.endpoint_url)


def test_a_policy_that_wants_a_second_factor_opens_by_a_code_and_by_nothing_else(
    dev: Dev,
) -> None:
    names = ("aws_access_key_id", "aws_secret_access_key")
    iam = Person(dev, *(dev.key("admin", name) for name in names)).client("iam")
    iam.create_user(UserName="careful")
    iam.put_user_policy(UserName="careful", PolicyName="p", PolicyDocument=POLICY)
    key = iam.create_access_key(UserName="careful")["AccessKey"]
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName="careful")["VirtualMFADevice"]
    seed = base64.b32decode(device["Base32StringSeed"])
    step = int(time.time()) // 30
    named = {"UserName": "careful", "SerialNumber": device["SerialNumber"]}

    with pytest.raises(ClientError, match="InvalidAuthenticationCode"):
        iam.enable_mfa_device(**named, AuthenticationCode1="000000", AuthenticationCode2="111111")
    iam.enable_mfa_device(
        **named,
        AuthenticationCode1=code_at(seed, step - 1),
        AuthenticationCode2=code_at(seed, step),
    )
    careful = Person(dev, key["AccessKeyId"], key["SecretAccessKey"])
    sts = careful.client("sts")
    given = {"SerialNumber": device["SerialNumber"], "TokenCode": code_at(seed, step + 1)}
    issued = sts.get_session_token(**given)["Credentials"]
    with_code = Person(
        dev, issued["AccessKeyId"], issued["SecretAccessKey"], issued["SessionToken"]
    )

    with pytest.raises(ClientError, match=r"AccessDenied.*is not authorized"):
        careful.client("ssm").describe_instance_information()
    assert "InstanceInformationList" in with_code.client("ssm").describe_instance_information()
    with pytest.raises(ClientError, match="invalid MFA one time pass code"):
        sts.get_session_token(**given)
    assert device["QRCodePNG"].startswith(b"\x89PNG")
    with pytest.raises(ClientError, match="DeleteConflict"):
        iam.delete_virtual_mfa_device(SerialNumber=device["SerialNumber"])
    with pytest.raises(ClientError, match="DeleteConflict"):
        iam.delete_user(UserName="careful")


def test_passwords_are_kept_to_the_accounts_policy(dev: Dev) -> None:
    names = ("aws_access_key_id", "aws_secret_access_key")
    iam = Person(dev, *(dev.key("admin", name) for name in names)).client("iam")
    iam.create_user(UserName="typist")
    iam.update_account_password_policy(MinimumPasswordLength=20, RequireNumbers=True)

    with pytest.raises(ClientError, match=r"PasswordPolicyViolation.*minimum length of 20"):
        iam.create_login_profile(UserName="typist", Password="short-one")  # noqa: S106
    made = iam.create_login_profile(UserName="typist", Password="long enough for 20 letters")  # noqa: S106
    policy = iam.get_account_password_policy()["PasswordPolicy"]
    iam.delete_account_password_policy()

    assert made["LoginProfile"]["PasswordResetRequired"] is False
    assert (policy["MinimumPasswordLength"], policy["ExpirePasswords"]) == (20, False)
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        iam.get_account_password_policy()
