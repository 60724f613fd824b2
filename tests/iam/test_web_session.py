"""The words of stages are those that the sign-in answers; nothing is kept that opens a door."""

from dataclasses import fields

import pytest

from mooring.iam.web_session import DeviceGrant, LoginGrant, Stage, WebSession


def test_stages_are_the_words_of_the_answer() -> None:
    assert {stage.value for stage in Stage} == {"mfa", "new-password", "enroll", "done"}


@pytest.mark.parametrize("value", [DeviceGrant, LoginGrant, WebSession])
def test_no_token_is_kept_but_by_its_hash(value: type) -> None:
    names = {field.name for field in fields(value)}

    assert not names & {"token", "secret", "cookie", "device_code", "user_code", "password"}
    assert any(name.endswith("_hash") for name in names)
