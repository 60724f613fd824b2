"""A site with single sign-on, and a provider that plays along."""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import parse_qs, urlsplit

from tests.fakes.oidc import FakeProviders, token_of
from tests.fakes.world import FakeWorld, policy
from tests.operations.sts_steps import trusting

from mooring.iam.identity import Role
from mooring.iam.oidc_provider import OidcProvider
from mooring.iam.single_sign_on import RoleRule, SingleSignOn
from mooring.secret import Secret

__all__ = ["CALLBACK", "ISSUER", "Sso", "make_sso"]

ISSUER = "https://id.example.com"
CALLBACK = "https://localhost:8443/auth/oidc/callback"
ACTION = "sts:AssumeRoleWithWebIdentity"


@dataclass(slots=True, kw_only=True)
class Sso:
    """The site, its provider, and the role of who is in the group ``ops``."""

    world: FakeWorld
    settings: SingleSignOn
    providers: FakeProviders
    provider: OidcProvider
    role: Role

    def code(self, url: str, *, code: str = "a-code", **claims: object) -> str:
        """Let the provider answer a sign-in that began with a redirect to ``url``."""
        asked = {key: values[0] for key, values in parse_qs(urlsplit(url).query).items()}
        now = int(self.world.clock.now().timestamp())
        told: dict[str, object] = {
            "sub": "subject-42",
            "aud": asked["client_id"],
            "nonce": asked["nonce"],
            "groups": ["staff", "ops"],
            "iat": now,
            "exp": now + 60,
        }
        self.providers.codes[code] = token_of(ISSUER, **{**told, **claims})
        return code


async def make_sso(world: FakeWorld) -> Sso:
    """Make the world one with single sign-on."""
    account_id = await world.account()
    providers = FakeProviders()
    provider = OidcProvider(
        account_id=account_id,
        url="id.example.com",
        client_ids=("mooring",),
        created_at=world.clock.now(),
    )
    await world.store.write(account_id, lambda tx: tx.oidc_providers.put(provider))
    trust = trusting(
        {"Federated": provider.arn},
        ACTION,
        condition={"StringEquals": {"id.example.com:aud": "mooring"}},
    )
    role = await world.role(account_id, "Ops", policy("ssm:*"), trust=trust)
    settings = SingleSignOn(
        issuer=ISSUER,
        client_id="mooring",
        client_secret=Secret("the client's secret"),
        role_claim="groups",
        rules=(RoleRule(value="ops", role_arn=role.arn),),
    )
    site = replace(world.world.site, single_sign_on=settings)
    world.world = replace(world.world, oidc=providers, site=site)
    return Sso(world=world, settings=settings, providers=providers, provider=provider, role=role)
