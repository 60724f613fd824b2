"""Whose signature counts, what is fetched and how often, over a real TLS connection."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from joserfc import jws
from joserfc.jwk import OctKey, RSAKey
from tests.fakes.clock import FakeClock
from tests.fakes.oidc import ListeningProvider, listening
from tests.net.served import certified

from mooring.keys.oidc import HttpProviders
from mooring.net.tls import client_context, server_context
from mooring.ports.oidc import CodeGrant, ProviderUnreachable, TokenInvalid
from mooring.secret import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A provider, and who asks it."""

    provider: ListeningProvider
    providers: HttpProviders
    clock: FakeClock

    async def claims(self, token: str) -> dict[str, object]:
        """Ask for the claims of a token."""
        return dict(await self.providers.claims(self.provider.issuer, token))


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    files, trust = certified(tmp_path)
    async with listening(server_context(*files)) as provider:
        clock = FakeClock()
        yield Site(provider=provider, providers=HttpProviders(clock, trust=trust), clock=clock)


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
async def test_a_token_of_the_provider_is_read(site: Site, algorithm: str) -> None:
    token = site.provider.token(algorithm, sub="42")

    claims = await site.claims(token)

    assert claims == {"iss": site.provider.issuer, "sub": "42"}
    assert site.provider.asked == ["/realm/.well-known/openid-configuration", "/realm/keys"]


async def test_a_token_without_key_id_is_tried_with_each_key(site: Site) -> None:
    payload = json.dumps({"sub": "42"})
    token = jws.serialize_compact({"alg": "RS256"}, payload, site.provider.rsa)

    assert await site.claims(token) == {"sub": "42"}


async def test_keys_are_kept_for_an_hour(site: Site) -> None:
    token = site.provider.token(sub="42")
    await site.claims(token)
    site.clock.advance(timedelta(minutes=59))
    await site.claims(token)
    asked_within = len(site.provider.asked)
    site.clock.advance(timedelta(minutes=1))
    await site.claims(token)

    assert (asked_within, len(site.provider.asked)) == (2, 4)


async def test_a_new_key_is_found_half_a_minute_later(site: Site) -> None:
    await site.claims(site.provider.token(sub="42"))
    site.provider.rsa = RSAKey.generate_key(2048, {"kid": "rsa-2"})
    site.provider.keys = [dict(site.provider.rsa.as_dict(private=False))]
    token = site.provider.token(sub="43")

    with pytest.raises(TokenInvalid):
        await site.claims(token)
    asked_at_once = len(site.provider.asked)
    site.clock.advance(timedelta(seconds=30))

    assert (await site.claims(token))["sub"] == "43"
    assert (asked_at_once, len(site.provider.asked)) == (2, 4)


def unsigned(alg: str) -> str:
    parts = [json.dumps({"alg": alg, "kid": "rsa-1"}), json.dumps({"sub": "42"})]
    coded = [base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in parts]
    return ".".join([*coded, ""])


DEEP = base64.urlsafe_b64encode(b'{"a":' + b"[" * 14_000).decode().rstrip("=")


async def test_no_other_algorithm_is_taken(site: Site) -> None:
    public = site.provider.rsa.as_pem(private=False)
    shared = OctKey.import_key(base64.b64encode(public).decode())
    by_public_key = jws.serialize_compact(
        {"alg": "HS256", "kid": "rsa-1"}, b'{"sub":"42"}', shared, algorithms=["HS256"]
    )
    others = [
        unsigned("none"),
        unsigned("RS256"),
        by_public_key,
        site.provider.token("RS384", sub="42"),
        site.provider.token("PS256", sub="42"),
        site.provider.token("RS256", kid="ec-1", sub="42"),
        "a.b",
        "a.b.c.d",
        "é.b.c",
        "." * 30_000,
        f"{DEEP}.b.c",
    ]

    for token in others:
        with pytest.raises(TokenInvalid):
            await site.claims(token)


async def test_any_character_changed_is_refused(site: Site) -> None:
    token = site.provider.token("ES256", sub="42")

    for place, letter in enumerate(token[:-1]):
        if letter == ".":
            continue
        changed = token[:place] + ("B" if letter == "A" else "A") + token[place + 1 :]
        with pytest.raises(TokenInvalid):
            await site.claims(changed)


