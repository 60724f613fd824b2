"""The helper process answers every line, whatever stands in it."""

import json
import subprocess
import sys
from typing import Any

import anyio.to_thread
from tests.cli.plugin.gateway import ROOT, environment, serving


def ask(*questions: dict[str, Any] | str, **more: str) -> list[dict[str, Any]]:
    lines = [q if isinstance(q, str) else json.dumps(q) for q in questions]
    result = subprocess.run(  # our own program
        [sys.executable, "-P", "-m", "mooring.cli.plugin.calls"],
        input="\n".join(lines) + "\n",
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env=environment(**more),
        timeout=20,
    )
    return [json.loads(line) for line in result.stdout.splitlines()]


def question(port: int = 1, operation: str = "ResumeSession") -> dict[str, Any]:
    return {
        "Operation": operation,
        "SessionId": "ann-1",
        "Region": "moon-1",
        "Profile": "",
        "EndpointUrl": f"http://127.0.0.1:{port}",
    }


async def test_it_calls_and_answers_line_by_line() -> None:
    async with serving() as gateway:
        questions = (question(gateway.port), question(gateway.port, "TerminateSession"))
        answers = await anyio.to_thread.run_sync(lambda: ask(*questions))

    assert gateway.calls == ["ResumeSession", "TerminateSession"]
    assert answers[0]["Answer"]["TokenValue"] == "token-2"


async def test_a_refusal_is_final_and_a_server_error_is_not() -> None:
    async with serving() as gateway:
        gateway.refuses_calls = (400, "AccessDeniedException")
        refused = await anyio.to_thread.run_sync(lambda: ask(question(gateway.port)))
        gateway.refuses_calls = (503, "ServiceUnavailable")
        failed = await anyio.to_thread.run_sync(lambda: ask(question(gateway.port)))
        gateway.refuses_calls = (400, "ThrottlingException")
        throttled = await anyio.to_thread.run_sync(lambda: ask(question(gateway.port)))

    assert "AccessDeniedException" in refused[0]["Problem"]
    assert not refused[0].get("Again")
    assert failed[0]["Again"]
    assert throttled[0]["Again"]


def test_a_server_that_is_away_is_worth_another_try() -> None:
    (answer,) = ask(question())

    assert answer["Again"]
    assert "cannot reach" in answer["Problem"]


def test_nonsense_and_other_operations_are_refused_and_it_goes_on() -> None:
    answers = ask("not json", "[]", question(operation="DeleteEverything"), "{}")

    assert all("Problem" in answer for answer in answers)
    assert len(answers) == 4


def test_a_profile_that_does_not_exist_is_told() -> None:
    (answer,) = ask({**question(), "Profile": "nobody"})

    assert "nobody" in answer["Problem"]
    assert not answer.get("Again")


def test_the_authorities_of_the_environment_are_told() -> None:
    (answer,) = ask(question(operation="CaFile"), AWS_CA_BUNDLE="/etc/ca.pem")

    assert answer == {"Answer": {"CaFile": "/etc/ca.pem"}}
