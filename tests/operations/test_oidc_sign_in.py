"""A person comes back from the provider as a role, and only the one who went there."""

import base64
import hashlib
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.fakes.world import ORIGIN, FakeWorld
from tests.operations.login_steps import VISITOR
from tests.operations.sso_steps import CALLBACK, ISSUER, Sso, make_sso

from mooring.iam.single_sign_on import SingleSignOn
from mooring.operations.credentials import TemporaryCredentials, resolve
from mooring.operations.device_grants import (
    Granted,
    GrantRefused,
    ask_for_grant,
    decide_grant,
    fetch_credentials,
    pending_grant,
    poll_grant,
    revoke_grant,
)
from mooring.operations.oidc_sign_in import (
    Answer,
    Beginning,
    SignInFailed,
    begin,
    finish,
)
from mooring.operations.problems import OperationRefused
from mooring.operations.web_sessions import ConsoleSession, read_session, read_visit, sign_out
from mooring.secret import Secret


@pytest.fixture
async def sso(world: FakeWorld) -> Sso:
    return await make_sso(world)


async def start(sso: Sso) -> Beginning:
    return await begin(sso.world.world, sso.settings, redirect_uri=CALLBACK, place="/console/a")


def asked(beginning: Beginning) -> dict[str, str]:
    query = parse_qs(urlsplit(beginning.url).query)
    return {key: values[0] for key, values in query.items()}


async def end(
    sso: Sso,
    beginning: Beginning,
    code: str,
    *,
    state: str | None = None,
    error: str = "",
    settings: SingleSignOn | None = None,
) -> ConsoleSession:
    cookie = await cookie_after(sso, beginning, code, state=state, error=error, settings=settings)
    session = await read_session(sso.world.world, cookie)
    assert session is not None
    return session


async def cookie_after(
    sso: Sso,
    beginning: Beginning,
    code: str,
    *,
    state: str | None = None,
    error: str = "",
    settings: SingleSignOn | None = None,
) -> str:
    answer = Answer(
        state=asked(beginning)["state"] if state is None else state,
        code=Secret(code),
        error=error,
    )
    entered = await finish(
        sso.world.world,
        settings or sso.settings,
        cookie=beginning.cookie.reveal(),
        answer=answer,
        origin=ORIGIN,
    )
    assert entered.place == "/console/a"
    return entered.cookie.reveal()


async def failure(sso: Sso, beginning: Beginning, code: str, **rest: object) -> str:
    with pytest.raises(SignInFailed) as failed:
        await end(sso, beginning, code, **rest)  # type: ignore[arg-type]
    return failed.value.message


async def test_the_browser_is_sent_with_a_challenge(sso: Sso) -> None:
    beginning = await start(sso)
    await end(sso, beginning, sso.code(beginning.url))

    told = asked(beginning)
    verifier = sso.providers.redeemed[0].verifier.reveal()
    digest = hashlib.sha256(verifier.encode()).digest()
    assert beginning.url.startswith(f"{ISSUER}/authorize?")
    assert (told["response_type"], told["client_id"]) == ("code", "mooring")
    assert (told["redirect_uri"], told["code_challenge_method"]) == (CALLBACK, "S256")
    assert told["code_challenge"] == base64.urlsafe_b64encode(digest).decode().rstrip("=")
    assert "openid" in told["scope"].split()
    for secret in (verifier, "the client's secret"):
        assert secret not in beginning.url
        assert secret not in beginning.cookie.reveal()


async def test_two_sign_ins_share_nothing(sso: Sso) -> None:
    one, two = asked(await start(sso)), asked(await start(sso))

    for name in ("state", "nonce", "code_challenge"):
        assert one[name] != two[name]


async def test_a_person_becomes_the_role_of_the_claim(sso: Sso) -> None:
    beginning = await start(sso)

    opened = await end(sso, beginning, sso.code(beginning.url))

    account_id = sso.role.account_id
    assert opened.principal.arn == f"arn:aws:sts::{account_id}:assumed-role/Ops/subject-42"
    key = await resolve(sso.world.world, opened.session.access_key_id, opened.session.session_token)
    assert key.session is not None
    assert key.session.provider == sso.provider.arn
    assert opened.session.session_token not in repr(opened)
    names = [event.name for event in await sso.world.events(account_id)]
    assert sorted(names) == ["AssumeRoleWithWebIdentity", "ConsoleLogin"]


async def test_the_session_lasts_as_long_as_the_role_allows(sso: Sso) -> None:
    account_id = sso.role.account_id
    long = replace(sso.role, max_session=timedelta(hours=8))
    await sso.world.store.write(account_id, lambda tx: tx.identities.put_role(long))
    beginning = await start(sso)
    cookie = await cookie_after(sso, beginning, sso.code(beginning.url))

    for _ in range(9):
        sso.world.pass_time(minutes=53)
        assert await read_session(sso.world.world, cookie) is not None
    sso.world.pass_time(minutes=3)

    assert await read_session(sso.world.world, cookie) is None


