"""Settings: the only reader of files and environment on the server's side.

A setting comes from the TOML file in the data directory, then from ``MOORING_<NAME>``, then
from a flag; the last one wins. Every error is reported, each with where it came from. The table
in ``docs/settings.md`` is compared with ``SETTINGS`` by a test.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from mooring.iam.single_sign_on import SingleSignOn, parse_rules
from mooring.operations.world import DefaultDocumentCheck, Site
from mooring.secret import Secret

__all__ = ["SETTINGS", "ServerSettings", "SettingsError", "environment", "load", "write_file"]

PREFIX = "MOORING_"
FILE = "mooring.toml"

_REGION = re.compile(r"[a-z0-9-]{1,63}")
_ISSUER = re.compile(r"(https://[^\s?#@\"\\]{1,240})?")
_LINE = re.compile(r"[^\x00-\x1f\"\\]{0,1024}")
_NAME = re.compile(r"[^\s\"\\]{1,255}")
_DOMAIN = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")


class SettingsError(Exception):
    """One line for each setting that is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """What the server is told. Each field is a setting of that name."""

    region: str = "us-east-1"
    domain: str = "mooring.localhost"
    host: str = "0.0.0.0"  # noqa: S104 - nodes dial in; only TLS listens here
    port: int = 8443
    default_document_check: str = "legacy"
    start_deadline_s: int = 20
    maximum_session_s: int = 86400
    client_grace_s: int = 1200
    reconnect_spread_s: int = 20
    console_idle_s: int = 3600
    console_lifetime_s: int = 43200
    require_second_factor: str = "no"
    log_level: str = "INFO"
    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_client_secret_file: str = ""
    oidc_role_claim: str = "groups"
    oidc_roles: str = ""
    oidc_name_claim: str = "sub"


def _text(pattern: re.Pattern[str], what: str) -> Callable[[object], str]:
    def check(value: object) -> str:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise ValueError(f"expected {what}")
        return value

    return check


def _address(value: object) -> str:
    try:
        return str(ip_address(str(value)))
    except ValueError as exc:
        raise ValueError("expected an IP address to listen on") from exc


def _number(least: int, most: int) -> Callable[[object], int]:
    def check(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int | str):
            raise ValueError(f"expected a whole number from {least} to {most}")  # noqa: TRY004
        try:
            number = int(value)
        except ValueError:
            number = least - 1
        if not least <= number <= most:
            raise ValueError(f"expected a whole number from {least} to {most}")
        return number

    return check


def _one_of(*names: str) -> Callable[[object], str]:
    def check(value: object) -> str:
        if value not in names:
            raise ValueError(f"expected one of {', '.join(names)}")
        return str(value)

    return check


def _rules(value: object) -> str:
    try:
        parse_rules(_text(_LINE, "text")(value))
    except ValueError as exc:
        raise ValueError("expected `value=role ARN` rules, separated by semicolons") from exc
    return str(value)


SETTINGS: Mapping[str, Callable[[object], object]] = {
    "region": _text(_REGION, "a region: lower-case letters, digits and hyphens"),
    "domain": _text(_DOMAIN, "a domain name in lower case"),
    "host": _address,
    "port": _number(0, 65535),
    "default_document_check": _one_of(*DefaultDocumentCheck),
    "start_deadline_s": _number(1, 600),
    "maximum_session_s": _number(60, 30 * 86400),
    "client_grace_s": _number(1, 86400),
    "reconnect_spread_s": _number(1, 3600),
    "console_idle_s": _number(60, 86400),
    "console_lifetime_s": _number(300, 7 * 86400),
    "require_second_factor": _one_of("no", "yes"),
    "log_level": _one_of("DEBUG", "INFO", "WARNING", "ERROR"),
    "oidc_issuer": _text(_ISSUER, "an https URL without a query, or nothing"),
    "oidc_client_id": _text(_LINE, "one line of text, or nothing"),
    "oidc_client_secret_file": _text(_LINE, "the path of a file, or nothing"),
    "oidc_role_claim": _text(_NAME, "the name of a claim"),
    "oidc_roles": _rules,
    "oidc_name_claim": _text(_NAME, "the name of a claim"),
}


