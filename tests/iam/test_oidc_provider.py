"""What a provider is called."""

from datetime import UTC, datetime

from mooring.iam.oidc_provider import OidcProvider


def test_a_provider_is_called_by_its_issuer() -> None:
    provider = OidcProvider(
        account_id="111122223333",
        url="id.example.com/realms/b",
        created_at=datetime(2026, 1, 2, tzinfo=UTC),
    )

    assert provider.arn == "arn:aws:iam::111122223333:oidc-provider/id.example.com/realms/b"
    assert provider.issuer == "https://id.example.com/realms/b"
