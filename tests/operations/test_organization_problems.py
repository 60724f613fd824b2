"""Every kind of refusal has AWS's words, or is always given its own."""

import pytest

from mooring.operations.organization_problems import OrganizationProblem, OrganizationRefused
from mooring.operations.problems import Problem

OWN_WORDS = {
    OrganizationProblem.CONSTRAINT,
    OrganizationProblem.INVALID_INPUT,
    OrganizationProblem.MALFORMED_POLICY,
}


@pytest.mark.parametrize("kind", sorted(set(OrganizationProblem) - OWN_WORDS))
def test_a_refusal_has_a_sentence(kind: OrganizationProblem) -> None:
    refused = OrganizationRefused(kind)

    assert refused.problem is Problem.ORGANIZATION
    assert refused.message.endswith(".")


def test_words_of_ones_own_count() -> None:
    assert OrganizationRefused(OrganizationProblem.CONSTRAINT, "Too deep.").message == "Too deep."
