"""Names of segments: sorted as they follow each other, and read back."""

import pytest

from mooring.recordings.recording import recording_prefix, segment_index, segment_key


def test_names_sort_as_the_segments_follow_each_other() -> None:
    keys = [segment_key("123456789012", "ann-1", index) for index in (0, 2, 9, 10, 99, 100_000)]

    assert sorted(keys) == keys
    assert [segment_index(key) for key in keys] == [0, 2, 9, 10, 99, 100_000]


def test_a_name_lies_below_its_session_and_no_other() -> None:
    key = segment_key("123456789012", "ann-1", 7)

    assert key == "recordings/123456789012/ann-1/000007.seg"
    assert key.startswith(recording_prefix("123456789012", "ann-1"))
    assert not segment_key("123456789012", "ann-10", 7).startswith(
        recording_prefix("123456789012", "ann-1")
    )


@pytest.mark.parametrize("key", ["", "recordings/1/ann-1/", "recordings/1/ann-1/x.seg"])
def test_what_is_no_name_has_no_number(key: str) -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        segment_index(key)
