"""AWS's own binaries, and what they run against. Without the binaries these tests do not exist."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.programs import stock_folder
from tests.stock.namespace import Namespace
from tests.stock.site import Site, StockAgent, free_port

collect_ignore_glob = [] if stock_folder() is not None and os.geteuid() == 0 else ["test_*.py"]


@pytest.fixture(scope="session")
def binaries() -> Path:
    """Return the folder of the binaries."""
    folder = stock_folder()
    assert folder is not None
    return folder


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Run a server with TLS."""
    made = Site(tmp_path_factory.mktemp("site"), free_port())
    made.create()
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def agent(
    site: Site, binaries: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[StockAgent]:
    """Run a registered stock agent in its own namespaces."""
    namespace = Namespace.create(tmp_path_factory.mktemp("ns"))
    made = StockAgent(site, namespace, binaries)
    try:
        made.install()
        made.register()
        made.start()
        yield made
    finally:
        namespace.remove()
        made.reap()
