"""Events of sign-in are told as CloudTrail tells of ConsoleLogin."""

import json

from tests.fakes.world import FakeWorld
from tests.operations.login_steps import VISITOR

from mooring.iam.web_session import Method
from mooring.operations.sign_in_events import SignInEvent, sign_in_event


async def test_a_success_names_the_user_and_how(world: FakeWorld) -> None:
    user = await world.user(await world.account(), "ann")

    event = sign_in_event(world.world, user, SignInEvent(VISITOR, Method.PASSWORD, used_mfa=True))

    assert (event.source, event.name) == ("signin.amazonaws.com", "ConsoleLogin")
    assert (event.principal_arn, event.principal_id) == (user.arn, user.user_id)
    assert json.loads(event.request) == {"MFAUsed": "Yes", "Method": "password"}
    assert json.loads(event.response) == {"ConsoleLogin": "Success"}
    assert (event.source_address, event.read_only) == (VISITOR.address, False)


async def test_a_failure_of_nobody_names_nobody(world: FakeWorld) -> None:
    event = sign_in_event(
        world.world,
        None,
        SignInEvent(VISITOR, Method.PASSWORD, failure="Failed authentication"),
        account_id="111122223333",
    )

    assert event.principal_arn.startswith("arn:aws:iam::111122223333:user/HIDDEN")
    assert json.loads(event.response) == {"ConsoleLogin": "Failure"}
    assert event.error_message == "Failed authentication"
