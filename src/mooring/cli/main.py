"""``mooring``: the command line of people. Reads arguments, calls, prints, exits.

Exit codes: 0 done, 1 it failed or was refused, 2 the command line is wrong; ``start`` exits with
the code of the remote shell, ``verify`` with 1 for what is not whole.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import anyio
import typer

from mooring import __version__
from mooring.cli import audit as audit_log
from mooring.cli import explain, fleet, recording
from mooring.cli.account import Account, AccountError, open_account
from mooring.cli.client import ApiError, Client, Unreachable
from mooring.cli.dev import DevError, DevOptions, run_dev
from mooring.cli.login_commands import credentials, log_in, log_out
from mooring.cli.output import Output, OutputFormat
from mooring.cli.plugin.settings import EXIT_CODE_VARIABLE
from mooring.cli.settings import default_dev_dir, environment_with
from mooring.cli.world import machine_world
from mooring.wire.audit_chain import AuditVerdict
from mooring.wire.errors import RemoteProtocolError

__all__ = ["app", "main"]

app = typer.Typer(
    help="Mooring: reach nodes that open no port.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_PLUGIN = "mooring.cli.plugin.main"
_RESPONSE = "AWS_SSM_START_SESSION_RESPONSE"

Profile = Annotated[str, typer.Option(help="AWS profile to use.")]
Region = Annotated[str, typer.Option(help="Region, if the profile names none.")]
EndpointUrl = Annotated[str, typer.Option(help="The server, if the profile names none.")]
Format = Annotated[OutputFormat, typer.Option("--output", help="How to show results.")]
SessionArgument = Annotated[str, typer.Argument(help="The session's id.", metavar="SESSION")]

_PROBLEMS = (
    AccountError,
    ApiError,
    Unreachable,
    RemoteProtocolError,
    fleet.NodeUnknown,
    recording.KeysUnreadable,
    explain.ContextUnreadable,
    DevError,
    OSError,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """Who calls which server, as the person says it; empty texts are left to the profile."""

    profile: str
    region: str
    endpoint_url: str


@app.callback(invoke_without_command=True)
def start_here(
    version: Annotated[bool, typer.Option("--version", help="Say which version this is.")] = False,  # noqa: FBT002  # how typer takes a flag
) -> None:
    """Mooring: reach nodes that open no port."""
    if version:
        Output(OutputFormat.TABLE).line(f"mooring {__version__}")
        raise typer.Exit


@app.command("nodes")
def list_nodes(
    profile: Profile = "",
    region: Region = "",
    endpoint_url: EndpointUrl = "",
    output_format: Format = OutputFormat.TABLE,
) -> None:
    """List the nodes."""
    output = Output(output_format)
    where = Where(profile=profile, region=region, endpoint_url=endpoint_url)

    async def show(client: Client, _: Account) -> None:
        found = await fleet.nodes(client)
        output.records(fleet.NODE_COLUMNS, found, empty="no nodes yet")

    _do(show, where, output)


@app.command("sessions")
def list_sessions(  # one for each option of the command line
    *,
    history: Annotated[bool, typer.Option("--history", help="Those that are over.")] = False,
    profile: Profile = "",
    region: Region = "",
    endpoint_url: EndpointUrl = "",
    output_format: Format = OutputFormat.TABLE,
) -> None:
    """List sessions, active ones by default."""
    output = Output(output_format)
    where = Where(profile=profile, region=region, endpoint_url=endpoint_url)

    async def show(client: Client, _: Account) -> None:
        found = await fleet.sessions(client, history=history)
        output.records(fleet.SESSION_COLUMNS, found, empty="no sessions")

    _do(show, where, output)


@app.command("start")
def start(  # noqa: PLR0913  # one for each option of the command line
    node: Annotated[str, typer.Argument(help="The node's id or name.", metavar="NODE")],
    reason: Annotated[str, typer.Option(help="Why, for the record.")] = "",
    profile: Profile = "",
    region: Region = "",
    endpoint_url: EndpointUrl = "",
    output_format: Format = OutputFormat.TABLE,
) -> None:
    """Open a shell on a node; exits with the shell's exit code."""
    output = Output(output_format)
    where = Where(profile=profile, region=region, endpoint_url=endpoint_url)
    commands: list[tuple[list[str], dict[str, str]]] = []

    async def ask(client: Client, account: Account) -> None:
        node_id = await fleet.node_id_of(client, node)
        answer = await fleet.start_session(client, node_id, reason)
        commands.append(plugin_command(answer, node_id, account, profile))

    _do(ask, where, output)
    for command, variables in commands:
        os.execve(command[0], command, environment_with(variables))  # noqa: S606  # our plugin