def environment() -> Mapping[str, str]:
    """Return the process's environment, read here and nowhere else."""
    return dict(os.environ)


def load(data_dir: Path, *, env: Mapping[str, str], flags: Mapping[str, object]) -> ServerSettings:
    """Read the settings of a data directory; a flag that is None was not given.

    Raises:
        SettingsError: with every wrong setting.
    """
    path = data_dir / FILE
    found: dict[str, object] = {}
    errors: list[str] = []
    for source, values in (
        (str(path), _file(path, errors)),
        ("environment", _from_environment(env)),
        ("flag", {name: value for name, value in flags.items() if value is not None}),
    ):
        for name, value in values.items():
            check = SETTINGS.get(name)
            if check is None:
                errors.append(f"{source}: no setting is called `{name}`")
                continue
            try:
                found[name] = check(value)
            except ValueError as exc:
                errors.append(f"{source}: {name} is `{value}`, {exc}")
    if errors:
        raise SettingsError("\n".join(errors))
    values_of: dict[str, Any] = found
    return ServerSettings(**values_of)


def _file(path: Path, errors: list[str]) -> Mapping[str, object]:
    if not path.is_file():
        return {}
    try:
        return tomllib.loads(path.read_text())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        errors.append(f"{path}: {exc}")
        return {}


def _from_environment(env: Mapping[str, str]) -> Mapping[str, object]:
    """Only names that are settings: other programs of ours use the same prefix."""
    return {name: env[PREFIX + name.upper()] for name in SETTINGS if PREFIX + name.upper() in env}


def write_file(data_dir: Path, settings: ServerSettings) -> None:
    """Write the settings that differ from their defaults."""
    lines = []
    for field in fields(ServerSettings):
        value = getattr(settings, field.name)
        if value != field.default:
            text = str(value) if isinstance(value, int) else f'"{value}"'
            lines.append(f"{field.name} = {text}\n")
    (data_dir / FILE).write_text("".join(lines))


def site(settings: ServerSettings) -> Site:
    """Return what the use cases need of it."""
    return Site(
        region=settings.region,
        domain=settings.domain,
        default_document_check=DefaultDocumentCheck(settings.default_document_check),
        start_deadline=timedelta(seconds=settings.start_deadline_s),
        maximum_session=timedelta(seconds=settings.maximum_session_s),
        reconnect_spread=timedelta(seconds=settings.reconnect_spread_s),
        console_idle=timedelta(seconds=settings.console_idle_s),
        console_lifetime=timedelta(seconds=settings.console_lifetime_s),
        require_second_factor=settings.require_second_factor == "yes",
        single_sign_on=single_sign_on(settings),
    )


def single_sign_on(settings: ServerSettings) -> SingleSignOn | None:
    """Return the provider that people sign in at, if there is one; reads its secret.

    Raises:
        SettingsError: something belongs to it that is missing or cannot be read.
    """
    if not settings.oidc_issuer:
        return None
    for name in ("oidc_client_id", "oidc_client_secret_file", "oidc_roles"):
        if not getattr(settings, name):
            raise SettingsError(f"oidc_issuer is set, so {name} is needed too")
    path = Path(settings.oidc_client_secret_file)
    try:
        secret = path.read_text().strip()
    except (OSError, UnicodeDecodeError) as exc:
        raise SettingsError(f"oidc_client_secret_file: cannot read `{path}`: {exc}") from exc
    return SingleSignOn(
        issuer=settings.oidc_issuer,
        client_id=settings.oidc_client_id,
        client_secret=Secret(secret),
        role_claim=settings.oidc_role_claim,
        rules=parse_rules(settings.oidc_roles),
        name_claim=settings.oidc_name_claim,
    )
