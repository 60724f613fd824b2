"""Output keeps its order, waits for slow readers, and knows when nobody reads."""

import os
from pathlib import Path

import anyio

from mooring.cli.plugin.screen import Screen


async def test_what_a_pipe_takes_is_there_at_once() -> None:
    reader, writer = os.pipe()
    screen = Screen(writer)

    screen.write(b"one ")
    screen.write(b"two")
    shown = os.read(reader, 100)
    screen.close()
    os.close(reader)
    os.close(writer)

    assert shown == b"one two"


async def test_a_slow_reader_gets_everything_in_order_and_nobody_stands_still() -> None:
    reader, writer = os.pipe()
    screen = Screen(writer)
    data = bytes(range(256)) * 4096
    shown = bytearray()

    screen.write(data)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(screen.flush)
        while len(shown) < len(data):
            await anyio.wait_readable(reader)
            shown += os.read(reader, 65536)
    screen.close()
    os.close(reader)
    os.close(writer)

    assert shown == data


async def test_room_is_waited_for_while_too_much_waits() -> None:
    reader, writer = os.pipe()
    screen = Screen(writer)
    screen.write(bytes(1024 * 1024))

    with anyio.move_on_after(0.05) as waited:
        await screen.room()
    screen.close()
    os.close(reader)
    os.close(writer)

    assert waited.cancelled_caught


async def test_a_reader_that_left_is_noticed() -> None:
    reader, writer = os.pipe()
    screen = Screen(writer)
    os.close(reader)

    screen.write(b"to nobody")
    await screen.broken.wait()
    screen.write(b"still to nobody")
    await screen.flush()
    screen.close()
    os.close(writer)


async def test_a_reader_that_leaves_while_we_wait_is_noticed() -> None:
    reader, writer = os.pipe()
    screen = Screen(writer)
    screen.write(bytes(1024 * 1024))

    os.close(reader)
    with anyio.fail_after(5):
        await screen.flush()
    screen.close()
    os.close(writer)

    assert screen.broken.is_set()


async def test_a_file_is_written_where_it_stands(tmp_path: Path) -> None:
    path = tmp_path / "out"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT)
    os.write(descriptor, b"before ")
    screen = Screen(descriptor)

    screen.write(b"after")
    await screen.flush()
    screen.close()
    os.close(descriptor)

    assert path.read_bytes() == b"before after"


async def test_the_descriptor_that_others_share_stays_blocking() -> None:
    reader, writer = os.pipe()

    screen = Screen(writer)
    screen.write(b"x")
    screen.close()
    blocking = os.get_blocking(writer)
    os.close(reader)
    os.close(writer)

    assert blocking