@app.command("play")
def play(  # noqa: PLR0913  # one for each option of the command line
    session: SessionArgument,
    *,
    speed: Annotated[float, typer.Option(min=0.01, max=1000, help="Times as fast.")] = 1.0,
    idle_limit: Annotated[
        float | None, typer.Option(min=0, help="Longest pause, in seconds.")
    ] = None,
    raw: Annotated[bool, typer.Option("--raw", help="The exact bytes, for a file.")] = False,
    profile: Profile = "",
    region: Region = "",
    endpoint_url: EndpointUrl = "",
) -> None:
    """Replay what the node showed; what could harm your terminal is left out."""
    output = Output(OutputFormat.TABLE)
    where = Where(profile=profile, region=region, endpoint_url=endpoint_url)
    if raw and output.is_terminal:
        output.error("--raw is not filtered and so not for a terminal, expected a file or a pipe")
        raise typer.Exit(2)

    async def show(client: Client, _: Account) -> None:
        segments = await recording.fetch(client, session)
        if raw:
            output.exact(recording.exact(segments))
        else:
            await recording.play(segments, output, speed=speed, idle_limit_s=idle_limit)

    _do(show, where, output)


@app.command("verify")
def verify(  # noqa: PLR0913  # one for each option of the command line
    session: Annotated[str, typer.Argument(help="The session's id.", metavar="[SESSION]")] = "",
    *,
    audit: Annotated[bool, typer.Option("--audit", help="The account's audit log.")] = False,
    save: Annotated[
        Path | None, typer.Option(help="Keep the audit log here; checked against next time.")
    ] = None,
    file: Annotated[
        Path | None, typer.Option(help="A kept audit log, checked without a server; with --keys.")
    ] = None,
    keys: Annotated[
        Path | None, typer.Option(help="Public keys to trust, in place of the server's word.")
    ] = None,
    profile: Profile = "",
    region: Region = "",
    endpoint_url: EndpointUrl = "",
    output_format: Format = OutputFormat.TABLE,
) -> None:
    """Check that nothing in a recording, or in the audit log, was changed, moved or left out."""
    output = Output(output_format)
    where = Where(profile=profile, region=region, endpoint_url=endpoint_url)
    if audit == bool(session) or (file is not None and (keys is None or not audit)):
        output.error("expected a session, or --audit with --file and --keys or with neither file")
        raise typer.Exit(2)

    async def check(client: Client, _: Account) -> None:
        if audit:
            _show_audit(await audit_log.check_server(client, pinned=keys, save=save), output)
        else:
            await _verify_recording(client, session, keys, output)

    if file is not None and keys is not None:
        try:
            _show_audit(audit_log.check_file(file, keys), output)
        except _PROBLEMS as error:
            output.error(str(error))
            raise typer.Exit(1) from error
    else:
        _do(check, where, output)


async def _verify_recording(
    client: Client, session: str, keys: Path | None, output: Output
) -> None:
    segments = await recording.fetch(client, session)
    verdict = recording.check(segments, session, await recording.keys(client, keys))
    if output.is_json:
        output.value(recording.as_json(verdict))
    elif verdict.is_whole:
        output.line(f"{session}: whole, {verdict.segments} segments, signed")
    else:
        output.line(f"{session}: {verdict.fault}, {verdict.detail}")
    if not verdict.is_whole:
        raise typer.Exit(1)


def _show_audit(verdict: AuditVerdict, output: Output) -> None:
    if output.is_json:
        output.value(audit_log.as_json(verdict))
    else:
        output.line(audit_log.told(verdict))
    if not verdict.is_whole:
        raise typer.Exit(1)


