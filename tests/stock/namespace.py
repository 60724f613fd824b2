"""A node of its own for the stock agent: a network and a mount namespace made for one test.

The agent writes to /etc, /var/lib/amazon and /home, makes a user, and wants its endpoints by
name. Inside the mount namespace those folders are overlays or empty, and /etc/hosts names the
server; nothing of it reaches the machine. The network is one veth pair.
"""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Namespace"]

_INSIDE = """
set -e
mount --make-rprivate /
for place in etc home; do
  mkdir -p {scratch}/$place/upper {scratch}/$place/work
  mount -t overlay overlay \
    -o lowerdir=/$place,upperdir={scratch}/$place/upper,workdir={scratch}/$place/work /$place
done
mkdir -p /var/lib /var/log {scratch}/lib {scratch}/log
mkdir -p /var/lib/amazon /var/log/amazon
mount --bind {scratch}/lib /var/lib/amazon
mount --bind {scratch}/log /var/log/amazon
cat {hosts} >> /etc/hosts
exec "$@"
"""


# Other runs on the same machine take other numbers, most likely.
_NUMBERS = itertools.count(os.getpid() % 200 + 1)


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)


@dataclass
class Namespace:
    """One machine as seen by what runs in it; close it with ``remove``."""

    name: str
    folder: Path
    number: int

    @property
    def outside(self) -> str:
        """The address of this machine on the line."""
        return f"10.211.{self.number}.1"

    @property
    def _inside(self) -> str:
        return f"10.211.{self.number}.2"

    @classmethod
    def create(cls, folder: Path) -> Namespace:
        """Make the namespace and the line to it."""
        number = next(_NUMBERS)
        made = cls(f"mooring-{os.getpid()}-{number}", folder, number)
        near, far = f"mo{number}a", f"mo{number}b"
        _run("ip", "netns", "add", made.name)
        _run("ip", "link", "add", near, "type", "veth", "peer", "name", far)
        _run("ip", "link", "set", far, "netns", made.name)
        _run("ip", "addr", "add", f"{made.outside}/30", "dev", near)
        _run("ip", "link", "set", near, "up")
        inside = ("ip", "netns", "exec", made.name, "ip")
        _run(*inside, "addr", "add", f"{made._inside}/30", "dev", far)
        _run(*inside, "link", "set", far, "up")
        _run(*inside, "link", "set", "lo", "up")
        return made

    def command(self, *inside: str, hosts: Mapping[str, str]) -> list[str]:
        """Return the command that runs ``inside`` in both namespaces."""
        scratch = self.folder / "scratch"
        scratch.mkdir(exist_ok=True)
        names = self.folder / "hosts"
        names.write_text("".join(f"{address} {name}\n" for name, address in hosts.items()))
        script = self.folder / "inside.sh"
        script.write_text(_INSIDE.format(scratch=scratch, hosts=names))
        return [
            "ip", "netns", "exec", self.name, "unshare", "-m", "sh", str(script), *inside,
        ]  # fmt: skip

    def cut(self) -> None:
        """Take the line down, as if somebody pulled the plug."""
        _run("ip", "link", "set", f"mo{self.number}a", "down")

    def mend(self) -> None:
        """Plug the line in again."""
        _run("ip", "link", "set", f"mo{self.number}a", "up")

    def remove(self) -> None:
        """End what still runs inside, and take the namespace away."""
        pids = subprocess.run(
            ["ip", "netns", "pids", self.name], check=True, capture_output=True, text=True
        )
        for pid in pids.stdout.split():
            os.kill(int(pid), signal.SIGKILL)
        _run("ip", "netns", "del", self.name)
        shutil.rmtree(self.folder / "scratch", ignore_errors=True)
