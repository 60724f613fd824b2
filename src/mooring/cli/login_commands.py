"""The commands ``login``, ``logout`` and ``credentials``."""

from __future__ import annotations

import re
import shlex
import socket
import sys
import webbrowser
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import anyio
import anyio.to_thread
import typer

from mooring.cli.aws_config import ProfileTaken, with_profile, without_profile, write_private
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
from mooring.cli.output import Output, OutputFormat
from mooring.cli.settings import aws_config_file, logins_dir
from mooring.secret import Secret

__all__ = ["credentials", "log_in", "log_out", "process_line"]

T = TypeVar("T")

ProfileName = Annotated[str, typer.Option("--profile", help="AWS profile of the login.")]

_REGION = re.compile(r"[a-z0-9-]{1,64}")
_MODULE = "mooring.cli.credential_process"
_PROBLEMS = (LoginError, ProfileTaken, OSError)


def log_in(
    *,
    endpoint_url: Annotated[str, typer.Option(help="The server, such as https://host:8443.")],
    profile: ProfileName = "mooring",
    ca_file: Annotated[Path | None, typer.Option(help="Authority of the server.")] = None,
    browser: Annotated[bool, typer.Option(help="Open the page here.")] = True,
) -> None:
    """Sign in by the browser, and write a profile that the AWS CLI refreshes."""
    output = Output(OutputFormat.TABLE)
    ca_path = str(ca_file.expanduser().absolute()) if ca_file is not None else ""
    path = _checked(output, lambda: login_path(logins_dir(), profile))

    async def act() -> None:
        # A profile that cannot be written is told before anybody is sent to a browser.
        _profile_text(profile, {})
        async with LoginServer(endpoint_url, ca_file=ca_path) as server:
            asked = await server.ask(f"mooring on {socket.gethostname()}")
            output.notice(f"Open {asked.url_with_code}")
            output.notice(f"and check that it shows the code {asked.user_code}")
            if browser:
                await anyio.to_thread.run_sync(webbrowser.open, asked.url_with_code)
            granted = await wait_for_consent(server, asked, sleep=anyio.sleep)
        try:
            login = Login(
                endpoint_url=endpoint_url,
                ca_file=ca_path,
                region=str(granted["region"]),
                account_id=str(granted["account_id"]),
                user_name=str(granted["user_name"]),
                refresh_token=str(granted["refresh_token"]),
            )
        except KeyError as error:
            raise LoginError(f"expected a grant, got one without {error}") from error
        # It goes into a file whose lines name programs to run.
        if not _REGION.fullmatch(login.region):
            raise LoginError(f"expected the name of a region, got {login.region!r}")
        write_login(path, login)
        write_private(aws_config_file(), _profile_text(profile, _settings(login, profile)))
        output.line(
            f"You are {login.user_name} of account {login.account_id}. "
            f"Try: aws --profile {profile} sts get-caller-identity"
        )

    _run(output, act)


def log_out(*, profile: ProfileName = "mooring") -> None:
    """Give the login back: its keys stop working, and its profile goes."""
    output = Output(OutputFormat.TABLE)
    path = _checked(output, lambda: login_path(logins_dir(), profile))
    login = _checked(output, lambda: read_login(path))

    async def act() -> None:
        async with LoginServer(login.endpoint_url, ca_file=login.ca_file) as server:
            await server.revoke(Secret(login.refresh_token))

    try:
        _run(output, act)
    finally:
        # Whoever logs out wants the secret gone, whether or not the server could be told.
        path.unlink(missing_ok=True)
        config = aws_config_file()
        if config.is_file():
            write_private(config, without_profile(config.read_text(), profile))


def credentials(*, profile: ProfileName = "mooring") -> None:
    """Print keys of the login as credential_process wants them."""
    output = Output(OutputFormat.JSON)
    path = _checked(output, lambda: login_path(logins_dir(), profile))
    login = _checked(output, lambda: read_login(path))

    async def act() -> None:
        output.value(await credentials_of(login))

    _run(output, act)


def process_line(profile: str) -> str:
    """Return the command that the AWS CLI runs for keys; it need not be on the search path."""
    return shlex.join([sys.executable, "-P", "-m", _MODULE, profile])


def _settings(login: Login, profile: str) -> dict[str, str]:
    settings = {
        "credential_process": process_line(profile),
        "region": login.region,
        "endpoint_url": login.endpoint_url,
    }
    if login.ca_file:
        settings["ca_bundle"] = login.ca_file
    return settings


def _profile_text(profile: str, settings: dict[str, str]) -> str:
    config = aws_config_file()
    return with_profile(config.read_text() if config.is_file() else "", profile, settings)


def _checked(output: Output, look: Callable[[], T]) -> T:
    try:
        return look()
    except _PROBLEMS as error:
        output.error(str(error))
        raise typer.Exit(1) from error


def _run(output: Output, act: Callable[[], Awaitable[None]]) -> None:
    try:
        anyio.run(act)
    except _PROBLEMS as error:
        output.error(str(error))
        raise typer.Exit(1) from error
    except KeyboardInterrupt as error:
        raise typer.Exit(130) from error
