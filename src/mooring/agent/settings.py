"""The agent's settings: a TOML file, then ``MOORING_AGENT_*``, then flags, into frozen values.

The only module of the agent that looks at the environment. All that is wrong is reported
together, each with the place it comes from.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from mooring.agent.runas import SELF, SSM_USER
from mooring.agent.shell import INHERITED
from mooring.logs import LogFormat

__all__ = [
    "CONFIG_FILE",
    "SETTINGS",
    "AgentSettings",
    "Setting",
    "SettingsError",
    "load_settings",
    "this_environment",
]

CONFIG_FILE = Path("/etc/mooring/agent.toml")
_ENVIRONMENT = "MOORING_AGENT_"
_MOST_SESSIONS = 10_000

Value: TypeAlias = str | int | bool


class SettingsError(Exception):
    """Some settings are wrong; the text has one line for each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One setting: its key in the file, and what it means; the environment name follows."""

    key: str
    meaning: str
    parse: Callable[[Value], Value]
    default: Value | None

    @property
    def variable(self) -> str:
        """Return its name in the environment."""
        return _ENVIRONMENT + self.key.replace(".", "_").upper()


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentSettings:
    """What an agent goes by. ``inherited`` is how the machine speaks, for shells."""

    state_dir: Path
    endpoint: str
    """Empty: the endpoint of the registration."""
    ca_file: Path | None
    """None: the authority pinned at registration, else the machine's."""
    run_as: str
    ssm_user_sudo: bool
    max_sessions: int
    log_level: str
    log_format: LogFormat
    inherited: Mapping[str, str]


def _text(value: Value) -> str:
    if not isinstance(value, str):
        raise ValueError(f"expected a text, got `{value}`")  # noqa: TRY004  # one kind of problem
    return value


def _flag(value: Value) -> bool:
    if isinstance(value, bool):
        return value
    if str(value).lower() in ("true", "1", "yes"):
        return True
    if str(value).lower() in ("false", "0", "no"):
        return False
    raise ValueError(f"expected true or false, got `{value}`")


def _count(value: Value) -> int:
    try:
        number = int(value)
    except ValueError:
        number = 0
    if isinstance(value, bool) or not 1 <= number <= _MOST_SESSIONS:
        raise ValueError(f"expected a number from 1 to {_MOST_SESSIONS}, got `{value}`")
    return number


def _level(value: Value) -> str:
    if str(value).upper() not in ("DEBUG", "INFO", "WARNING", "ERROR"):
        raise ValueError(f"expected debug, info, warning or error, got `{value}`")
    return str(value).upper()


def _format(value: Value) -> str:
    if value not in list(LogFormat):
        raise ValueError(f"expected {', '.join(LogFormat)}, got `{value}`")
    return str(value)


SETTINGS = (
    Setting(
        key="state_dir",
        meaning="folder of the registration and of what must survive a restart; "
        "/var/lib/mooring-agent as root, else ~/.local/state/mooring-agent",
        parse=_text,
        default=None,
    ),
    Setting(
        key="endpoint",
        meaning="URL of the server, when it has moved since the registration",
        parse=_text,
        default="",
    ),
    Setting(
        key="ca_file",
        meaning="certificate of the authority to trust, in PEM, in place of the pinned one",
        parse=_text,
        default="",
    ),
    Setting(
        key="sessions.run_as",
        meaning="user of a session whose order names none: `ssm-user` (default as root), "
        "`self` (default as an ordinary user), or a name",
        parse=_text,
        default=None,
    ),
    Setting(
        key="sessions.ssm_user_sudo",
        meaning="whether ssm-user gets the rights of root by sudo when the agent creates it",
        parse=_flag,
        default=False,
    ),
    Setting(
        key="sessions.limit",
        meaning="most sessions at a time",
        parse=_count,
        default=200,
    ),
    Setting(
        key="log.level",
        meaning="least important event that is logged: debug, info, warning or error",
        parse=_level,
        default="INFO",
    ),
    Setting(
        key="log.format",
        meaning="json, console, or auto: console on a terminal",
        parse=_format,
        default="auto",
    ),
)


def this_environment() -> Mapping[str, str]:
    """Return this process's environment, to hand to ``load_settings``."""
    return dict(os.environ)


def load_settings(
    *,
    flags: Mapping[str, Value | None],
    environment: Mapping[str, str],
    config_file: Path | None = None,
    is_root: bool,
) -> AgentSettings:
    """Read every setting from its last source; ``flags`` are by key, None where not given.

    Raises:
        SettingsError: a value is wrong, a key unknown, or a named file missing.
    """
    problems: list[str] = []
    chosen = config_file or _path(environment.get(f"{_ENVIRONMENT}CONFIG", ""))
    sources = [
        *_file_values(chosen or CONFIG_FILE, problems, required=chosen is not None),
        *_environment_values(environment),
        *((key, value, f"flag --{key}") for key, value in flags.items() if value is not None),
    ]
    values = {setting.key: setting.default for setting in SETTINGS}
    parsers = {setting.key: setting.parse for setting in SETTINGS}
    for key, value, source in sources:
        if key not in parsers:
            problems.append(f"{source}: there is no setting `{key}`")
            continue
        try:
            values[key] = parsers[key](value)
        except ValueError as error:
            problems.append(f"{source}: `{key}`: {error}")
    if problems:
        raise SettingsError("\n".join(problems))
    return _settings(values, environment, is_root=is_root)


def _file_values(
    path: Path, problems: list[str], *, required: bool
) -> list[tuple[str, Value, str]]:
    try:
        document = tomllib.loads(path.read_text())
    except FileNotFoundError:
        if required:
            problems.append(f"{path}: no such file")
        return []
    except (OSError, ValueError) as error:
        problems.append(f"{path}: {error}")
        return []
    values: list[tuple[str, Value, str]] = []
    for key, value in document.items():
        if isinstance(value, dict):
            values += [(f"{key}.{name}", inner, str(path)) for name, inner in value.items()]
        else:
            values.append((key, value, str(path)))
    return values


def _environment_values(environment: Mapping[str, str]) -> list[tuple[str, Value, str]]:
    return [
        (setting.key, environment[setting.variable], setting.variable)
        for setting in SETTINGS
        if setting.variable in environment
    ]


def _settings(
    values: Mapping[str, Value | None], environment: Mapping[str, str], *, is_root: bool
) -> AgentSettings:
    home = Path(environment.get("HOME") or "/")
    own_state = Path(environment.get("XDG_STATE_HOME") or home / ".local/state") / "mooring-agent"
    default_state = Path("/var/lib/mooring-agent") if is_root else own_state
    return AgentSettings(
        state_dir=_path(str(values["state_dir"] or "")) or default_state,
        endpoint=str(values["endpoint"]),
        ca_file=_path(str(values["ca_file"])),
        run_as=str(values["sessions.run_as"] or (SSM_USER if is_root else SELF)),
        ssm_user_sudo=bool(values["sessions.ssm_user_sudo"]),
        max_sessions=int(values["sessions.limit"] or 0),
        log_level=str(values["log.level"]),
        log_format=LogFormat(str(values["log.format"])),
        inherited={name: environment[name] for name in INHERITED if name in environment},
    )


def _path(text: str) -> Path | None:
    return Path(text).absolute() if text else None