@app.command("why")
def why(  # noqa: PLR0913  # one for each option of the command line
    *,
    principal: Annotated[str, typer.Option(help="ARN of a user, a role or a role's session.")],
    action: Annotated[str, typer.Option(help="What is to be done, `ssm:StartSession`.")],
    resource: Annotated[str, typer.Option(help="An ARN, or a node's id or name.")] = "",
    document: Annotated[str, typer.Option(help="The session document, if it is named.")] = "",
    context: Annotated[
        list[str] | None, typer.Option(help="A fact of the request, `aws:SourceIp=192.0.2.1`.")
    ] = None,
    profile: Profile = "",
    region: Region = "",
    endpoint_url: EndpointUrl = "",
    output_format: Format = OutputFormat.TABLE,
) -> None:
    """Say why somebody may do something, or may not, and what to change."""
    output = Output(output_format)
    where = Where(profile=profile, region=region, endpoint_url=endpoint_url)
    question = explain.Question(
        principal=principal,
        action=action,
        resource=resource,
        document=document,
        context=tuple(context or ()),
    )

    async def show(client: Client, _: Account) -> None:
        output.told(await explain.why(client, question), explain.why_lines)

    _do(show, where, output)


@app.command("who")
def who(  # noqa: PLR0913  # one for each option of the command line
    *,
    node: Annotated[str, typer.Option(help="The node's id or name.")],
    document: Annotated[
        list[str] | None, typer.Option(help="A session document to ask about; all by default.")
    ] = None,
    with_all: Annotated[bool, typer.Option("--all", help="Show who may not, too.")] = False,
    profile: Profile = "",
    region: Region = "",
    endpoint_url: EndpointUrl = "",
    output_format: Format = OutputFormat.TABLE,
) -> None:
    """Say who can start which kind of session on a node, and by which statement."""
    output = Output(output_format)
    where = Where(profile=profile, region=region, endpoint_url=endpoint_url)

    async def show(client: Client, _: Account) -> None:
        access = await explain.who(client, node, tuple(document or ()))
        output.told(access, lambda told: explain.who_lines(told, with_all=with_all))

    _do(show, where, output)


@app.command("dev")
def dev(  # one for each option of the command line
    data_dir: Annotated[Path | None, typer.Option(help="Where to keep its state.")] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Plain port; 0 for any.")] = 8022,
    tls_port: Annotated[int, typer.Option(min=0, max=65535, help="TLS port; 0 for any.")] = 8443,
    nodes: Annotated[int, typer.Option(min=0, max=50, help="How many sample nodes.")] = 2,
    region: Annotated[str, typer.Option(help="The region's name, any.")] = "ap-northeast-1",
) -> None:
    """Run everything on this machine: a server and sample nodes."""
    output = Output(OutputFormat.TABLE)
    options = DevOptions(
        data_dir=(data_dir or default_dev_dir()).absolute(),
        port=port,
        tls_port=tls_port,
        nodes=nodes,
        region=region,
    )
    try:
        anyio.run(run_dev, options, output)
    except _PROBLEMS as error:
        output.error(str(error))
        raise typer.Exit(1) from error


def plugin_command(
    answer: dict[str, object], node_id: str, account: Account, profile: str
) -> tuple[list[str], dict[str, str]]:
    """Return the command line of our plugin and the variables it needs."""
    arguments = ["StartSession", profile, json.dumps({"Target": node_id}), account.endpoint_url]
    command = [sys.executable, "-P", "-m", _PLUGIN, _RESPONSE, account.region, *arguments]
    variables = {_RESPONSE: json.dumps(answer), EXIT_CODE_VARIABLE: "1"}
    return command, variables


app.command("login")(log_in)
app.command("logout")(log_out)
app.command("credentials")(credentials)


def main() -> None:
    """Run the command line."""
    app(prog_name="mooring")


def _do(act: Callable[[Client, Account], Awaitable[None]], where: Where, output: Output) -> None:
    """Call the server, and tell a person what is wrong in one line."""

    async def call() -> None:
        account = open_account(
            profile=where.profile, region=where.region, endpoint_url=where.endpoint_url
        )
        async with Client(account, now=machine_world().datetime) as client:
            await act(client, account)

    try:
        anyio.run(call)
    except _PROBLEMS as error:
        output.error(str(error))
        raise typer.Exit(1) from error
    except KeyboardInterrupt as error:
        raise typer.Exit(130) from error


if __name__ == "__main__":
    main()
