"""Our agent behind a line that is cut and mended."""

import os
import re
import shutil
import time
from collections.abc import Iterator

import pexpect
import pytest
from tests.e2e.own_node import OwnNode
from tests.stock.namespace import Namespace
from tests.stock.site import Site, free_port

pytestmark = pytest.mark.timeout(200)
if os.geteuid() != 0 or shutil.which("ip") is None:  # counted by tests/programs.py
    collect_ignore = [__file__]

PROMPT = r"[$#] "


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnNode]:
    """Run a server, and our agent in a namespace of its own."""
    site = Site(tmp_path_factory.mktemp("site"), free_port())
    site.create()
    site.start()
    namespace = Namespace.create(tmp_path_factory.mktemp("ns"))
    made = OwnNode(site, namespace)
    try:
        made.register()
        made.start()
        yield made
    finally:
        namespace.remove()
        if made.process is not None:
            made.process.wait(timeout=10)
        site.stop()


def test_runs_sessions_as_ssm_user_without_the_rights_of_root(node: OwnNode) -> None:
    shell = node.site.shell(node.node_id, plugin_folder=None)
    shell.expect("Starting session with SessionId")
    shell.expect(PROMPT)

    shell.sendline("id -un; sudo -n true || echo no-$((1))-sudo; env | grep -c '^AWS_\\|^MOORING'")
    shell.expect("ssm-user")
    shell.expect("no-1-sudo")
    shell.expect("\n0")

    shell.sendline("exit 3")
    shell.expect(pexpect.EOF)
    shell.close()


def test_a_shell_survives_thirty_seconds_without_a_line(node: OwnNode) -> None:
    shell = node.site.shell(node.node_id, plugin_folder=None)
    shell.expect("Starting session with SessionId")
    shell.expect(PROMPT)
    shell.sendline(
        "for i in $(seq 1 160); do echo tick-$i-; sleep 0.25; done; echo all-$((1+1))-done"
    )
    shell.expect("tick-5-")

    node.namespace.cut()
    time.sleep(30)  # the length of the cut is what is tested
    node.namespace.mend()
    mended = time.monotonic()
    shell.expect(r"tick-(\d+)-")
    back = time.monotonic() - mended
    found = shell.match
    assert isinstance(found, re.Match)
    first = int(found.group(1))
    shell.expect("all-2-done", timeout=60)
    seen = shell.before or ""

    for number in range(first + 1, 161):
        assert seen.count(f"tick-{number}-") == 1, number
    assert back < 5
    shell.sendline("exit")
    shell.expect(pexpect.EOF)
    shell.close()


def test_a_line_that_dies_silently_is_noticed_and_comes_back(node: OwnNode) -> None:
    node.namespace.cut()
    cut = time.monotonic()
    node.site.wait_until(lambda: node.status() == "ConnectionLost", "the server notices")
    noticed = time.monotonic() - cut

    node.namespace.mend()
    mended = time.monotonic()
    node.site.wait_until(lambda: node.status() == "Online", "the node is back")
    back = time.monotonic() - mended

    assert noticed < 46
    assert back < 5