async def test_a_role_that_revokes_its_sessions_ends_those_of_browsers(sso: Sso) -> None:
    beginning = await start(sso)
    cookie = await cookie_after(sso, beginning, sso.code(beginning.url))
    sso.world.pass_time(seconds=1)
    revoked = replace(sso.role, revoked_before=sso.world.clock.now())

    await sso.world.store.write(sso.role.account_id, lambda tx: tx.identities.put_role(revoked))

    assert await read_session(sso.world.world, cookie) is None


async def test_any_character_of_the_cookie_counts(sso: Sso) -> None:
    beginning = await start(sso)
    cookie = await cookie_after(sso, beginning, sso.code(beginning.url))

    for place, letter in enumerate(cookie):
        changed = cookie[:place] + ("B" if letter == "A" else "A") + cookie[place + 1 :]
        assert await read_session(sso.world.world, changed) is None, place
    for text in ("", "a", "é", cookie + "A"):
        assert await read_session(sso.world.world, text) is None


async def test_another_browser_cannot_finish(sso: Sso) -> None:
    mine, theirs = await start(sso), await start(sso)
    code = sso.code(theirs.url)

    with_my_state = await failure(sso, mine, code)
    with_their_state = await failure(sso, mine, code, state=asked(theirs)["state"])
    without_cookie = await failure(sso, replace(mine, cookie=Secret("")), code)
    without_state = await failure(sso, mine, code, state="")

    assert "not good" in with_my_state or "begin again" in with_my_state
    for text in (with_their_state, without_cookie, without_state):
        assert "begin again" in text


async def test_a_token_of_another_sign_in_is_refused(sso: Sso) -> None:
    beginning = await start(sso)

    assert "begin again" in await failure(
        sso, beginning, sso.code(beginning.url, nonce="of another")
    )
    assert "begin again" in await failure(sso, beginning, sso.code(beginning.url, nonce=None))


async def test_a_sign_in_must_be_finished_in_ten_minutes(sso: Sso) -> None:
    beginning = await start(sso)
    sso.world.pass_time(minutes=10)

    assert "begin again" in await failure(sso, beginning, sso.code(beginning.url))


async def test_what_the_provider_refuses_is_no_sign_in(sso: Sso) -> None:
    beginning = await start(sso)

    denied = await failure(sso, beginning, "", error="access_denied")
    unknown = await failure(sso, beginning, "no-such-code")
    foreign = await failure(sso, beginning, sso.code(beginning.url, aud="another"))
    sso.providers.down.add(ISSUER)
    down = await failure(sso, beginning, sso.code(beginning.url))

    assert "did not sign you in" in denied
    assert "not good" in unknown
    assert "not good" in foreign
    assert "does not answer" in down
    with pytest.raises(SignInFailed, match="does not answer"):
        await start(sso)


async def test_who_has_no_role_is_told_so(sso: Sso) -> None:
    beginning = await start(sso)

    text = await failure(sso, beginning, sso.code(beginning.url, groups=["staff"]))

    assert "no role is yours" in text


async def test_the_accounts_own_trust_decides(sso: Sso) -> None:
    account_id = sso.role.account_id
    beginning = await start(sso)
    closed = replace(sso.role, trust_policy=sso.role.trust_policy.replace("mooring", "other"))
    await sso.world.store.write(account_id, lambda tx: tx.identities.put_role(closed))
    refused = await failure(sso, beginning, sso.code(beginning.url))
    await sso.world.store.write(
        account_id, lambda tx: tx.oidc_providers.put(replace(sso.provider, client_ids=()))
    )
    untrusted = await failure(sso, beginning, sso.code(beginning.url))

    assert "does not let you in" in refused
    assert "does not trust the identity provider" in untrusted
    event = (await sso.world.events(account_id))[-1]
    assert (event.name, event.error_code) == ("AssumeRoleWithWebIdentity", "AccessDenied")


@pytest.mark.parametrize(
    ("claim", "claims", "expected"),
    [
        ("sub", {"sub": "ann@example.com"}, "ann@example.com"),
        ("email", {"email": "ann@example.com", "email_verified": True}, "ann@example.com"),
        ("sub", {"sub": "auth0|7"}, "auth0-7-"),
        ("sub", {"sub": "a"}, "a-"),
        ("sub", {"sub": "x" * 70}, "x" * 47 + "-"),
    ],
)
async def test_the_session_is_called_by_the_claim(
    sso: Sso, claim: str, claims: dict[str, object], expected: str
) -> None:
    beginning = await start(sso)
    settings = replace(sso.settings, name_claim=claim)

    code = sso.code(beginning.url, **claims)  # type: ignore[arg-type]
    opened = await end(sso, beginning, code, settings=settings)

    name = opened.principal.session_name or ""
    assert name.startswith(expected)
    assert len(name) == len(expected) + (16 if expected.endswith("-") else 0)


