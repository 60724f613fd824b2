"""Preferences are read strictly: types, limits, names."""

from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mooring.sessions.document import DocumentProblem, DocumentRefused
from mooring.sessions.preferences import MAX_PROFILE, Preferences, read_preferences
from mooring.wire.session_order import SessionInputs

# The example of the Systems Manager User Guide.
GUIDE: dict[str, object] = {
    "s3BucketName": "",
    "s3KeyPrefix": "",
    "s3EncryptionEnabled": True,
    "cloudWatchLogGroupName": "",
    "cloudWatchEncryptionEnabled": True,
    "cloudWatchStreamingEnabled": True,
    "kmsKeyId": "",
    "runAsEnabled": True,
    "runAsDefaultUser": "",
    "idleSessionTimeout": "20",
    "shellProfile": {"windows": "date", "linux": "pwd;ls"},
}


def test_the_guides_example_is_read() -> None:
    preferences = read_preferences(GUIDE)  # type: ignore[arg-type]

    assert preferences == Preferences(
        inputs=SessionInputs(
            s3_encryption_enabled=True,
            cloud_watch_encryption_enabled=True,
            cloud_watch_streaming_enabled=True,
            run_as_enabled=True,
            shell_profile_windows="date",
            shell_profile_linux="pwd;ls",
        ),
        idle_timeout=timedelta(minutes=20),
    )


def test_nothing_given_is_nothing_preferred() -> None:
    assert read_preferences({}) == Preferences()


@pytest.mark.parametrize(
    ("name", "value", "minutes"),
    [
        ("idleSessionTimeout", "1", 1),
        ("idleSessionTimeout", "60", 60),
        ("maxSessionDuration", "1440", 1440),
        ("maxSessionDuration", 5, 5),
    ],
)
def test_time_limits_are_minutes(name: str, value: str | int, minutes: int) -> None:
    preferences = read_preferences({name: value})

    assert {preferences.idle_timeout, preferences.max_duration} == {
        None,
        timedelta(minutes=minutes),
    }


@pytest.mark.parametrize(
    "inputs",
    [
        {"idleSessionTimeout": "0"},
        {"idleSessionTimeout": "61"},
        {"idleSessionTimeout": "1.5"},
        {"idleSessionTimeout": "-5"},
        {"idleSessionTimeout": True},
        {"idleSessionTimeout": "\uff19"},
        {"idleSessionTimeout": {}},
        {"maxSessionDuration": "1441"},
        {"maxSessionDuration": "9" * 4000},
        {"runAsEnabled": "perhaps"},
        {"runAsEnabled": True, "runAsDefaultUser": "a; id"},
        {"runAsEnabled": True, "runAsDefaultUser": "-x"},
        {"s3BucketName": 5},
        {"s3BucketName": "x" * 3000},
        {"shellProfile": "ls"},
        {"shellProfile": {"linux": 5}},
        {"shellProfile": {"macos": "ls"}},
        {"shellProfile": {"linux": "x" * (MAX_PROFILE + 1)}},
        {"idleTimeout": "5"},
    ],
)
def test_what_cannot_be_meant_is_refused(inputs: dict[str, object]) -> None:
    with pytest.raises(DocumentRefused) as refused:
        read_preferences(inputs)  # type: ignore[arg-type]

    assert refused.value.problem is DocumentProblem.CONTENT
    assert len(refused.value.message) < 400


def test_the_callers_tag_beats_the_default_user() -> None:
    preferences = read_preferences({"runAsEnabled": True, "runAsDefaultUser": "ops"})

    assert preferences.run_as("") == "ops"
    assert preferences.run_as("ann") == "ann"


def test_a_tag_counts_for_nothing_when_run_as_is_off() -> None:
    assert read_preferences({"runAsDefaultUser": "ops"}).run_as("ann") == ""


@pytest.mark.parametrize("tag", ["", "a b", "$(id)", "Ann", "a" * 40])
def test_a_session_never_falls_back_when_a_user_must_be_named(tag: str) -> None:
    preferences = read_preferences({"runAsEnabled": "true"})

    with pytest.raises(DocumentRefused, match="SSMSessionRunAs"):
        preferences.run_as(tag)


@given(
    st.dictionaries(
        st.sampled_from([*GUIDE, "maxSessionDuration", "other"]),
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        max_size=5,
    )
)
def test_any_inputs_are_read_or_refused(inputs: dict[str, bool | int | str | None]) -> None:
    with suppress(DocumentRefused):
        preferences = read_preferences(inputs)

        limits = (preferences.idle_timeout, preferences.max_duration)
        assert all(limit is None or limit >= timedelta(minutes=1) for limit in limits)
