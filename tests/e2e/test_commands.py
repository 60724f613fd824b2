"""Commands of documents on our own agent: what runs, how it ends, and what is refused in words."""

import pexpect
from tests.e2e.dev import BIN, Dev


def run(dev: Dev, document: str, *parameters: str) -> "pexpect.spawn[str]":
    """Start a session of a document through the stock AWS CLI, on a terminal."""
    child: pexpect.spawn[str] = pexpect.spawn(
        str(BIN / "aws"),
        ["--profile", "admin", "ssm", "start-session", "--target", dev.node(0),
         "--document-name", document, "--parameters", *parameters],
        env=dev.environment(),
        encoding="utf-8",
        timeout=30,
        dimensions=(30, 100),
    )  # fmt: skip
    return child


def test_an_interactive_command_has_a_terminal_and_hears_its_person(dev: Dev) -> None:
    child = run(
        dev,
        "AWS-StartInteractiveCommand",
        'command=["echo ready; read word; echo got-$word-; stty size"]',
    )
    child.expect("ready")

    child.sendline("anchor")
    child.expect("got-anchor-")
    child.expect("30 100")

    child.expect("Exiting session with sessionId")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0


def test_what_this_agent_cannot_run_is_refused_in_words_at_once(dev: Dev) -> None:
    child = run(dev, "AWS-StartNonInteractiveCommand", 'command=["true"]')

    child.expect("does not know sessions of type `NonInteractiveCommands`", timeout=15)
    child.expect(pexpect.EOF)
    child.close()
