"""Calls go through a helper process, which may fail, refuse, hang or die."""

import os
import sys
import time
from pathlib import Path

import pytest

from mooring.cli.plugin.arguments import Invocation
from mooring.cli.plugin.control_plane import CallFailed, CallRefused, ControlPlane
from mooring.secret import Secret

INVOCATION = Invocation(
    session_id="ann-1", token=Secret("t"), stream_url="ws://h/x", region="r", profile="work"
)


def plane(code: str) -> ControlPlane:
    return ControlPlane(INVOCATION, helper=(sys.executable, "-c", code))


def answering(answer: str) -> ControlPlane:
    return plane(f"import sys\nfor _ in sys.stdin: print({answer!r}, flush=True)")


async def test_a_new_token_is_given() -> None:
    async with answering('{"Answer": {"TokenValue": "new"}}') as calls:
        assert await calls.resume(deadline_s=10) == "new"


@pytest.mark.parametrize(
    "answer",
    ['{"Answer": {}}', '{"Answer": {"TokenValue": ""}}', '{"Answer": {"TokenValue": null}}'],
)
async def test_no_token_means_that_it_is_over(answer: str) -> None:
    async with answering(answer) as calls:
        assert await calls.resume(deadline_s=10) is None


async def test_what_may_work_later_and_what_will_not_are_told_apart() -> None:
    async with answering('{"Problem": "busy", "Again": true}') as calls:
        with pytest.raises(CallFailed) as busy:
            await calls.resume(deadline_s=10)
    async with answering('{"Problem": "no"}') as calls:
        with pytest.raises(CallRefused):
            await calls.resume(deadline_s=10)

    assert not isinstance(busy.value, CallRefused)


async def test_one_helper_serves_all_calls() -> None:
    code = (
        "import os, sys\nfor _ in sys.stdin:\n"
        ' print(\'{"Answer": {"TokenValue": "%d"}}\' % os.getpid(), flush=True)'
    )
    async with plane(code) as calls:
        first = await calls.resume(deadline_s=10)
        second = await calls.resume(deadline_s=10)

    assert first == second


async def test_a_helper_that_hangs_is_ended_and_another_one_started(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    code = (
        f"import os,sys,time\nsys.stdin.readline()\n"
        f"if not os.path.exists({str(mark)!r}): open({str(mark)!r}, 'w').close(); time.sleep(60)\n"
        'print(\'{"Answer": {"TokenValue": "new"}}\', flush=True); time.sleep(60)'
    )
    async with plane(code) as calls:
        with pytest.raises(CallFailed, match=r"within 0\.5 s"):
            await calls.resume(deadline_s=0.5)
        token = await calls.resume(deadline_s=10)

    assert token == "new"  # noqa: S105  # no secret


@pytest.mark.parametrize("code", ["pass", "print('no json')", "raise SystemExit(1)"])
async def test_a_helper_that_dies_is_a_failure_like_others(code: str) -> None:
    async with plane(code) as calls:
        with pytest.raises(CallFailed):
            await calls.resume(deadline_s=10)


async def test_a_failed_goodbye_is_nobody_s_business() -> None:
    async with plane("pass") as calls:
        await calls.terminate(deadline_s=10)
        assert await calls.ca_file(deadline_s=10) == ""


async def test_the_helper_ends_with_us() -> None:
    code = (
        "import os, sys, time\nsys.stdin.readline()\n"
        'print(\'{"Answer": {"CaFile": "%d"}}\' % os.getpid(), flush=True)\ntime.sleep(60)'
    )
    async with plane(code) as calls:
        pid = int(await calls.ca_file(deadline_s=10))
    began = time.monotonic()

    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert time.monotonic() - began < 5
