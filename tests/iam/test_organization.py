"""What an organization's values say of themselves."""

from tests.contracts.rows import ACCOUNT, NOW, OTHER

from mooring.iam.organization import FULL_ACCESS, Membership, Organization
from mooring.iam.policy import PolicyKind, parse_policy

PLACE = Membership(
    management_id=ACCOUNT,
    organization_id="o-a1b2c3d4e5",
    member_id=OTHER,
    path=("r-ab12", "ou-ab12-11111111"),
    controls=True,
)


def test_a_path_is_written_as_aws_writes_it() -> None:
    assert PLACE.path_text == "o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/"


def test_only_the_management_account_is_one() -> None:
    assert not PLACE.is_management


def test_an_organization_is_named_after_its_management_account() -> None:
    organization = Organization(
        account_id=ACCOUNT, organization_id="o-a1b2c3d4e5", root_id="r-ab12", created_at=NOW
    )

    assert organization.arn == f"arn:aws:organizations::{ACCOUNT}:organization/o-a1b2c3d4e5"


def test_full_access_is_a_service_control_policy() -> None:
    assert parse_policy(FULL_ACCESS.document, kind=PolicyKind.SCP).statements
