"""Values in the model's spelling, and tokens that say where a list goes on."""

import pytest
from tests.ports.test_organizations import member, organization, request, unit

from mooring.api.organization_shapes import (
    account,
    account_status,
    kind_of,
    page_of,
    refuse_tags,
    root,
    turned,
)
from mooring.api.organization_shapes import unit as shown_unit
from mooring.iam.organization import Membership
from mooring.operations.organization_problems import OrganizationRefused
from mooring.operations.organizations import Page

PLACE = Membership(
    management_id="1" * 12,
    organization_id="o-mine",
    member_id="1" * 12,
    path=("r-mine",),
    controls=True,
)


def test_a_token_says_where_the_next_page_begins() -> None:
    output = turned({"Rows": []}, last_id="ou-7", has_more=True)

    assert page_of({"NextToken": output["NextToken"], "MaxResults": 5}) == Page(
        after="ou-7", limit=5
    )
    assert turned({"Rows": []}, last_id="ou-7", has_more=False) == {"Rows": []}


def test_a_token_of_nobodys_is_refused() -> None:
    with pytest.raises(OrganizationRefused, match="NextToken"):
        page_of({"NextToken": "no token"})


def test_tags_are_not_lost_silently() -> None:
    refuse_tags({"Tags": []})
    with pytest.raises(OrganizationRefused):
        refuse_tags({"Tags": [{"Key": "k", "Value": "v"}]})


def test_kinds_are_told_by_their_ids() -> None:
    kinds = [kind_of(one) for one in ("r-ab12", "ou-ab12-11111111", "1" * 12)]

    assert kinds == ["ROOT", "ORGANIZATIONAL_UNIT", "ACCOUNT"]


def test_each_thing_has_its_arn() -> None:
    home = f"arn:aws:organizations::{'1' * 12}"

    assert root(organization())["Arn"] == f"{home}:root/o-mine/r-mine"
    assert shown_unit(PLACE, unit())["Arn"] == f"{home}:ou/o-mine/ou-1"
    assert account(PLACE, member())["Arn"] == f"{home}:account/o-mine/333333333333"


def test_a_request_that_is_under_way_has_no_end() -> None:
    status = account_status(request())

    assert status["State"] == "IN_PROGRESS"
    assert "CompletedTimestamp" not in status
