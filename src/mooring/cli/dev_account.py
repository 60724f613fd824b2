"""What ``mooring dev`` asks of its own server, as the administrator, through AWS's own client.

Everything may be there from the last run, so each step finds before it makes.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from botocore.client import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import Session

__all__ = ["LIMITED", "POLICY", "DevAccount", "KeyPair", "NodeSeen", "policy_text"]

LIMITED = "limited"
"""The user that may reach the first node and no other."""

POLICY = "shell-one-instance"
_TEMPLATE = "policy-shell-one-instance.json"
_NODE_ROLE = "service-role/AmazonEC2RunCommandRoleForManagedInstances"
_INSTANCE_TAG = {"Key": "mooring:node-type", "Value": "instance"}
_PLACEHOLDER = "arn:aws:ec2:region:account-id:instance/instance-id"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPair:
    """A long-lived access key; it is written to the credentials file of this run."""

    access_key_id: str
    secret_access_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeSeen:
    """What the server says of a node."""

    instance_id: str
    activation_id: str
    is_online: bool


class DevAccount:
    """The administrator's view of one server. Its methods wait; call them from a thread."""

    def __init__(self, key: KeyPair, *, region: str, endpoint_url: str) -> None:
        # The person's own profiles have no say here, even one that does not exist.
        session = Session(
            session_vars={
                "profile": (None, None, None, None),
                "config_file": (None, None, os.devnull, None),
                "credentials_file": (None, None, os.devnull, None),
            }
        )
        config = Config(
            connect_timeout=2, read_timeout=15, retries={"total_max_attempts": 1}, proxies={}
        )

        def client(service: str) -> Any:  # noqa: ANN401  # made at run time from the service's model
            return session.create_client(
                service,
                region_name=region,
                endpoint_url=endpoint_url,
                aws_access_key_id=key.access_key_id,
                aws_secret_access_key=key.secret_access_key,
                config=config,
            )

        self._ssm = client("ssm")
        self._iam = client("iam")

    def is_served(self) -> bool:
        """Tell whether the server answers; a refusal is an error.

        Raises:
            ClientError: the server says no.
        """
        try:
            self.nodes()
        except BotoCoreError:
            return False
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500:
                return False
            raise
        return True

    def nodes(self) -> list[NodeSeen]:
        """List all nodes."""
        pages = self._ssm.get_paginator("describe_instance_information").paginate()
        return [
            NodeSeen(
                instance_id=row["InstanceId"],
                activation_id=row.get("ActivationId", ""),
                is_online=row.get("PingStatus") == "Online",
            )
            for page in pages
            for row in page["InstanceInformationList"]
        ]

    def create_activation(self, name: str) -> tuple[str, str]:
        """Make an activation for one instance node; return its id and code."""
        made = self._ssm.create_activation(
            Description=f"sample node {name}",
            DefaultInstanceName=name,
            IamRole=_NODE_ROLE,
            RegistrationLimit=1,
            Tags=[_INSTANCE_TAG],
        )
        return made["ActivationId"], made["ActivationCode"]

    def limited_user(self, known: KeyPair | None, *, policy: str) -> KeyPair:
        """Have the user with this policy and a key; a key we lost the secret of is replaced."""
        try:
            self._iam.create_user(UserName=LIMITED)
        except ClientError as error:
            if error.response["Error"]["Code"] != "EntityAlreadyExists":
                raise
        self._iam.put_user_policy(UserName=LIMITED, PolicyName=POLICY, PolicyDocument=policy)
        return known or self._new_key()

    def _new_key(self) -> KeyPair:
        for old in self._iam.list_access_keys(UserName=LIMITED)["AccessKeyMetadata"]:
            self._iam.delete_access_key(UserName=LIMITED, AccessKeyId=old["AccessKeyId"])
        made = self._iam.create_access_key(UserName=LIMITED)["AccessKey"]
        return KeyPair(access_key_id=made["AccessKeyId"], secret_access_key=made["SecretAccessKey"])


def policy_text(*, region: str, account_id: str, instance_id: str) -> str:
    """Return the sample policy for one node; only its placeholders are replaced."""
    template = files("mooring.cli.data").joinpath(_TEMPLATE).read_text()
    if template.count(_PLACEHOLDER) != 1:
        raise ValueError(f"expected `{_PLACEHOLDER}` once in {_TEMPLATE}")
    text = template.replace(
        _PLACEHOLDER, f"arn:aws:ec2:{region}:{account_id}:instance/{instance_id}"
    )
    json.loads(text)
    return text
