"""Keys come from pipes and files, once each, and only while somebody takes them."""

import os
from pathlib import Path

import anyio
import pytest

from mooring.cli.plugin.keyboard import Keyboard


class Taken:
    """Takes what a keyboard gives."""

    def __init__(self) -> None:
        self.data = b""
        self.over = anyio.Event()
        self.moved = anyio.Event()

    def __call__(self, data: bytes) -> None:
        self.data += data
        self.moved.set()
        if not data:
            self.over.set()


async def test_a_pipe_is_read_to_its_end() -> None:
    reader, writer = os.pipe()
    taken = Taken()
    Keyboard(reader, taken).read()

    os.write(writer, b"ls\n")
    os.close(writer)
    with anyio.fail_after(5):
        await taken.over.wait()
    os.close(reader)

    assert taken.data == b"ls\n"


async def test_a_file_is_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "script"
    path.write_bytes(b"x" * 100_000)
    taken = Taken()

    with path.open("rb") as file:
        Keyboard(file.fileno(), taken).read()
        with anyio.fail_after(5):
            await taken.over.wait()

    assert taken.data == b"x" * 100_000


async def test_nothing_is_read_while_paused() -> None:
    reader, writer = os.pipe()
    taken = Taken()
    keyboard = Keyboard(reader, taken)
    keyboard.read()
    os.write(writer, b"a")
    with anyio.fail_after(5):
        await taken.moved.wait()

    keyboard.pause()
    os.write(writer, b"b")
    await anyio.sleep(0.02)
    paused = taken.data
    taken.moved = anyio.Event()
    keyboard.read()
    with anyio.fail_after(5):
        await taken.moved.wait()
    keyboard.pause()
    os.close(reader)
    os.close(writer)

    assert paused == b"a"
    assert taken.data == b"ab"


async def test_a_file_can_be_paused_by_who_takes(tmp_path: Path) -> None:
    path = tmp_path / "script"
    path.write_bytes(b"x" * 100_000)
    pieces: list[bytes] = []
    with path.open("rb") as file:

        def take(data: bytes) -> None:
            pieces.append(data)
            keyboard.pause()

        keyboard = Keyboard(file.fileno(), take)
        keyboard.read()
        await anyio.sleep(0.02)

    assert len(pieces) == 1


@pytest.mark.parametrize("again", [1, 2])
async def test_the_end_comes_once(again: int) -> None:
    reader, writer = os.pipe()
    os.close(writer)
    ends: list[bytes] = []
    keyboard = Keyboard(reader, ends.append)

    for _ in range(again):
        keyboard.read()
        await anyio.sleep(0.02)
    os.close(reader)

    assert ends == [b""]
