"""A secret shows itself only to whoever asks for it by name."""

from mooring.secret import Secret


def test_never_prints_its_text() -> None:
    secret = Secret("hunter2")

    shown = f"{secret} {secret!r} {[secret]}"

    assert "hunter2" not in shown
    assert secret.reveal() == "hunter2"


def test_equals_only_a_secret_of_the_same_text() -> None:
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert len({Secret("a"), Secret("a")}) == 1
