"""``session-manager-plugin``: what the AWS CLI starts to hold a session.

The CLI asks for ``--version`` before every session, so that answer comes before anything is loaded.
Signals get handlers before the rest is loaded too: the CLI starts us with some of them ignored, and
AWS's plugin cannot be interrupted for that reason while it waits for its first connection.
"""

import sys

__all__ = ["VERSION", "main"]

VERSION = "1.2.900.0"
"""Also in ``conversation``, which is not loaded for this answer; a test holds them together."""


def main() -> int:
    """Answer, or run a session; return the exit code."""
    if sys.argv[1:] == ["--version"]:
        sys.stdout.write(f"{VERSION}\n")
        return 0
    # Inside the function, because loading them is what the answer above must not wait for.
    import signal

    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, leave)
    signal.signal(signal.SIGTSTP, signal.SIG_IGN)
    from mooring.cli.plugin.run import run

    return run(sys.argv)


def leave(signal_number: int, _: object) -> None:
    """End before there is a session to end."""
    raise SystemExit(128 + signal_number)


if __name__ == "__main__":
    sys.exit(main())
