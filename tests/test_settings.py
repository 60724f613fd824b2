"""Settings: file, then environment, then flag; every wrong one is told with where it came from."""

from dataclasses import fields, replace
from datetime import timedelta
from pathlib import Path

import pytest

from mooring.operations.world import DefaultDocumentCheck
from mooring.settings import SETTINGS, ServerSettings, SettingsError, load, site, write_file

NONE: dict[str, str] = {}


def test_without_anything_the_defaults_stand(tmp_path: Path) -> None:
    assert load(tmp_path, env=NONE, flags={}) == ServerSettings()


def test_every_field_is_a_setting_and_its_default_is_valid() -> None:
    assert [field.name for field in fields(ServerSettings)] == list(SETTINGS)
    for field in fields(ServerSettings):
        assert SETTINGS[field.name](field.default) == field.default


def test_the_last_of_file_environment_and_flag_wins(tmp_path: Path) -> None:
    (tmp_path / "mooring.toml").write_text('region = "a"\nport = 1\ndomain = "file.example"\n')
    env = {"MOORING_REGION": "b", "MOORING_PORT": "2", "MOORING_DATA": "not ours"}

    settings = load(tmp_path, env=env, flags={"region": "c", "host": None})

    assert (settings.region, settings.port, settings.domain) == ("c", 2, "file.example")


def test_every_wrong_setting_is_told_with_its_source(tmp_path: Path) -> None:
    path = tmp_path / "mooring.toml"
    path.write_text("prot = 1\nport = 70000\n")

    with pytest.raises(SettingsError) as wrong:
        load(tmp_path, env={"MOORING_LOG_LEVEL": "loud"}, flags={"region": "EU"})

    assert str(wrong.value).splitlines() == [
        f"{path}: no setting is called `prot`",
        f"{path}: port is `70000`, expected a whole number from 0 to 65535",
        "environment: log_level is `loud`, expected one of DEBUG, INFO, WARNING, ERROR",
        "flag: region is `EU`, expected a region: lower-case letters, digits and hyphens",
    ]


@pytest.mark.parametrize("text", ["port =", "port = 1\nport = 2", "\x00"])
def test_a_file_that_is_no_toml_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "mooring.toml"
    path.write_text(text)

    with pytest.raises(SettingsError, match=r"mooring\.toml: "):
        load(tmp_path, env=NONE, flags={})


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "mooring.toml").write_bytes(b"region = '\xff'")

    with pytest.raises(SettingsError, match=r"mooring\.toml: "):
        load(tmp_path, env=NONE, flags={})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("region", ""),
        ("region", 5),
        ("domain", "-a"),
        ("domain", "A.example"),
        ("host", "localhost"),
        ("host", "dead"),
        ("host", "1.2.3"),
        ("port", True),
        ("port", "x"),
        ("port", -1),
        ("port", 1.5),
        ("default_document_check", "never"),
        ("start_deadline_s", 0),
        ("maximum_session_s", 59),
        ("client_grace_s", 0),
    ],
)
def test_a_wrong_value_is_refused(tmp_path: Path, name: str, value: object) -> None:
    with pytest.raises(SettingsError, match=f"flag: {name} is `{value}`, expected"):
        load(tmp_path, env=NONE, flags={name: value})


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "::1", "192.0.2.1"])  # noqa: S104 - a setting
def test_an_address_is_taken_as_it_is(tmp_path: Path, host: str) -> None:
    assert load(tmp_path, env=NONE, flags={"host": host}).host == host


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    settings = replace(
        ServerSettings(), region="eu-1", domain="a.example", host="::1", port=0, client_grace_s=7
    )

    write_file(tmp_path, settings)

    assert load(tmp_path, env=NONE, flags={}) == settings


def test_only_what_differs_is_written(tmp_path: Path) -> None:
    write_file(tmp_path, ServerSettings(port=1))

    assert (tmp_path / "mooring.toml").read_text() == "port = 1\n"


def test_the_site_is_what_the_settings_say() -> None:
    made = site(
        ServerSettings(
            region="r",
            domain="d",
            default_document_check="always",
            start_deadline_s=3,
            maximum_session_s=60,
        )
    )

    assert (made.region, made.domain) == ("r", "d")
    assert made.default_document_check is DefaultDocumentCheck.ALWAYS
    assert made.start_deadline == timedelta(seconds=3)
    assert made.maximum_session == timedelta(minutes=1)


def with_sso(tmp_path: Path) -> ServerSettings:
    (tmp_path / "secret").write_text("the secret\n")
    return ServerSettings(
        oidc_issuer="https://id.example.com",
        oidc_client_id="mooring",
        oidc_client_secret_file=str(tmp_path / "secret"),
        oidc_roles="ops=arn:aws:iam::111122223333:role/Ops",
    )


def test_without_an_issuer_there_is_no_single_sign_on() -> None:
    assert site(ServerSettings()).single_sign_on is None


def test_single_sign_on_reads_its_secret_from_a_file(tmp_path: Path) -> None:
    sso = site(with_sso(tmp_path)).single_sign_on

    assert sso is not None
    assert sso.client_secret.reveal() == "the secret"
    assert sso.role_for({"groups": ["ops"]}) == "arn:aws:iam::111122223333:role/Ops"
    assert sso.name_claim == "sub"


@pytest.mark.parametrize("name", ["oidc_client_id", "oidc_client_secret_file", "oidc_roles"])
def test_what_single_sign_on_needs_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(SettingsError, match=f"{name} is needed too"):
        site(replace(with_sso(tmp_path), **{name: ""}))  # type: ignore[arg-type]


def test_a_secret_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="oidc_client_secret_file: cannot read"):
        site(replace(with_sso(tmp_path), oidc_client_secret_file=str(tmp_path / "none")))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("oidc_issuer", "http://id.example.com"),
        ("oidc_issuer", "https://id.example.com/?a"),
        ("oidc_roles", "ops"),
        ("oidc_client_id", "a\nb"),
        ("oidc_name_claim", ""),
    ],
)
def test_a_wrong_part_of_single_sign_on_is_told(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"environment: {name} is "):
        load(tmp_path, env={f"MOORING_{name.upper()}": value}, flags={})
