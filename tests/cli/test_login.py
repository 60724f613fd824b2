"""Waiting for consent, keeping the secret, fetching keys: and what each says when it fails."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.cli.login_server import KEYS, Answers, serving

from mooring.cli.login import (
    Login,
    LoginError,
    LoginServer,
    credentials_of,
    login_path,
    read_login,
    wait_for_consent,
    write_login,
)

GRANT = {"refresh_token": "1.2.3", "region": "r", "account_id": "1", "user_name": "ann"}


@pytest.fixture
def answers() -> Iterator[Answers]:
    with serving() as answered:
        yield answered


def login(url: str = "https://h:8443") -> Login:
    return Login(
        endpoint_url=url,
        ca_file="",
        region="r",
        account_id="1",
        user_name="ann",
        refresh_token="1.2.3",  # noqa: S106
    )


async def waited(answers: Answers, *outcomes: Any) -> tuple[Any, list[float]]:  # noqa: ANN401 - any
    answers.of["token"] = [
        (400, {"error": one}) if isinstance(one, str) else (200, one) for one in outcomes
    ]
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    async with LoginServer(answers.url, ca_file="") as server:
        asked = await server.ask("a laptop")
        return await wait_for_consent(server, asked, sleep=sleep), slept


async def test_polling_goes_on_until_somebody_consents(answers: Answers) -> None:
    granted, slept = await waited(answers, "authorization_pending", "slow_down", GRANT)

    assert granted == GRANT
    assert slept == [2, 2, 7]
    assert answers.asked[0] == ("device_authorization", {"client_name": "a laptop"})
    assert answers.asked[1][1]["device_code"] == "device"


@pytest.mark.parametrize(
    ("outcome", "told"),
    [
        ("access_denied", "refused in the browser"),
        ("expired_token", "time is over"),
        ("something_new", "something_new"),
        ("authorization_pending", "time is over"),
    ],
)
async def test_without_consent_there_is_nothing(answers: Answers, outcome: str, told: str) -> None:
    with pytest.raises(LoginError, match=told):
        await waited(answers, outcome)


@pytest.mark.parametrize(
    "told",
    [
        {},
        [],
        b"<html>",
        {
            "device_code": "d",
            "user_code": "u",
            "interval": 1,
            "expires_in": 1,
            "verification_uri": "https://evil.example/",
            "verification_uri_complete": "https://evil.example/",
        },
    ],
)
async def test_a_server_that_is_none_of_ours_is_told_and_opens_no_page(
    answers: Answers, told: object
) -> None:
    answers.of["device_authorization"] = [(200, told)]

    async with LoginServer(answers.url, ca_file="") as server:
        with pytest.raises(LoginError, match="expected"):
            await server.ask("a laptop")


def test_a_secret_does_not_travel_in_the_clear() -> None:
    with pytest.raises(LoginError, match="expected an https url"):
        LoginServer("http://mooring.example:8022", ca_file="")


async def test_keys_come_as_credential_process_wants_them(answers: Answers) -> None:
    answers.of["token"] = [(200, {**KEYS, "More": "x"})]

    keys = await credentials_of(login(answers.url))

    assert keys == {"Version": 1, **KEYS}
    assert answers.asked[-1][1] == {"grant_type": "refresh_token", "refresh_token": "1.2.3"}


async def test_a_login_that_ended_says_so(answers: Answers) -> None:
    answers.of["token"] = [(400, {"error": "invalid_grant"})]

    with pytest.raises(LoginError, match="log in again"):
        await credentials_of(login(answers.url))


def test_the_secret_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = login_path(tmp_path / "logins", "mooring")
    write_login(path, login())
    write_login(path, login())

    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert read_login(path) == login()
    assert [one.name for one in path.parent.iterdir()] == ["mooring.json"]
    path.chmod(0o640)
    with pytest.raises(LoginError, match="read by others"):
        read_login(path)


def test_what_is_missing_or_damaged_is_told(tmp_path: Path) -> None:
    path = tmp_path / "mooring.json"
    with pytest.raises(LoginError, match="`mooring` is not logged in"):
        read_login(path)
    path.touch(mode=0o600)
    with pytest.raises(LoginError, match="damaged"):
        read_login(path)


@pytest.mark.parametrize("profile", ["", "../x", "a b", "a]", "x" * 65])
def test_a_profile_is_a_plain_name(tmp_path: Path, profile: str) -> None:
    with pytest.raises(LoginError, match="as a profile"):
        login_path(tmp_path, profile)
