"""Recordings are watched by those who may, whole, and every look is audited."""

import hashlib

import pytest
from tests.fakes.world import REGION, FakeWorld, policy

from mooring.operations.problems import AccessDenied, OperationRefused, Problem
from mooring.operations.recordings import get_recording, get_recording_segment
from mooring.operations.session_end import keep_end
from mooring.operations.sessions import start_session
from mooring.recordings.recording import RecordingState, segment_key
from mooring.sessions.session import End


async def started(world: FakeWorld, account_id: str) -> str:
    node = await world.node(account_id)
    ann = await world.administrator(account_id, "ann")
    call = world.call(ann, "ssm:StartSession")
    session = await start_session(call, target=node.node_id, parameters={})
    for index in range(2):
        key = segment_key(account_id, session.session_id, index)
        await world.world.blobs.put(key, f"segment {index}".encode())
    return session.session_id


async def test_segments_are_listed_with_size_and_hash(world: FakeWorld) -> None:
    account_id = await world.account()
    session_id = await started(world, account_id)
    call = world.call(await world.administrator(account_id), "mooring:GetRecording")

    while_it_runs = await get_recording(call, session_id)
    await keep_end(world.world, account_id, session_id, end=End.USER, output="")
    after = await get_recording(call, session_id)

    assert (while_it_runs.state, after.state) == (RecordingState.RECORDING, RecordingState.SEALED)
    assert [(row.index, row.size_bytes) for row in after.segments] == [(0, 9), (1, 9)]
    assert after.segments[1].sha256 == hashlib.sha256(b"segment 1").hexdigest()
    assert await get_recording_segment(call, session_id, 1) == b"segment 1"


async def test_only_who_may_watch_learns_anything(world: FakeWorld) -> None:
    account_id = await world.account()
    session_id = await started(world, account_id)
    bea = await world.user(account_id, "bea", policy("ssm:*"))
    call = world.call(bea, "mooring:GetRecordingSegment")

    for asked in (session_id, "ann-00000000000000000"):
        with pytest.raises(AccessDenied) as denied:
            await get_recording_segment(call, asked, 0)
        arn = f"arn:aws:ssm:{REGION}:{account_id}:session/{asked}"
        assert f"mooring:GetRecording on resource: {arn}" in denied.value.message


async def test_what_is_not_there_is_told_to_those_who_may(world: FakeWorld) -> None:
    account_id = await world.account()
    session_id = await started(world, account_id)
    call = world.call(await world.administrator(account_id), "mooring:GetRecording")

    with pytest.raises(OperationRefused) as session:
        await get_recording(call, "ann-00000000000000000")
    with pytest.raises(OperationRefused) as segment:
        await get_recording_segment(call, session_id, 2)

    assert {session.value.problem, segment.value.problem} == {Problem.RECORDING_UNKNOWN}


async def test_own_recordings_can_be_granted(world: FakeWorld) -> None:
    account_id = await world.account()
    session_id = await started(world, account_id)
    own = policy("mooring:GetRecording", "arn:aws:ssm:*:*:session/${aws:username}-*")
    ann = await world.user(account_id, "ann", own)
    bea = await world.user(account_id, "bea", own)

    seen = await get_recording(world.call(ann, "mooring:GetRecording"), session_id)

    assert seen.session_id == session_id
    with pytest.raises(AccessDenied):
        await get_recording(world.call(bea, "mooring:GetRecording"), session_id)