async def test_weak_and_foreign_keys_are_left_out(site: Site) -> None:
    with pytest.warns(Warning, match="2048"):
        weak = RSAKey.generate_key(1024, {"kid": "rsa-1"})
    site.provider.keys = [
        dict(weak.as_dict(private=False)),
        {"kty": "oct", "k": "AAAA", "kid": "rsa-1"},
        {"kty": "RSA", "kid": "rsa-1"},
        {"kty": "EC", "crv": "P-384", "x": "AA", "y": "AA", "kid": "ec-1"},
        {**site.provider.rsa.as_dict(private=False), "use": "enc"},
    ]

    for algorithm in ("RS256", "ES256"):
        with pytest.raises(TokenInvalid):
            await site.claims(site.provider.token(algorithm, sub="42"))


async def test_a_provider_that_fails_is_left_alone_for_half_a_minute(site: Site) -> None:
    site.provider.status = 503
    token = site.provider.token(sub="42")

    for _ in range(3):
        with pytest.raises(ProviderUnreachable):
            await site.claims(token)
    asked = len(site.provider.asked)
    site.provider.status = 200
    site.clock.advance(timedelta(seconds=30))

    assert (await site.claims(token))["sub"] == "42"
    assert asked == 1


@pytest.mark.parametrize(
    "discovery",
    [
        {"issuer": "https://other.example.com"},
        {"jwks_uri": "http://127.0.0.1/keys"},
        {"jwks_uri": "file:///etc/passwd"},
        {"jwks_uri": "https://ann@127.0.0.1/keys"},
        {"jwks_uri": "https://127.0.0.1:1/keys"},
        {"jwks_uri": "https://[/keys"},
        {"jwks_uri": 7},
    ],
)
async def test_a_provider_that_misleads_is_refused(
    site: Site, discovery: dict[str, object]
) -> None:
    site.provider.discovery |= discovery

    with pytest.raises(ProviderUnreachable):
        await site.claims(site.provider.token(sub="42"))


async def test_too_long_an_answer_is_refused(site: Site) -> None:
    site.provider.discovery["padding"] = "x" * 300_000

    with pytest.raises(ProviderUnreachable):
        await site.claims(site.provider.token(sub="42"))


async def test_a_server_that_is_not_certified_is_refused(site: Site) -> None:
    strangers = HttpProviders(site.clock, trust=client_context(None))

    with pytest.raises(ProviderUnreachable):
        await strangers.claims(site.provider.issuer, site.provider.token(sub="42"))


async def test_an_issuer_without_tls_is_refused(site: Site) -> None:
    with pytest.raises(ProviderUnreachable):
        await site.providers.claims("http://127.0.0.1:1", site.provider.token(sub="42"))


def grant() -> CodeGrant:
    return CodeGrant(
        code=Secret("a code"),
        verifier=Secret("a verifier"),
        redirect_uri="https://mooring.example/auth/oidc/callback",
        client_id="mooring&co",
        client_secret=Secret("s3cr:t"),
    )


async def test_a_code_is_changed_for_a_token(site: Site) -> None:
    issuer = site.provider.issuer

    assert await site.providers.authorization_endpoint(issuer) == f"{issuer}/authorize"
    assert await site.providers.redeem(issuer, grant()) == "a.b.c"
    assert site.provider.forms == [
        {
            "grant_type": ["authorization_code"],
            "code": ["a code"],
            "redirect_uri": ["https://mooring.example/auth/oidc/callback"],
            "code_verifier": ["a verifier"],
            "client_id": ["mooring&co"],
        }
    ]
    basic = base64.b64encode(b"mooring%26co:s3cr%3At").decode()
    assert site.provider.authorizations == [f"Basic {basic}"]


async def test_the_secret_goes_into_the_form_where_the_provider_wants_it_there(
    site: Site,
) -> None:
    site.provider.discovery["token_endpoint_auth_methods_supported"] = ["client_secret_post"]

    await site.providers.redeem(site.provider.issuer, grant())

    assert site.provider.forms[0]["client_secret"] == ["s3cr:t"]
    assert site.provider.authorizations == [""]


async def test_a_code_that_is_refused_is_no_token(site: Site) -> None:
    await site.providers.authorization_endpoint(site.provider.issuer)
    site.provider.status = 400

    with pytest.raises(TokenInvalid):
        await site.providers.redeem(site.provider.issuer, grant())
