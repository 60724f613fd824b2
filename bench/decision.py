"""One decision of the policy engine: ten policies of twenty statements, in microseconds.

Run with ``python -m bench.decision``. The policies are of the kind that people attach for access
to nodes: instances by id, by tag and by wildcard, documents, own sessions, and other services
beside them; half of the statements speak of the action that is asked for. There is no peer: the
limit is in microseconds, on the best of many short rounds, because the machine is shared.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from mooring.iam.context import request_context
from mooring.iam.evaluate import PolicySet, PolicySource, Request, decide
from mooring.iam.policy import PolicyKind, parse_policy
from mooring.iam.principal import Principal

__all__ = ["main"]

ACCOUNT, REGION = "111122223333", "ap-northeast-1"
POLICIES, STATEMENTS = 10, 20
TURNS, ROUNDS = 50, 100
LIMIT_US = 60.0
ANN = Principal.user(ACCOUNT, "ann", user_id="AIDAEXAMPLEEXAMPLEANN", tags={"team": "blue"})
LAST = f"i-{POLICIES - 1:08x}{STATEMENTS - 2:09x}"


def _statement(policy: int, number: int) -> dict[str, Any]:
    """Return one statement; an even number speaks of StartSession."""
    node = f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance/i-{policy:08x}{number:09x}"
    if number % 2:
        return {"Effect": "Allow", "Action": ["ec2:Describe*", "iam:Get*"], "Resource": "*"}
    kinds: list[dict[str, Any]] = [
        {"Resource": node},
        {"Resource": [node, f"arn:aws:ssm:{REGION}::document/AWS-StartSSHSession"]},
        {"Resource": "arn:aws:ssm:*:*:session/${aws:userid}-*", "Action": "ssm:*Session"},
        {
            "Resource": f"arn:aws:ec2:*:{ACCOUNT}:instance/*",
            "Condition": {"StringEquals": {"ssm:resourceTag/project": f"p{policy}-{number}"}},
        },
        {
            "Effect": "Deny",
            "Resource": f"arn:aws:ec2:*:{ACCOUNT}:instance/i-{policy:08x}f*",
            "Condition": {"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}},
        },
    ]
    return {"Effect": "Allow", "Action": "ssm:StartSession"} | kinds[number // 2 % len(kinds)]


def _policies() -> PolicySet:
    sources = []
    for policy in range(POLICIES):
        statements = [_statement(policy, number) for number in range(STATEMENTS)]
        if policy == POLICIES - 1:
            resource = f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance/{LAST}"
            statements[-2] = {"Effect": "Allow", "Action": "ssm:*", "Resource": resource}
        text = json.dumps({"Version": "2012-10-17", "Statement": statements})
        parsed = parse_policy(text, kind=PolicyKind.IDENTITY)
        sources.append(PolicySource(name=f"policy-{policy}", policy=parsed))
    return PolicySet(identity=tuple(sources))


def _request(node_id: str) -> Request:
    context = request_context(
        principal=ANN,
        now=datetime(2026, 1, 2, tzinfo=UTC),
        source_ip="10.1.2.3",
        secure=True,
        user_agent="a bench",
        region=REGION,
        resource_account=ACCOUNT,
        resource_tags={"project": "none", "stage": "test"},
    )
    return Request(
        action="ssm:StartSession",
        resources=(f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance/{node_id}",),
        principal=ANN,
        context=context,
        resource_account=ACCOUNT,
    )


def _microseconds(work: Callable[[], object]) -> float:
    rounds = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        for _ in range(TURNS):
            work()
        rounds.append((time.perf_counter() - start) / TURNS * 1e6)
    return min(rounds)


def main() -> int:
    """Print what an allow and a deny cost; 1 when the budget is missed."""
    policies = _policies()
    code = 0
    for node_id, expected in ((LAST, True), ("i-0123456789abcdef0", False)):
        request = _request(node_id)
        assert decide(request, policies).allowed is expected
        cost = _microseconds(lambda request=request: decide(request, policies))  # type: ignore[misc]
        verdict = "kept" if cost <= LIMIT_US else "MISSED"
        word = "allowed" if expected else "denied"
        sys.stdout.write(
            f"a decision over {POLICIES} policies of {STATEMENTS} statements, {word}: "
            f"{cost:.1f} us (<= {LIMIT_US:g}) {verdict}\n"
        )
        code |= cost > LIMIT_US
    return code


if __name__ == "__main__":
    sys.exit(main())
