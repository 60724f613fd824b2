"""Every refusal about organizations is an error that the Organizations model knows."""

import pytest
from tests.api.protocol.shapes import MODELS

from mooring.api.organization_errors import organization_error
from mooring.operations.organization_problems import OrganizationProblem, OrganizationRefused


@pytest.mark.parametrize("kind", OrganizationProblem)
def test_a_refusal_has_a_code_of_the_model(kind: OrganizationProblem) -> None:
    error = organization_error(OrganizationRefused(kind, "why"))

    assert (error.status, error.message) == (400, "why")
    assert MODELS["organizations"].shape_for(error.code).metadata.get("exception")


def test_a_reason_is_a_member_of_its_own() -> None:
    refused = OrganizationRefused(OrganizationProblem.CONSTRAINT, "why", reason="TOO_DEEP")

    assert organization_error(refused).fields == {"Reason": "TOO_DEEP"}
