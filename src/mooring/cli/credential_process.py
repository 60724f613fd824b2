"""What the AWS CLI runs for keys: ``python -m mooring.cli.credential_process PROFILE``.

The same as ``mooring credentials``, without the libraries of a command line for people: it runs
before every command of the AWS CLI.
"""

from __future__ import annotations

import json
import sys

import anyio

from mooring.cli.login import LoginError, credentials_of, login_path, read_login
from mooring.cli.settings import logins_dir

__all__ = ["main"]


def main(arguments: list[str]) -> int:
    """Print keys of a profile's login as JSON, or say why there are none."""
    if len(arguments) != 1:
        sys.stderr.write("mooring: expected the name of one profile\n")
        return 2
    try:
        login = read_login(login_path(logins_dir(), arguments[0]))
        keys = anyio.run(credentials_of, login)
    except (LoginError, OSError) as error:
        sys.stderr.write(f"mooring: {error}\n")
        return 1
    sys.stdout.write(json.dumps(keys) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
