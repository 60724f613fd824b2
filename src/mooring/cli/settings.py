"""What the command line reads from the environment; its only place that does.

Profiles, credentials and endpoints are botocore's business (``account``), with their variables.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

__all__ = [
    "aws_config_file",
    "default_dev_dir",
    "environment_with",
    "logins_dir",
    "search_path",
    "ssl_cert_file",
]


def ssl_cert_file() -> str:
    """Return the file of authorities that OpenSSL's own variable names, empty for none."""
    return os.environ.get("SSL_CERT_FILE", "")


def default_dev_dir() -> Path:
    """Return where ``mooring dev`` keeps its state."""
    data_home = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(data_home).expanduser() / "mooring" / "dev"


def logins_dir() -> Path:
    """Return where logins are kept."""
    config_home = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
    return Path(config_home).expanduser() / "mooring" / "logins"


def aws_config_file() -> Path:
    """Return the AWS CLI's configuration file."""
    return Path(os.environ.get("AWS_CONFIG_FILE") or "~/.aws/config").expanduser()


def search_path() -> str:
    """Return the folders in which programs are looked for."""
    return os.environ.get("PATH", "")


def environment_with(more: Mapping[str, str]) -> dict[str, str]:
    """Return this environment with some variables set anew."""
    return {**os.environ, **more}
