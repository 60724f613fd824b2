"""IAM's users, groups, roles, profiles and policies in the spelling of its model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mooring.iam.identity import CustomerPolicy, Group, InstanceProfile, LastUse, Role, User
from mooring.operations.managed_policies import ManagedPolicyView
from mooring.operations.policy_versions import VersionView

__all__ = [
    "attached_shape",
    "group_shape",
    "policy_shape",
    "profile_shape",
    "role_shape",
    "role_use_shape",
    "tag_pairs",
    "tag_shapes",
    "user_shape",
    "version_shape",
]

Shape = dict[str, object]


def tag_shapes(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Return tags as Tag."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def tag_pairs(given: Sequence[Mapping[str, str]]) -> tuple[tuple[str, str], ...]:
    """Return a list of Tag as pairs, in order."""
    return tuple((tag["Key"], tag["Value"]) for tag in given)


def _boundary(arn: str) -> Shape:
    if not arn:
        return {}
    return {
        "PermissionsBoundary": {
            "PermissionsBoundaryType": "Policy",
            "PermissionsBoundaryArn": arn,
        }
    }


def user_shape(user: User) -> Shape:
    """Return a user as User, without its tags."""
    return {
        "Path": user.path,
        "UserName": user.name,
        "UserId": user.user_id,
        "Arn": user.arn,
        "CreateDate": user.created_at,
        **_boundary(user.boundary_arn),
    }


def group_shape(group: Group) -> Shape:
    """Return a group as Group."""
    return {
        "Path": group.path,
        "GroupName": group.name,
        "GroupId": group.group_id,
        "Arn": group.arn,
        "CreateDate": group.created_at,
    }


def role_shape(role: Role) -> Shape:
    """Return a role as Role, without its tags."""
    return {
        "Path": role.path,
        "RoleName": role.name,
        "RoleId": role.role_id,
        "Arn": role.arn,
        "CreateDate": role.created_at,
        "AssumeRolePolicyDocument": role.trust_policy,
        "Description": role.description,
        "MaxSessionDuration": int(role.max_session.total_seconds()),
        **_boundary(role.boundary_arn),
    }


def role_use_shape(use: LastUse | None) -> Shape:
    """Return a role's last use as RoleLastUsed, empty when it was never used."""
    return {} if use is None else {"LastUsedDate": use.used_at, "Region": use.region}


def profile_shape(profile: InstanceProfile, role: Role | None) -> Shape:
    """Return a profile and the role in it as InstanceProfile."""
    shape: Shape = {
        "Path": profile.path,
        "InstanceProfileName": profile.name,
        "InstanceProfileId": profile.profile_id,
        "Arn": profile.arn,
        "CreateDate": profile.created_at,
        "Roles": [role_shape(role)] if role is not None else [],
    }
    return shape | ({"Tags": tag_shapes(profile.tags)} if profile.tags else {})


def policy_shape(view: ManagedPolicyView) -> Shape:
    """Return a managed policy as Policy, without description and tags."""
    policy = view.policy
    return {
        "PolicyName": policy.name,
        "PolicyId": policy.policy_id,
        "Arn": policy.arn,
        "Path": policy.path,
        "DefaultVersionId": f"v{policy.default_version}",
        "AttachmentCount": view.attachments,
        "PermissionsBoundaryUsageCount": view.boundaries,
        "IsAttachable": True,
        "CreateDate": policy.created_at,
        "UpdateDate": policy.updated_at,
    }


def attached_shape(policy: CustomerPolicy) -> dict[str, str]:
    """Return a managed policy as AttachedPolicy."""
    return {"PolicyName": policy.name, "PolicyArn": policy.arn}


def version_shape(view: VersionView) -> Shape:
    """Return a version as PolicyVersion, without its document."""
    return {
        "VersionId": view.version_id,
        "IsDefaultVersion": view.is_default,
        "CreateDate": view.version.created_at,
    }
