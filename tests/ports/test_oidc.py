"""Who reaches no provider says so, and nothing of a code is printed."""

import pytest

from mooring.ports.oidc import CodeGrant, NoProviders, ProviderUnreachable
from mooring.secret import Secret

GRANT = CodeGrant(
    code=Secret("the-code"),
    verifier=Secret("the-verifier"),
    redirect_uri="https://mooring.example/",
    client_id="mooring",
    client_secret=Secret("the-secret"),
)


async def test_no_provider_is_reached() -> None:
    nobody = NoProviders()

    for asked in (
        nobody.claims("https://id-example", "a.b.c"),
        nobody.authorization_endpoint("https://id-example"),
        nobody.redeem("https://id-example", GRANT),
    ):
        with pytest.raises(ProviderUnreachable, match="id-example"):
            await asked


def test_a_grant_prints_no_secret() -> None:
    assert "the-" not in repr(GRANT)
