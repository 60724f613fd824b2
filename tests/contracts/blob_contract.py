"""What every BlobStore keeps to. A test module subclasses it and gives a fixture ``blobs``."""

import anyio
import pytest

from mooring.ports.store import AlreadyExists
from mooring.ports.world import BlobStore

KEY = "123456789012/2026/01/alice-0123456789abcdef0/00001.cast"
BAD_KEYS = [
    "",
    ".",
    "..",
    "../up",
    "a/../b",
    "a/..",
    "./a",
    "/etc/passwd",
    "a//b",
    "a/",
    "a\0b",
    "a\nb",
    "a b",
    "a\\b",
    "a#b",
    "Ünicode",
    "a" * 2000,
    "a" * 201,
]


class BlobContract:
    """Put once, get within bounds, list."""

    async def test_what_is_put_comes_back(self, blobs: BlobStore) -> None:
        content = bytes(range(256)) * 300

        await blobs.put(KEY, content)

        assert await blobs.get(KEY, max_bytes=len(content)) == content

    async def test_nothing_comes_back_for_a_key_that_is_free(self, blobs: BlobStore) -> None:
        await blobs.put("a/b", b"x")

        assert await blobs.get("a", max_bytes=10) is None
        assert await blobs.get("a/b/c", max_bytes=10) is None
        assert await blobs.get("z", max_bytes=10) is None

    async def test_an_empty_blob_is_a_blob(self, blobs: BlobStore) -> None:
        await blobs.put(KEY, b"")

        assert await blobs.get(KEY, max_bytes=0) == b""

    async def test_a_taken_key_keeps_what_it_had(self, blobs: BlobStore) -> None:
        await blobs.put(KEY, b"first")

        with pytest.raises(AlreadyExists):
            await blobs.put(KEY, b"second")

        assert await blobs.get(KEY, max_bytes=100) == b"first"

    async def test_one_of_many_wins_a_key(self, blobs: BlobStore) -> None:
        won: list[int] = []

        async def put(number: int) -> None:
            try:
                await blobs.put(KEY, str(number).encode())
            except AlreadyExists:
                return
            won.append(number)

        async with anyio.create_task_group() as group:
            for number in range(20):
                group.start_soon(put, number)

        assert len(won) == 1
        assert await blobs.get(KEY, max_bytes=100) == str(won[0]).encode()

    async def test_a_blob_over_the_bound_is_refused(self, blobs: BlobStore) -> None:
        await blobs.put(KEY, b"12345")

        with pytest.raises(ValueError, match="at most 4 bytes"):
            await blobs.get(KEY, max_bytes=4)

    async def test_keys_are_listed_by_the_text_they_begin_with(self, blobs: BlobStore) -> None:
        for key in ("b", "a/2", "a/10/x", "ab", "a/1"):
            await blobs.put(key, b"")

        assert await blobs.keys("") == ["a/1", "a/10/x", "a/2", "ab", "b"]
        assert await blobs.keys("a/") == ["a/1", "a/10/x", "a/2"]
        assert await blobs.keys("a/1") == ["a/1", "a/10/x"]
        assert await blobs.keys("a") == ["a/1", "a/10/x", "a/2", "ab"]
        assert await blobs.keys("c/d") == []

    @pytest.mark.parametrize("key", BAD_KEYS)
    async def test_keys_that_could_lead_elsewhere_are_refused(
        self, blobs: BlobStore, key: str
    ) -> None:
        with pytest.raises(ValueError, match="expected a key"):
            await blobs.put(key, b"x")
        with pytest.raises(ValueError, match="expected a key"):
            await blobs.get(key, max_bytes=10)

        assert await blobs.keys("") == []

    @pytest.mark.parametrize("prefix", ["../", "/", "a/../..", "a\0", ".."])
    async def test_prefixes_that_could_lead_elsewhere_are_refused(
        self, blobs: BlobStore, prefix: str
    ) -> None:
        with pytest.raises(ValueError, match="expected the beginning of a key"):
            await blobs.keys(prefix)
