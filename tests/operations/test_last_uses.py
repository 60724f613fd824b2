"""Last uses are kept account by account, and asked for from both places."""

from tests.fakes.world import FakeWorld

from mooring.iam.identity import LastUse
from mooring.operations.last_uses import keep_last_uses, last_use


async def test_uses_are_kept_once_and_found_before_and_after(world: FakeWorld) -> None:
    admin = await world.administrator(await world.account())
    other = await world.administrator(await world.account())
    use = LastUse(subject="AROA0", used_at=world.clock.now(), service="ssm", region="r")
    call = world.call(admin, "iam:GetRole")
    world.world.recent_uses.note(admin.account_id, use)
    world.world.recent_uses.note(other.account_id, use)

    before = await last_use(call, "AROA0")
    kept = [await keep_last_uses(world.world), await keep_last_uses(world.world)]
    after = await last_use(call, "AROA0")

    assert kept == [2, 0]
    assert before == after == use
    assert await last_use(call, "AROA1") is None
