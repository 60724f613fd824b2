"""Settings: which source wins, and what is said when one is wrong."""

from pathlib import Path

import pytest

from mooring.agent.settings import SETTINGS, AgentSettings, SettingsError, load_settings


def load(
    environment: dict[str, str] | None = None,
    *,
    flags: dict[str, str | int | bool | None] | None = None,
    file: Path | None = None,
    is_root: bool = False,
) -> AgentSettings:
    return load_settings(
        flags=flags or {},
        environment={"HOME": "/home/alice", **(environment or {})},
        config_file=file,
        is_root=is_root,
    )


def test_an_ordinary_user_keeps_state_at_home_and_runs_sessions_as_itself() -> None:
    settings = load()

    assert settings.state_dir == Path("/home/alice/.local/state/mooring-agent")
    assert settings.run_as == "self"
    assert not settings.ssm_user_sudo


def test_root_keeps_state_in_var_lib_and_runs_sessions_as_ssm_user() -> None:
    settings = load(is_root=True)

    assert settings.state_dir == Path("/var/lib/mooring-agent")
    assert settings.run_as == "ssm-user"
    assert not settings.ssm_user_sudo


def test_flags_go_before_the_environment_and_that_before_the_file(tmp_path: Path) -> None:
    file = tmp_path / "agent.toml"
    file.write_text('endpoint = "file"\nca_file = "/file"\n[sessions]\nrun_as = "file"\nlimit = 7')

    settings = load(
        {"MOORING_AGENT_ENDPOINT": "environment", "MOORING_AGENT_SESSIONS_RUN_AS": "environment"},
        flags={"endpoint": "flag", "state_dir": None},
        file=file,
    )

    assert settings.endpoint == "flag"
    assert settings.run_as == "environment"
    assert settings.ca_file == Path("/file")
    assert settings.max_sessions == 7


def test_reports_all_that_is_wrong_with_its_source(tmp_path: Path) -> None:
    file = tmp_path / "agent.toml"
    file.write_text('colour = "red"\n[sessions]\nlimit = 0\nssm_user_sudo = "perhaps"')

    with pytest.raises(SettingsError) as caught:
        load({"MOORING_AGENT_LOG_LEVEL": "loud"}, file=file)

    assert str(caught.value).splitlines() == [
        f"{file}: there is no setting `colour`",
        f"{file}: `sessions.limit`: expected a number from 1 to 10000, got `0`",
        f"{file}: `sessions.ssm_user_sudo`: expected true or false, got `perhaps`",
        "MOORING_AGENT_LOG_LEVEL: `log.level`: expected debug, info, warning or error, got `loud`",
    ]


def test_a_named_file_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no such file"):
        load(file=tmp_path / "missing.toml")


def test_a_file_that_is_no_toml_is_named(tmp_path: Path) -> None:
    file = tmp_path / "agent.toml"
    file.write_text("=")

    with pytest.raises(SettingsError, match=str(file)):
        load(file=file)


def test_inherits_how_the_machine_speaks_and_nothing_else() -> None:
    settings = load({"LANG": "de_DE.UTF-8", "AWS_SECRET_ACCESS_KEY": "x"})

    assert settings.inherited == {"LANG": "de_DE.UTF-8"}


def test_every_setting_says_what_it_means() -> None:
    assert all(setting.meaning for setting in SETTINGS)
    assert len({setting.variable for setting in SETTINGS}) == len(SETTINGS)
