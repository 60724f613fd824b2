"""moto's own server on a port of its choice, for ``bench.door``; the port is the first line.

It runs on one core, in the process and with the classes that the ``moto_server`` command uses.
"""

from __future__ import annotations

import logging
import threading

from moto.moto_server.threaded_moto_server import ThreadedMotoServer

from bench.process import pin

__all__ = ["main"]


def main() -> None:
    """Serve until SIGTERM."""
    pin(0)
    logging.disable(logging.INFO)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    print(server.get_host_and_port()[1], flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
