"""One file for each segment: whole lines, found again by its name."""

import errno
import os
from pathlib import Path

import pytest
from tests.fakes.keys import FakeKeyRing

from mooring.gateway.spool import FORMAT, SpoolFile, last_size, spool_files, spool_path
from mooring.wire.chain import FIRST_PREVIOUS, SegmentEnd, SegmentHeader, is_sealed, segment_digest
from mooring.wire.payloads import TerminalSize

HEADER = SegmentHeader(
    format=FORMAT,
    session_id="ann.b-0123456789abcdef0",
    index=3,
    key_id="k",
    previous=FIRST_PREVIOUS,
    created_us=1,
)


def test_files_are_found_by_session_and_in_order(tmp_path: Path) -> None:
    for session_id, index in [("bob-1", 10), ("bob-1", 9), ("ann.b-2", 0)]:
        spool_path(tmp_path, session_id, index).touch()
    for other in ("x.unreadable", "bob-1.seg", ".seg", "bob-1.one.seg"):
        (tmp_path / other).touch()

    found = [(name.session_id, name.index) for name in spool_files(tmp_path)]

    assert found == [("ann.b-2", 0), ("bob-1", 9), ("bob-1", 10)]


def test_a_file_begins_with_its_header_and_is_its_owners_alone(tmp_path: Path) -> None:
    file = SpoolFile.begin(tmp_path, HEADER)
    file.write(b"one\n")
    file.write(b"two\n")

    assert file.path == tmp_path / "ann.b-0123456789abcdef0.000003.seg"
    assert file.path.read_bytes() == HEADER.serialize() + b"one\ntwo\n"
    assert file.size == file.path.stat().st_size
    assert file.path.stat().st_mode & 0o777 == 0o600


def test_a_sealed_file_is_closed_and_named_by_its_digest(tmp_path: Path) -> None:
    file = SpoolFile.begin(tmp_path, HEADER)
    open_files = len(os.listdir("/proc/self/fd"))

    digest = file.close_sealed(SegmentEnd(final=True, reason="", closed_us=2), FakeKeyRing().sign)

    assert is_sealed(file.path.read_bytes())
    assert digest == segment_digest(file.path.read_bytes())
    assert len(os.listdir("/proc/self/fd")) == open_files - 1


def test_a_write_is_whole_or_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = SpoolFile.begin(tmp_path, HEADER)
    before = file.path.read_bytes()
    really_write = os.write

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", lambda fd, data: really_write(fd, data[:3]))
        with pytest.raises(OSError, match="No space left") as caught:
            file.write(b"a line\n")

    assert caught.value.errno == errno.ENOSPC
    assert file.path.read_bytes() == before
    assert file.size == len(before)


@pytest.mark.parametrize(
    ("lines", "size"),
    [
        (b'{}\n{"version":2,"width":132,"height":50}\n', (132, 50)),
        (b'{}\n{"version":2,"width":80,"height":24}\n[1.0, "r", "100x30"]\n', (100, 30)),
        (
            b'{}\n{"version":2,"width":80,"height":24}\n[1.0, "r", "100x30"]\n'
            b'[2.0, "o", ", \\"r\\", \\"7x7"]\n[3.0, "r", "90x20"]\n[4.0, "o", "x"]\n',
            (90, 20),
        ),
    ],
)
def test_the_last_size_of_the_terminal_is_found(lines: bytes, size: tuple[int, int]) -> None:
    assert last_size(lines) == TerminalSize(columns=size[0], rows=size[1])


@pytest.mark.parametrize(
    "lines", [b"", b"{}\n", b"{}\n{}\n", b'{}\n{}\n[1.0, "r", "x"]\n', b'{}\n{}\n[1, "r", "\n']
)
def test_a_file_that_tells_no_size_tells_none(lines: bytes) -> None:
    assert last_size(lines) is None
