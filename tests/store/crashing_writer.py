"""A program that writes for ever and says what was acknowledged; its test kills it."""

import sys
from pathlib import Path

import anyio

sys.path.insert(0, str(Path(__file__).parent.parent.parent))

from tests.contracts.rows import ACCOUNT, a_node, an_event

from mooring.ports.tables import Transaction
from mooring.store.database import open_store

CALLERS = 20


async def main(path: Path) -> None:
    """Write nodes and events from many callers at once."""
    async with open_store(path) as store:

        async def write_on(caller: int) -> None:
            number = 0
            while True:
                node_id = f"mi-{caller}-{number}"

                def work(tx: Transaction, node_id: str = node_id) -> None:
                    tx.nodes.put(a_node(node_id))
                    tx.audit.append(an_event())

                await store.write(ACCOUNT, work)
                sys.stdout.write(f"{node_id}\n")
                sys.stdout.flush()
                number += 1

        async with anyio.create_task_group() as group:
            for caller in range(CALLERS):
                group.start_soon(write_on, caller)


if __name__ == "__main__":
    anyio.run(main, Path(sys.argv[1]))
