"""People and things for the tests of reach and explanation."""

from __future__ import annotations

import json
from collections.abc import Mapping

from mooring.iam.evaluate import PolicySet, PolicySource
from mooring.iam.policy import PolicyKind, parse_policy
from mooring.iam.principal import Principal
from mooring.iam.reach import ANY_SESSION
from mooring.iam.reach_request import Subject, Thing
from mooring.iam.reach_sessions import DocumentFacts

ACCOUNT, OTHER, REGION = "111122223333", "444455556666", "r"
NODE_ARN = f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance/i-0123456789abcdef0"
SHELL_ARN = f"arn:aws:ssm:{REGION}:{ACCOUNT}:document/SSM-SessionManagerRunShell"
SSH_ARN = f"arn:aws:ssm:{REGION}::document/AWS-StartSSHSession"
NO_TAGS: Mapping[str, str] = {}

Statement = Mapping[str, object]


def source(
    *statements: Statement, kind: PolicyKind = PolicyKind.IDENTITY, name: str = "p"
) -> PolicySource:
    """Return a policy; statements allow, unless they say otherwise."""
    whole = [{"Effect": "Allow", **statement} for statement in statements]
    text = json.dumps({"Version": "2012-10-17", "Statement": whole})
    return PolicySource(name=name, policy=parse_policy(text, kind=kind))


def start_on(*resources: str, **more: object) -> Statement:
    """Return a statement on StartSession."""
    return {"Action": "ssm:StartSession", "Resource": list(resources) or "*", **more}


def take(*resources: str) -> Statement:
    """Return a statement on AssumeRole."""
    return {"Action": "sts:AssumeRole", "Resource": list(resources) or "*"}


def user(name: str, *statements: Statement, tags: Mapping[str, str] = NO_TAGS) -> Subject:
    """Return a user with one policy, or none."""
    principal = Principal.user(ACCOUNT, name, user_id=f"AIDA{name.upper():A<16}", tags=tags)
    policies = PolicySet(identity=(source(*statements),) if statements else ())
    return Subject(principal=principal, policies=policies)


def trust(*principals: object, **more: object) -> PolicySource:
    """Return a trust policy with a statement for each principal."""
    action = {"Action": "sts:AssumeRole", **more}
    return source(
        *({"Principal": principal, **action} for principal in principals), kind=PolicyKind.TRUST
    )


def role(
    name: str, *statements: Statement, trusts: PolicySource, tags: Mapping[str, str] = NO_TAGS
) -> Subject:
    """Return a role, in a session of any name."""
    arn = f"arn:aws:iam::{ACCOUNT}:role/{name}"
    principal = Principal.role_session(
        arn, ANY_SESSION, role_id=f"AROA{name.upper():A<16}", tags=tags
    )
    policies = PolicySet(identity=(source(*statements),) if statements else ())
    return Subject(principal=principal, policies=policies, trust=trusts)


def node(**tags: str) -> Thing:
    """Return what it is to start a session on the node."""
    return Thing(
        action="ssm:StartSession", names=(NODE_ARN,), region=REGION, account_id=ACCOUNT, tags=tags
    )


def document(arn: str, *, needs_grant: bool = True) -> DocumentFacts:
    """Return a session document."""
    thing = Thing(
        action="ssm:StartSession", names=(arn,), region=REGION, account_id=arn.split(":")[4]
    )
    return DocumentFacts(name=arn.rpartition("/")[2], thing=thing, needs_grant=needs_grant)


SHELL = document(SHELL_ARN, needs_grant=False)
SSH = document(SSH_ARN)
FROM_HOME = {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}
OPTED_IN = {"BoolIfExists": {"ssm:SessionDocumentAccessCheck": "true"}}
