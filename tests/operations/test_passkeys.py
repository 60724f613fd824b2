"""Passkeys: added after proof, signing in without a name, each challenge good once."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from tests.fakes.authenticator import Authenticator, spelled
from tests.fakes.world import FakeWorld
from tests.operations.login_steps import PASSWORD, VISITOR, enter_by_link, give_password

from mooring.iam.identity import User
from mooring.iam.web_session import Stage
from mooring.operations.passkeys import (
    RelyingParty,
    add_passkey,
    give_passkey,
    relying_party,
    remove_passkey,
    request_options,
    sign_in_with_passkey,
)
from mooring.operations.sign_in import PasswordGiven, SignInRefused, step_up
from mooring.operations.sign_in import give_password as type_password
from mooring.operations.web_sessions import read_session
from mooring.operations.world import Site
from mooring.secret import Secret

ORIGIN = "https://mooring.example:8443"
PARTY = RelyingParty(rp_id="mooring.example", origin=ORIGIN)


class Person:
    """A person with an authenticator."""

    def __init__(self, world: FakeWorld, user: User) -> None:
        self.world, self.user, self.authenticator = world, user, Authenticator()
        self.cookie = ""

    async def options(self, purpose: str) -> Mapping[str, Any]:
        return await request_options(
            self.world.world, PARTY, VISITOR, cookie=self.cookie, purpose=purpose
        )

    async def register(self, name: str = "laptop") -> None:
        answer = self.authenticator.create(await self.options("register"), ORIGIN)
        await add_passkey(self.world.world, PARTY, self.cookie, answer, name=name, visitor=VISITOR)

    async def sign_in(self) -> str:
        answer = self.authenticator.get(await self.options("sign-in"), ORIGIN)
        progress = await sign_in_with_passkey(self.world.world, PARTY, answer, VISITOR)
        assert progress.next is Stage.DONE
        return progress.cookie.reveal()


@pytest.fixture
async def ann(world: FakeWorld) -> Person:
    account_id = await world.account()
    person = Person(world, await world.user(account_id, "ann"))
    person.cookie = await enter_by_link(world, person.user)
    return person


async def test_a_passkey_signs_in_without_a_name_and_counts_as_two_factors(
    world: FakeWorld, ann: Person
) -> None:
    await ann.register()

    session = await read_session(world.world, await ann.sign_in())

    assert session is not None
    assert session.principal == world.principal(ann.user)
    assert session.session.mfa_at == world.clock.now()
    names = [event.name for event in await world.events(ann.user.account_id)]
    assert names[-3:] == ["ConsoleLogin", "AddPasskey", "ConsoleLogin"]


async def test_people_with_passkeys_are_never_slowed_down(ann: Person) -> None:
    await ann.register()

    cookies = [await ann.sign_in() for _ in range(40)]

    assert len(set(cookies)) == 40


async def test_registration_needs_a_fresh_proof(world: FakeWorld, ann: Person) -> None:
    answer = ann.authenticator.create(await ann.options("register"), ORIGIN)
    world.pass_time(minutes=10)

    with pytest.raises(SignInRefused, match="Prove yourself again"):
        await add_passkey(world.world, PARTY, ann.cookie, answer, name="a", visitor=VISITOR)
    with pytest.raises(SignInRefused, match="Prove yourself again"):
        await ann.options("register")


@pytest.mark.parametrize("name", ["", "a b", "x" * 65, "<b>"])
async def test_a_name_is_plain(ann: Person, name: str) -> None:
    with pytest.raises(SignInRefused, match="1 to 64 letters"):
        await ann.register(name)


async def test_a_challenge_is_good_once(world: FakeWorld, ann: Person) -> None:
    await ann.register()
    answer = ann.authenticator.get(await ann.options("sign-in"), ORIGIN)
    await sign_in_with_passkey(world.world, PARTY, answer, VISITOR)

    with pytest.raises(SignInRefused):
        await sign_in_with_passkey(world.world, PARTY, answer, VISITOR)


@pytest.mark.parametrize(
    "text", ["", "[1]", '{"id":"a","response":{},"a":' + "[" * 15_000, "\ud800"]
)
async def test_what_is_no_answer_is_refused(world: FakeWorld, text: str) -> None:
    await world.account()
    deep = spelled(b'{"challenge":' + b"[" * 9_000)
    nested = json.dumps({"id": "a", "response": {"clientDataJSON": deep}})

    for credential in (text, nested):
        with pytest.raises(SignInRefused):
            await sign_in_with_passkey(world.world, PARTY, credential, VISITOR)


async def test_a_challenge_ends_and_is_for_its_purpose_and_party(
    world: FakeWorld, ann: Person
) -> None:
    await ann.register()
    late = ann.authenticator.get(await ann.options("sign-in"), ORIGIN)
    world.pass_time(minutes=5)
    other_party = RelyingParty(rp_id="localhost", origin="https://localhost")
    made_up = ann.authenticator.get({"challenge": "bWFkZS11cA", "rpId": PARTY.rp_id}, ORIGIN)
    elsewhere = ann.authenticator.get(await ann.options("sign-in"), "https://evil.example")
    good = ann.authenticator.get(await ann.options("sign-in"), ORIGIN)

    for answer in (late, made_up, elsewhere, "", "{}", "\ud800"):
        with pytest.raises(SignInRefused):
            await sign_in_with_passkey(world.world, PARTY, answer, VISITOR)
    with pytest.raises(SignInRefused):
        await sign_in_with_passkey(world.world, other_party, good, VISITOR)


async def test_a_copied_authenticator_is_noticed_by_its_counter(ann: Person) -> None:
    await ann.register()
    for _ in range(3):
        await ann.sign_in()
    ann.authenticator.count = 1

    with pytest.raises(SignInRefused):
        await ann.sign_in()


async def test_a_passkey_is_the_second_factor_of_a_password(world: FakeWorld, ann: Person) -> None:
    admin = await world.administrator(ann.user.account_id)
    await give_password(world, admin, ann.user)
    await ann.register()
    given = PasswordGiven(account="", user_name="ann", password=Secret(PASSWORD))
    progress = await type_password(world.world, given, VISITOR)
    ann.cookie = progress.cookie.reveal()

    options = await ann.options("mfa")
    answer = ann.authenticator.get(options, ORIGIN)
    done = await give_passkey(world.world, PARTY, ann.cookie, answer, VISITOR)

    assert progress.next is Stage.MFA
    assert [one["id"] for one in options["allowCredentials"]] != []
    assert done.next is Stage.DONE
    session = await read_session(world.world, done.cookie.reveal())
    assert session is not None
    assert session.session.mfa_at is not None
    assert await read_session(world.world, ann.cookie) is None


async def test_who_has_a_passkey_steps_up_by_it_and_not_by_the_password(
    world: FakeWorld, ann: Person
) -> None:
    await give_password(world, await world.administrator(ann.user.account_id), ann.user)
    await ann.register()

    with pytest.raises(SignInRefused, match="Use your passkey"):
        await step_up(world.world, ann.cookie, VISITOR, password=Secret(PASSWORD), code="")
    answer = ann.authenticator.get(await ann.options("sign-in"), ORIGIN)
    progress = await give_passkey(world.world, PARTY, ann.cookie, answer, VISITOR)

    assert progress.next is Stage.DONE


async def test_another_users_passkey_is_no_second_factor(world: FakeWorld, ann: Person) -> None:
    await ann.register()
    bob = Person(world, await world.user(ann.user.account_id, "bob"))
    bob.authenticator = Authenticator(credential_id=b"b" * 32)
    bob.cookie = await enter_by_link(world, bob.user)
    await bob.register()
    bob.cookie = await enter_by_link(world, bob.user)

    answer = ann.authenticator.get(await bob.options("mfa"), ORIGIN)

    with pytest.raises(SignInRefused):
        await give_passkey(world.world, PARTY, bob.cookie, answer, VISITOR)


async def test_a_passkey_ends_with_its_user_and_can_be_removed(
    world: FakeWorld, ann: Person
) -> None:
    await ann.register()
    passkeys = await world.store.read(
        ann.user.account_id, lambda tx: tx.second_factors.passkeys_of("ann")
    )
    await world.user(ann.user.account_id, "ann")  # another of the same name
    with pytest.raises(SignInRefused):
        await ann.sign_in()
    await world.store.write(ann.user.account_id, lambda tx: tx.identities.put_user(ann.user))
    await remove_passkey(world.world, ann.cookie, passkeys[0].credential_id, VISITOR)

    with pytest.raises(SignInRefused):
        await ann.sign_in()


@pytest.mark.parametrize(
    ("origin", "rp_id"),
    [
        ("https://mooring.example:8443", "mooring.example"),
        ("https://console.MOORING.example", "mooring.example"),
        ("http://localhost:8022", "localhost"),
        ("https://127.0.0.1:8443", None),
        ("https://evil.example", None),
        ("https://mooring.example.evil.example", None),
        ("https://notmooring.example", None),
    ],
)
def test_the_relying_party_is_a_name_of_the_settings(origin: str, rp_id: str | None) -> None:
    party = relying_party(Site(region="r", domain="mooring.example"), origin)

    assert (party and party.rp_id) == rp_id
