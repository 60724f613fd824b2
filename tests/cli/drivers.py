"""Programs that run the supervisor and ``mooring dev`` in a process of their own.

Both adopt and end every child of their process, which must not be the test runner's.
"""

import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import anyio

from mooring.cli.dev import DevError, DevOptions, Programs, run_dev
from mooring.cli.output import Output, OutputFormat
from mooring.cli.settings import environment_with
from mooring.cli.supervisor import Failed, Pace, Program, Supervisor

FAKES = str(Path(__file__).parent / "fake_programs.py")


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


async def supervise(log: str, code: str) -> None:
    """Keep ``python -c CODE`` until SIGTERM."""
    supervisor = Supervisor(environment=environment_with, notice=say, pace=Pace(stop_s=0.5))
    program = Program(name="child", command=(sys.executable, "-c", code), log=Path(log))
    with anyio.open_signal_receiver(signal.SIGTERM) as signals:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(supervisor.reap_orphans)
            tasks.start_soon(supervisor.keep, program)
            async for _ in signals:
                break
            tasks.cancel_scope.cancel()
        say("nothing is left" if await supervisor.stop() else "something is left")


async def once(log: str, code: str) -> None:
    """Run ``python -c CODE`` once."""
    supervisor = Supervisor(environment=environment_with, notice=say)
    program = Program(name="child", command=(sys.executable, "-c", code), log=Path(log))
    try:
        say(f"printed {(await supervisor.run_once(program)).decode()}")
    except Failed as error:
        say(str(error))


async def dev(data_dir: str, port: str, nodes: str) -> None:
    """Run ``mooring dev`` with programs that are not the real ones."""
    options = DevOptions(
        data_dir=Path(data_dir), port=int(port), tls_port=0, nodes=int(nodes), region="moon-1"
    )
    programs = Programs(
        server=(sys.executable, FAKES, "server"), agent=(sys.executable, FAKES, "agent")
    )
    try:
        await run_dev(options, Output(OutputFormat.TABLE), programs)
    except DevError as error:
        say(f"refused: {error}")


if __name__ == "__main__":
    acts: dict[str, Callable[..., Awaitable[None]]] = {
        "supervise": supervise,
        "once": once,
        "dev": dev,
    }
    anyio.run(acts[sys.argv[1]], *sys.argv[2:])
