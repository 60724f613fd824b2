"""Our lines come and go; whatever else is in the file stays as it was."""

import configparser
from pathlib import Path

import pytest

from mooring.cli.aws_config import ProfileTaken, with_profile, without_profile, write_private

OURS = {
    "credential_process": "python -m x mooring",
    "region": "r",
    "endpoint_url": "https://h:8443",
    "ca_bundle": "/ca.pem",
}
OTHER = "# mine\n[default]\nregion = us-east-1  \n\n[profile work]\nsso_session = s\n"


def settings(text: str, section: str) -> dict[str, str]:
    parser = configparser.RawConfigParser()
    parser.read_string(text)
    return dict(parser.items(section))


def test_a_new_profile_is_added_below_the_others() -> None:
    text = with_profile(OTHER, "mooring", OURS)

    assert text.startswith(OTHER)
    assert settings(text, "profile mooring") == OURS
    assert with_profile("", "mooring", OURS).startswith("[profile mooring]\n")


def test_an_old_profile_is_brought_up_to_date_and_keeps_what_is_not_ours() -> None:
    old = (
        "[ profile  mooring ]\noutput = table\nregion = old\nendpoint_url = old\n\n"
        "[profile b]\na = 1\n"
    )

    text = with_profile(old, "mooring", {**OURS, "region": "new"})

    assert settings(
        text.replace("[ profile  mooring ]", "[profile mooring]"), "profile mooring"
    ) == {
        **OURS,
        "region": "new",
        "output": "table",
    }
    assert text.endswith("[profile b]\na = 1\n")
    assert with_profile(text, "mooring", {**OURS, "region": "new"}) == text


def test_the_default_profile_has_a_heading_of_its_own() -> None:
    text = with_profile(OTHER, "default", OURS)

    assert text.count("[default]") == 1
    assert settings(text, "default") == OURS


@pytest.mark.parametrize("line", ["aws_access_key_id = AKIA", "role_arn=x", "sso_session = s"])
def test_a_profile_with_other_credentials_is_left_alone(line: str) -> None:
    with pytest.raises(ProfileTaken, match="choose another name"):
        with_profile(f"[profile mooring]\n{line}\n", "mooring", OURS)


def test_logging_out_takes_back_what_logging_in_wrote() -> None:
    assert without_profile(with_profile(OTHER, "mooring", OURS), "mooring") == OTHER
    assert without_profile(with_profile("", "mooring", OURS), "mooring") == ""
    kept = without_profile("[profile mooring]\nregion = r\noutput = json\n", "mooring")
    assert kept == "[profile mooring]\noutput = json\n"
    assert without_profile(OTHER, "mooring") == OTHER


def test_a_file_is_replaced_whole_and_a_new_one_is_private(tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / "link"
    real.write_text("old")
    real.chmod(0o644)
    link.symlink_to(real)

    write_private(link, "new")
    write_private(tmp_path / "aws" / "config", "new")

    assert real.read_text() == "new"
    assert link.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o644
    assert (tmp_path / "aws" / "config").stat().st_mode & 0o777 == 0o600
    assert sorted(one.name for one in tmp_path.iterdir()) == ["aws", "link", "real"]
