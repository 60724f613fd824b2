"""The programs that the larger tests want, and what is not run without them.

``--install`` installs the missing Debian packages when that is possible (root, apt-get);
``--report`` is the last thing that ``make test`` prints. With ``CI=true`` a missing program is a
failure, except AWS's own binaries, which nobody may ship.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

__all__ = ["PROGRAMS", "Program", "missing", "stock_folder"]


@dataclass(frozen=True)
class Program:
    """A program, the package that brings it, and the tests that need it."""

    name: str
    package: str
    tests: str


PROGRAMS = (
    Program("sshd", "openssh-server", "bench (ssh as the peer)"),
    Program("ip", "iproute2", "tests/stock and tests/e2e/test_network.py"),
    Program("useradd", "passwd", "tests/agent/test_runas.py"),
    Program("chromium", "chromium", "tests/e2e/test_console.py"),
)
STOCK = ("amazon-ssm-agent", "ssm-agent-worker", "ssm-session-worker", "session-manager-plugin")


def missing() -> tuple[Program, ...]:
    """Return the programs that are not here; sbin counts even where PATH lacks it."""
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    return tuple(row for row in PROGRAMS if shutil.which(row.name, path=path) is None)


def stock_folder() -> Path | None:
    """Return the folder of AWS's own binaries, when one is named and whole."""
    named = os.environ.get("MOORING_STOCK_BIN", "")
    folder = Path(named)
    whole = bool(named) and all((folder / name).is_file() for name in STOCK)
    return folder if whole else None


def install() -> int:
    packages = sorted({row.package for row in missing()})
    if not packages:
        return 0
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        print(f"not installed (needs root and apt-get): {' '.join(packages)}")
        return 0
    env = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "-qq"], check=False, env=env)
    command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
    return subprocess.run(command, check=False, env=env, stdout=subprocess.DEVNULL).returncode


def report() -> int:
    lacking = missing()
    notes = [f"{row.tests} lacks {row.name} (package {row.package})" for row in lacking]
    if stock_folder() is None:
        notes.append("tests/stock lacks AWS's own binaries (MOORING_STOCK_BIN)")
    print("not run: " + ("; ".join(notes) if notes else "nothing"))
    return 1 if lacking and os.environ.get("CI") == "true" else 0


def main() -> int:
    """Do what the one argument says."""
    return install() if sys.argv[1:] == ["--install"] else report()


if __name__ == "__main__":
    sys.exit(main())
