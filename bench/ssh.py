"""OpenSSH on loopback as the peer: a server of our own on a free port, with a key of its own."""

from __future__ import annotations

import getpass
import shutil
import socket
import subprocess
import time
from pathlib import Path

__all__ = ["SshServer"]

_READY_S = 10


class SshServer:
    """A running sshd that lets the present user in by a key."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.port = _free_port()
        for name in ("host", "user"):
            subprocess.run(
                ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)],
                check=True,
            )
        shutil.copy(folder / "user.pub", folder / "authorized_keys")
        (folder / "authorized_keys").chmod(0o600)
        Path("/run/sshd").mkdir(exist_ok=True)
        config = folder / "sshd_config"
        config.write_text(
            f"Port {self.port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\n"
            f"AuthorizedKeysFile {folder}/authorized_keys\nPidFile {folder}/pid\n"
            "StrictModes no\nUsePAM no\nPermitRootLogin yes\nPrintMotd no\n"
        )
        sshd = shutil.which("sshd", path="/usr/sbin:/usr/bin") or "sshd"
        self._process = subprocess.Popen([sshd, "-D", "-f", str(config)], stderr=subprocess.DEVNULL)
        self._wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + _READY_S
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise TimeoutError("sshd does not listen")

    def command(self, *words: str) -> list[str]:
        """Return the client's command line."""
        return [
            "ssh", "-F", "none", "-i", str(self._folder / "user"), "-p", str(self.port),
            "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
            "-o", "LogLevel=ERROR", *words, f"{getpass.getuser()}@127.0.0.1",
        ]  # fmt: skip

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port