async def test_two_people_never_share_a_name(sso: Sso) -> None:
    names = set()
    for subject in ("a/b", "a|b", "a-b"):
        beginning = await start(sso)
        opened = await end(sso, beginning, sso.code(beginning.url, sub=subject))
        names.add(opened.principal.session_name)

    assert len(names) == 3


@pytest.mark.parametrize(
    "claims", [{}, {"email": "ann@example.com"}, {"email": 7, "email_verified": True}]
)
async def test_an_address_that_is_not_verified_names_nobody(
    sso: Sso, claims: dict[str, object]
) -> None:
    beginning = await start(sso)
    settings = replace(sso.settings, name_claim="email")

    code = sso.code(beginning.url, **claims)  # type: ignore[arg-type]
    text = await failure(sso, beginning, code, settings=settings)

    assert "gives no email" in text


async def test_a_browser_signs_out_and_is_nobodys_in_between(sso: Sso) -> None:
    beginning = await start(sso)
    cookie = await cookie_after(sso, beginning, sso.code(beginning.url))

    assert await read_visit(sso.world.world, cookie) is None
    await sign_out(sso.world.world, cookie)

    assert await read_session(sso.world.world, cookie) is None


async def granted(sso: Sso, session: ConsoleSession) -> Granted:
    """Let a command line act for whom a browser is signed in as."""
    world = sso.world.world
    codes = await ask_for_grant(world, "laptop", VISITOR)
    grant = await pending_grant(world, codes.user_code, session.session)
    assert grant is not None
    assert await decide_grant(world, grant, session.session, VISITOR, approve=True)
    return await poll_grant(world, codes.device_code.reveal(), VISITOR)


async def is_good(sso: Sso, keys: TemporaryCredentials) -> bool:
    try:
        await resolve(sso.world.world, keys.access_key_id, keys.session_token.reveal())
    except OperationRefused:
        return False
    return True


async def test_a_command_line_acts_for_the_role_session(sso: Sso) -> None:
    beginning = await start(sso)
    opened = await end(sso, beginning, sso.code(beginning.url))
    sso.world.pass_time(minutes=20)

    given = await granted(sso, opened)
    token = given.refresh_token.reveal()
    keys = await fetch_credentials(sso.world.world, token, VISITOR)

    key = await resolve(sso.world.world, keys.access_key_id, keys.session_token.reveal())
    assert key.principal == opened.principal
    assert key.session is not None
    assert key.session.provider == sso.provider.arn
    assert given.user_name == "subject-42"
    assert given.expires_in == timedelta(minutes=40)
    assert keys.expires_at == opened.expires_at
    events = await sso.world.events(sso.role.account_id)
    assert {event.principal_arn for event in events if "Login" in event.name} == {
        opened.principal.arn
    }


async def test_a_command_lines_keys_are_as_old_as_the_role_session(sso: Sso) -> None:
    beginning, began = await start(sso), sso.world.clock.now()
    opened = await end(sso, beginning, sso.code(beginning.url))
    sso.world.pass_time(minutes=20)

    given = await granted(sso, opened)
    keys = await fetch_credentials(sso.world.world, given.refresh_token.reveal(), VISITOR)

    key = await resolve(sso.world.world, keys.access_key_id, keys.session_token.reveal())
    assert key.issued_at == began


async def test_a_command_line_ends_with_its_grant_or_its_role_session(sso: Sso) -> None:
    beginning = await start(sso)
    opened = await end(sso, beginning, sso.code(beginning.url))
    one, two = await granted(sso, opened), await granted(sso, opened)
    first = await fetch_credentials(sso.world.world, one.refresh_token.reveal(), VISITOR)
    second = await fetch_credentials(sso.world.world, two.refresh_token.reveal(), VISITOR)

    assert await revoke_grant(sso.world.world, one.refresh_token.reveal(), VISITOR)
    after_one = await is_good(sso, first), await is_good(sso, second)
    sso.world.pass_time(seconds=1)
    revoked = replace(sso.role, revoked_before=sso.world.clock.now())
    await sso.world.store.write(sso.role.account_id, lambda tx: tx.identities.put_role(revoked))

    assert after_one == (False, True)
    assert not await is_good(sso, second)
    with pytest.raises(GrantRefused):
        await fetch_credentials(sso.world.world, two.refresh_token.reveal(), VISITOR)


async def test_a_grant_of_a_role_session_ends_with_it(sso: Sso) -> None:
    beginning = await start(sso)
    given = await granted(sso, await end(sso, beginning, sso.code(beginning.url)))
    sso.world.pass_time(hours=1)

    with pytest.raises(GrantRefused):
        await fetch_credentials(sso.world.world, given.refresh_token.reveal(), VISITOR)
