"""From the spool into the store, and from a crash back to life: no segment lost, none twice."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

import anyio
import pytest
from tests.fakes.world import FakeWorld, make_world
from tests.gateway.scenes import a_session
from tests.gateway.test_recorder import checked, shown

from mooring.blobs.directory import DirectoryBlobs
from mooring.gateway import keeper as keeper_module
from mooring.gateway.keeper import Keeper
from mooring.gateway.record import Record
from mooring.gateway.recorder import NumberReused
from mooring.gateway.segments import RecorderSettings
from mooring.gateway.spool import spool_files, spool_path
from mooring.operations.world import World
from mooring.recordings.recording import recording_prefix, segment_key
from mooring.sessions.session import Session
from mooring.wire.payloads import PayloadType

SESSION = a_session()
KEY = segment_key(SESSION.account_id, SESSION.session_id, 0)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[FakeWorld]:
    (tmp_path / "spool").mkdir()
    async with make_world(tmp_path) as made:
        yield made


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    return tmp_path / "spool"


def a_keeper(world: World, spool: Path, segment_bytes: int = 1_000_000) -> Keeper:
    return Keeper(world, RecorderSettings(spool=spool, key=b"k", segment_bytes=segment_bytes))


def left_in(spool: Path) -> list[str]:
    return sorted(path.suffix for path in spool.iterdir())


def says(recorder: Record, *texts: bytes) -> None:
    for text in texts:
        recorder.output(recorder.next_sequence, PayloadType.OUTPUT, text)


async def keep(keeper: Keeper, recorder: Record, session: Session = SESSION) -> None:
    await keeper.keep(session.account_id, session.session_id, recorder.segments.take_sealed())


async def kept(world: FakeWorld, session: Session = SESSION) -> list[bytes]:
    blobs = world.world.blobs
    keys = await blobs.keys(recording_prefix(session.account_id, session.session_id))
    found = [await blobs.get(key, max_bytes=1 << 26) for key in keys]
    return [content for content in found if content is not None]


async def test_a_sealed_file_is_kept_and_leaves_the_spool(world: FakeWorld, spool: Path) -> None:
    keeper = a_keeper(world.world, spool)
    recorder = keeper.recorder(SESSION)
    says(recorder, b"hello")
    recorder.finish("the user left")

    await keep(keeper, recorder)

    segments = await kept(world)
    assert checked(segments).is_whole
    assert shown(segments) == b"hello"
    assert spool_files(spool) == []


async def test_a_file_leaves_the_spool_only_when_the_store_has_it(
    world: FakeWorld, spool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper_module, "_RETRY_S", 0.01)
    tried = anyio.Event()

    class Failing(DirectoryBlobs):
        failures = 2

        async def put(self, key: str, content: bytes) -> None:
            assert spool_path(spool, SESSION.session_id, 0).read_bytes() == content
            self.failures -= 1
            if self.failures >= 0:
                tried.set()
                raise OSError("the store is not there")
            await super().put(key, content)

    blobs = Failing(spool.parent / "recordings")
    keeper = a_keeper(replace(world.world, blobs=blobs), spool)
    recorder = keeper.recorder(SESSION)
    recorder.finish("")

    await keep(keeper, recorder)

    assert tried.is_set()
    assert await blobs.keys("recordings/") == [KEY]
    assert spool_files(spool) == []


async def test_a_file_that_was_kept_already_leaves_the_spool(world: FakeWorld, spool: Path) -> None:
    keeper = a_keeper(world.world, spool)
    recorder = keeper.recorder(SESSION)
    recorder.finish("")
    await world.world.blobs.put(KEY, spool_path(spool, SESSION.session_id, 0).read_bytes())

    await keep(keeper, recorder)

    assert left_in(spool) == []


async def test_a_file_that_differs_from_what_is_kept_is_put_aside(
    world: FakeWorld, spool: Path
) -> None:
    keeper = a_keeper(world.world, spool)
    recorder = keeper.recorder(SESSION)
    recorder.finish("")
    await world.world.blobs.put(KEY, b"something else")

    await keep(keeper, recorder)

    assert await kept(world) == [b"something else"]
    assert left_in(spool) == [".differs"]


async def test_a_file_that_is_gone_is_not_waited_for(world: FakeWorld, spool: Path) -> None:
    keeper = a_keeper(world.world, spool)

    await keeper.keep("1", "ann-1", [spool / "ann-1.000000.seg"])

    assert await world.world.blobs.keys("recordings/") == []


async def recovered(
    world: FakeWorld, spool: Path, *, live: Sequence[Session] = (), over: Sequence[Session] = ()
) -> tuple[Keeper, dict[str, Record]]:
    """Start again, and keep what is sealed, as the gateway does."""
    keeper = a_keeper(world.world, spool)
    ended = {session.session_id: session for session in over}
    found = await keeper.recover({session.session_id: session for session in live}, ended.get)
    for session_id, recorder in (found.live | found.over).items():
        await keeper.keep(SESSION.account_id, session_id, recorder.segments.take_sealed())
    return keeper, found.live


async def test_a_live_session_goes_on_in_its_open_file(world: FakeWorld, spool: Path) -> None:
    says(a_keeper(world.world, spool).recorder(SESSION), b"before ")

    keeper, live = await recovered(world, spool, live=[SESSION])
    says(live[SESSION.session_id], b"after")
    live[SESSION.session_id].finish("the user left")
    await keep(keeper, live[SESSION.session_id])

    segments = await kept(world)
    assert shown(segments) == b"before after"
    assert checked(segments).is_whole


@pytest.mark.parametrize("left", [None, b"", b'{"version":1'], ids=["none", "empty", "torn"])
@pytest.mark.parametrize("is_kept", [True, False])
async def test_a_live_session_goes_on_after_its_last_sealed_file(
    world: FakeWorld, spool: Path, *, is_kept: bool, left: bytes | None
) -> None:
    keeper = a_keeper(world.world, spool, segment_bytes=1)
    recorder = keeper.recorder(SESSION)
    says(recorder, b"one ", b"two ")
    if is_kept:
        await keep(keeper, recorder)
    if left is not None:
        spool_path(spool, SESSION.session_id, 2).write_bytes(left)

    keeper, live = await recovered(world, spool, live=[SESSION])
    says(live[SESSION.session_id], b"three")
    live[SESSION.session_id].finish("")
    await keep(keeper, live[SESSION.session_id])

    segments = await kept(world)
    assert shown(segments) == b"one two three"
    assert checked(segments).is_whole
    assert left_in(spool) == []


@pytest.mark.parametrize("is_kept", [True, False])
@pytest.mark.parametrize("begins", [True, False])
async def test_a_second_version_of_a_frame_in_an_earlier_segment_is_found(
    world: FakeWorld, spool: Path, *, is_kept: bool, begins: bool
) -> None:
    keeper = a_keeper(world.world, spool, segment_bytes=1)
    recorder = keeper.recorder(SESSION)
    says(recorder, b"one ", b"two ")
    if is_kept:
        await keep(keeper, recorder)
    if begins:
        later = recorder.next_sequence + 1
        recorder.segments._settings = RecorderSettings(spool=spool, key=b"k")  # no more seals
        recorder.output(later, PayloadType.OUTPUT, b"four")

    _, live = await recovered(world, spool, live=[SESSION])
    found = live[SESSION.session_id]

    assert found.output(1, PayloadType.OUTPUT, b"two ") is False
    with pytest.raises(NumberReused):
        found.output(1, PayloadType.OUTPUT, b"2 ")


async def test_a_live_session_whose_recording_was_over_is_told_so(
    world: FakeWorld, spool: Path
) -> None:
    recorder = a_keeper(world.world, spool).recorder(SESSION)
    recorder.finish("terminated by request")

    _, live = await recovered(world, spool, live=[SESSION])

    assert live[SESSION.session_id].segments.ended_because == "terminated by request"
    assert checked(await kept(world)).reason == "terminated by request"


async def test_an_open_file_of_a_session_that_is_over_is_sealed_and_kept(
    world: FakeWorld, spool: Path
) -> None:
    says(a_keeper(world.world, spool).recorder(SESSION), b"last words")

    await recovered(world, spool, over=[replace(SESSION, details="terminated by request")])

    segments = await kept(world)
    assert shown(segments) == b"last words"
    assert checked(segments).reason == "terminated by request"
    assert left_in(spool) == []


async def test_a_sealed_file_of_a_session_that_is_over_is_kept_as_it_is(
    world: FakeWorld, spool: Path
) -> None:
    a_keeper(world.world, spool).recorder(SESSION).finish("the user left")
    sealed = spool_path(spool, SESSION.session_id, 0).read_bytes()

    await recovered(world, spool, over=[SESSION])

    assert await kept(world) == [sealed]


async def test_a_session_that_is_over_between_two_segments_gets_its_last(
    world: FakeWorld, spool: Path
) -> None:
    recorder = a_keeper(world.world, spool, segment_bytes=1).recorder(SESSION)
    says(recorder, b"one")

    await recovered(world, spool, over=[SESSION])

    segments = await kept(world)
    assert len(segments) == 2
    assert checked(segments).is_whole


async def test_a_file_of_nobodys_session_and_one_that_is_unreadable_stop_nothing(
    world: FakeWorld, spool: Path
) -> None:
    unknown = spool_path(spool, "nobody-1", 0)
    unknown.write_bytes(b"x")
    spool_path(spool, SESSION.session_id, 0).write_bytes(b"garbage\nmore\n")

    keeper, live = await recovered(world, spool, live=[SESSION])
    says(live[SESSION.session_id], b"goes on")
    live[SESSION.session_id].finish("")
    await keep(keeper, live[SESSION.session_id])

    assert unknown.exists()
    assert shown(await kept(world)) == b"goes on"
    assert left_in(spool) == [".seg", ".unreadable"]


async def test_the_spool_says_whose_files_it_holds(world: FakeWorld, spool: Path) -> None:
    keeper = a_keeper(world.world, spool)
    says(keeper.recorder(SESSION), b"x")

    assert keeper.session_ids() == {SESSION.session_id}
