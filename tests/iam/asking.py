"""Short ways to put a question to the policy engine."""

import json
from typing import Any

from mooring.iam.evaluate import Decision, PolicySet, PolicySource, Request, decide
from mooring.iam.policy import PolicyKind, parse_policy
from mooring.iam.principal import Principal

ACCOUNT, OTHER = "111122223333", "444455556666"
USER = Principal.user(ACCOUNT, "ann", user_id="AIDAEXAMPLEEXAMPLEEXA")
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/Ops"
SESSION = Principal.role_session(ROLE_ARN, "ann", role_id="AROAEXAMPLEEXAMPLEEXA")
FEDERATED = Principal.federated_user(ACCOUNT, "ann")
ROOT = Principal.root(ACCOUNT)
ANONYMOUS = Principal.anonymous()
SERVICE = Principal.service("ssm.amazonaws.com")
DOCUMENT = f"arn:aws:ssm:r:{ACCOUNT}:document/Doc"


def source(kind: PolicyKind, effect: str = "Allow", /, **elements: object) -> PolicySource:
    """Return a policy of one statement on everything, named after its kind and effect."""
    statement: dict[str, Any] = {"Effect": effect, "Action": "*", "Resource": "*"}
    statement |= elements
    document = {"Version": "2012-10-17", "Statement": statement}
    return PolicySource(
        name=f"{kind.value}-{effect}", policy=parse_policy(json.dumps(document), kind=kind)
    )


def identity(effect: str = "Allow", /, **elements: object) -> PolicySource:
    return source(PolicyKind.IDENTITY, effect, **elements)


def naming(
    who: object, effect: str = "Allow", kind: PolicyKind = PolicyKind.RESOURCE
) -> PolicySource:
    principal = who if who == "*" else {"AWS": who}
    return source(kind, effect, Principal=principal)


def ask(
    policies: PolicySet,
    principal: Principal = USER,
    *,
    action: str = "ssm:GetDocument",
    resources: tuple[str, ...] = (DOCUMENT,),
    owner: str | None = ACCOUNT,
) -> Decision:
    request = Request(
        action=action,
        resources=resources,
        principal=principal,
        context=principal.context(),
        resource_account=owner,
    )
    return decide(request, policies)


def names(decision: Decision) -> list[str]:
    return [match.source.name for match in decision.matched]


ALLOWING = identity()
NOTHING = identity(Action="ec2:Nothing")
SOMETHING_ELSE: dict[str, object] = {"Action": "ec2:Nothing"}
