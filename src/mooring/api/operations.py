"""Every operation that we answer, service by service."""

from __future__ import annotations

from collections.abc import Mapping

from mooring.api.audit import OPERATIONS as AUDIT
from mooring.api.cloudtrail import OPERATIONS as CLOUDTRAIL
from mooring.api.ec2 import OPERATIONS as EC2
from mooring.api.explain import OPERATIONS as EXPLAIN
from mooring.api.iam import OPERATIONS as IAM
from mooring.api.iam_account import OPERATIONS as IAM_ACCOUNT
from mooring.api.iam_groups import OPERATIONS as IAM_GROUPS
from mooring.api.iam_keys import OPERATIONS as IAM_KEYS
from mooring.api.iam_login import OPERATIONS as IAM_LOGIN
from mooring.api.iam_managed import OPERATIONS as IAM_MANAGED
from mooring.api.iam_mfa import OPERATIONS as IAM_MFA
from mooring.api.iam_oidc import OPERATIONS as IAM_OIDC
from mooring.api.iam_policies import OPERATIONS as IAM_POLICIES
from mooring.api.iam_profiles import OPERATIONS as IAM_PROFILES
from mooring.api.iam_simulation import OPERATIONS as IAM_SIMULATION
from mooring.api.iam_tags import OPERATIONS as IAM_TAGS
from mooring.api.messages import EC2MESSAGES, SSMMESSAGES
from mooring.api.organization_policies import OPERATIONS as CONTROL_POLICIES
from mooring.api.organizations import OPERATIONS as ORGANIZATIONS
from mooring.api.recordings import OPERATIONS as RECORDINGS
from mooring.api.registry import Operation
from mooring.api.ssm_activations import OPERATIONS as SSM_ACTIVATIONS
from mooring.api.ssm_documents import OPERATIONS as SSM_DOCUMENTS
from mooring.api.ssm_nodes import OPERATIONS as SSM_NODES
from mooring.api.ssm_registration import OPERATIONS as SSM_REGISTRATION
from mooring.api.ssm_sessions import OPERATIONS as SSM_SESSIONS
from mooring.api.ssm_tags import OPERATIONS as SSM_TAGS
from mooring.api.sts import OPERATIONS as STS

__all__ = ["OPERATIONS"]

OPERATIONS: Mapping[str, Mapping[str, Operation]] = {
    "ssm": {
        **SSM_SESSIONS,
        **SSM_NODES,
        **SSM_ACTIVATIONS,
        **SSM_DOCUMENTS,
        **SSM_TAGS,
        **SSM_REGISTRATION,
    },
    "ssmmessages": SSMMESSAGES,
    "ec2messages": EC2MESSAGES,
    "ec2": EC2,
    "iam": {
        **IAM,
        **IAM_POLICIES,
        **IAM_SIMULATION,
        **IAM_LOGIN,
        **IAM_MFA,
        **IAM_OIDC,
        **IAM_GROUPS,
        **IAM_KEYS,
        **IAM_MANAGED,
        **IAM_PROFILES,
        **IAM_TAGS,
        **IAM_ACCOUNT,
    },
    "sts": STS,
    "cloudtrail": CLOUDTRAIL,
    "organizations": {**ORGANIZATIONS, **CONTROL_POLICIES},
    "mooring": {**RECORDINGS, **AUDIT, **EXPLAIN},
}
