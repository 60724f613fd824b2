"""Blobs in a directory: the contract, and what is its own."""

import stat
from pathlib import Path

import pytest
from tests.contracts.blob_contract import BlobContract

from mooring.blobs.directory import DirectoryBlobs


@pytest.fixture
async def blobs(tmp_path: Path) -> DirectoryBlobs:
    return DirectoryBlobs(tmp_path / "data" / "recordings")


def files_below(directory: Path) -> list[str]:
    return [path.name for path in directory.rglob("*") if path.is_file()]


class TestDirectoryBlobs(BlobContract):
    """The contract on ``DirectoryBlobs``."""


async def test_files_and_directories_are_for_their_owner_alone(tmp_path: Path) -> None:
    root = tmp_path / "recordings"

    await DirectoryBlobs(root).put("a/b", b"x")

    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (root, root / "a")}
    assert modes == {"recordings": 0o700, "a": 0o700}
    assert stat.S_IMODE((root / "a/b").stat().st_mode) == 0o600


async def test_nothing_is_left_of_a_draft(tmp_path: Path, blobs: DirectoryBlobs) -> None:
    await blobs.put("a/b", b"x")

    assert files_below(tmp_path) == ["b"]


async def test_the_draft_of_a_crash_is_no_blob(tmp_path: Path) -> None:
    blobs = DirectoryBlobs(tmp_path)
    (tmp_path / "#0011223344556677").write_bytes(b"half")

    assert await blobs.keys("") == []


async def test_a_key_below_a_blob_is_refused(blobs: DirectoryBlobs) -> None:
    await blobs.put("a", b"x")

    with pytest.raises(ValueError, match="got the blob `a`"):
        await blobs.put("a/b", b"y")

    assert await blobs.get("a", max_bytes=10) == b"x"


async def test_a_link_in_the_directory_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"not a blob")
    root = tmp_path / "recordings"
    root.mkdir()
    (root / "link").symlink_to(tmp_path / "secret")
    blobs = DirectoryBlobs(root)

    with pytest.raises(OSError, match="symbolic links"):
        await blobs.get("link", max_bytes=100)

    assert await blobs.keys("") == []
