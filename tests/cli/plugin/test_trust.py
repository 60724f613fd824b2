"""The websocket trusts what the person names, by either variable."""

from pathlib import Path

import pytest
from tests.net.served import certified

from mooring.cli.plugin.settings import load_settings, take_variable
from mooring.cli.plugin.trust import TrustError, trust


def test_a_plain_url_needs_nothing() -> None:
    assert trust("ws://127.0.0.1/x", ("/no/such/file",)) is None


def test_named_authorities_are_added(tmp_path: Path) -> None:
    certified(tmp_path)

    context = trust("wss://host/x", (str(tmp_path / "ca.pem"),))

    assert context is not None
    assert context.check_hostname
    assert any("test" in str(found["subject"]) for found in context.get_ca_certs())


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_file_without_certificates_is_named(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)

    with pytest.raises(TrustError, match=r"ca\.pem"):
        trust("wss://host/x", (str(path),))


def test_both_variables_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", "/a.pem")
    monkeypatch.setenv("SSL_CERT_FILE", "/b.pem")

    assert load_settings().ca_files == ("/a.pem", "/b.pem")


@pytest.mark.parametrize(("value", "expected"), [("1", True), ("", False), ("0", False)])
def test_the_exit_code_is_passed_on_only_when_asked(
    monkeypatch: pytest.MonkeyPatch, value: str, *, expected: bool
) -> None:
    monkeypatch.setenv("MOORING_PLUGIN_EXIT_CODE", value)

    assert load_settings().passes_exit_code is expected


def test_a_variable_is_taken_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_SECRET", "x")

    assert (take_variable("SOME_SECRET"), take_variable("SOME_SECRET")) == ("x", "")
