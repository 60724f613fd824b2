"""IAM's things in the spelling of its model: every member that is given is one of the model's."""

from datetime import UTC, datetime

import pytest
from botocore.model import StructureShape
from tests.api.protocol.shapes import MODELS

from mooring.api.iam_shapes import (
    attached_shape,
    group_shape,
    policy_shape,
    profile_shape,
    role_shape,
    role_use_shape,
    tag_pairs,
    tag_shapes,
    user_shape,
    version_shape,
)
from mooring.iam.identity import (
    CustomerPolicy,
    Group,
    InstanceProfile,
    LastUse,
    PolicyVersion,
    Role,
    User,
)
from mooring.operations.managed_policies import ManagedPolicyView
from mooring.operations.policy_versions import VersionView

NOW = datetime(2026, 1, 2, tzinfo=UTC)
ARN = "arn:aws:iam::1:policy/P"
USER = User(account_id="1", name="u", user_id="AIDA", created_at=NOW, boundary_arn=ARN)
GROUP = Group(account_id="1", name="g", group_id="AGPA", created_at=NOW)
ROLE = Role(
    account_id="1", name="r", role_id="AROA", created_at=NOW, trust_policy="{}", boundary_arn=ARN
)
PROFILE = InstanceProfile(
    account_id="1", name="i", profile_id="AIPA", created_at=NOW, tags={"a": "b"}
)
POLICY = CustomerPolicy(
    account_id="1", name="P", policy_id="ANPA", document="{}", created_at=NOW, updated_at=NOW
)
VIEW = ManagedPolicyView(policy=POLICY, is_aws=False, attachments=1, boundaries=2)
VERSION = PolicyVersion(policy_arn=ARN, number=3, document="{}", created_at=NOW)


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("User", user_shape(USER)),
        ("Group", group_shape(GROUP)),
        ("Role", role_shape(ROLE)),
        ("RoleLastUsed", role_use_shape(LastUse(subject="", used_at=NOW, service="", region=""))),
        ("InstanceProfile", profile_shape(PROFILE, ROLE)),
        ("Policy", policy_shape(VIEW)),
        ("AttachedPolicy", attached_shape(POLICY)),
        ("PolicyVersion", version_shape(VersionView(version=VERSION, is_default=True))),
    ],
)
def test_members_are_the_models(name: str, made: dict[str, object]) -> None:
    shape = MODELS["iam"].shape_for(name)

    assert isinstance(shape, StructureShape)
    assert set(shape.required_members) <= made.keys() <= shape.members.keys()


def test_tags_keep_their_order_both_ways() -> None:
    tags = {"b": "1", "a": "2"}

    assert tag_pairs(tag_shapes(tags)) == (("b", "1"), ("a", "2"))
    assert role_use_shape(None) == {}
