"""The files of ``mooring dev`` are whole, closed to others, and kept between runs."""

from pathlib import Path

import pytest

from mooring.cli.dev_account import KeyPair
from mooring.cli.dev_files import DevDir, DevState, InUse, Running, SampleNode, command_line

STATE = DevState(
    account_id="123456789012",
    region="moon-1",
    domain="mooring.test",
    ca_file="/ca.pem",
    sign_in_url_path="/auth/sign-in?token=x",
    admin=KeyPair(access_key_id="AKIAADMIN", secret_access_key="secret"),  # noqa: S106
    activations={"web-1": "activation"},
)


def test_what_is_remembered_comes_back(tmp_path: Path) -> None:
    folder = DevDir(tmp_path)
    before = folder.read_state()

    folder.write_state(STATE)

    assert before is None
    assert DevDir(tmp_path).read_state() == STATE
    assert (tmp_path / "state.json").stat().st_mode & 0o777 == 0o600


def test_only_one_may_hold_the_folder(tmp_path: Path) -> None:
    folder = DevDir(tmp_path / "new")
    folder.lock()

    with pytest.raises(InUse, match="runs in"):
        DevDir(tmp_path / "new").lock()

    assert folder.path.stat().st_mode & 0o777 == 0o700


def test_profiles_without_a_key_are_left_out(tmp_path: Path) -> None:
    folder = DevDir(tmp_path)

    folder.write_profiles(STATE, "http://127.0.0.1:1")

    assert "limited" not in folder.aws_config.read_text() + folder.aws_credentials.read_text()


def test_the_one_line_survives_a_path_with_blanks() -> None:
    running = Running(
        endpoint_url="", tls_endpoint_url="", console_url="", sign_in_url="", region="",
        account_id="", ca_file="", service_domain="", aws_config_file="/a b/config",
        aws_shared_credentials_file="/c/credentials",
        profiles={"admin": "admin", "limited": "limited"},
        nodes=[SampleNode(name="web-1", instance_id="i-1")],
    )  # fmt: skip

    line = command_line(running)

    assert line.startswith("PATH=")
    assert line.endswith(
        ":$PATH AWS_CONFIG_FILE='/a b/config' AWS_SHARED_CREDENTIALS_FILE=/c/credentials"
        " aws --profile limited ssm start-session --target i-1"
    )
