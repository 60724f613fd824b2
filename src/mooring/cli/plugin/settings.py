"""What the plugin reads from the environment; its only place that does."""

from __future__ import annotations

import os
from dataclasses import dataclass

__all__ = ["EXIT_CODE_VARIABLE", "PluginSettings", "load_settings", "take_variable"]

EXIT_CODE_VARIABLE = "MOORING_PLUGIN_EXIT_CODE"
"""Set to 1, it asks for the remote exit code as ours. The AWS CLI answers any code but 0 with a
traceback that shows the session's token, so only callers that know better set it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginSettings:
    """How to run. ``ca_files`` are files of authorities to trust; none means the machine's."""

    passes_exit_code: bool
    ca_files: tuple[str, ...]


def load_settings() -> PluginSettings:
    """Read the settings.

    Both names of authority files count for the websocket: with AWS's own plugin, a person who set
    one of them got API calls that worked and a session that hung.
    """
    named = (os.environ.get(name, "") for name in ("AWS_CA_BUNDLE", "SSL_CERT_FILE"))
    return PluginSettings(
        passes_exit_code=os.environ.get(EXIT_CODE_VARIABLE) == "1",
        ca_files=tuple(name for name in named if name),
    )


def take_variable(name: str) -> str:
    """Remove a variable and return what it held."""
    return os.environ.pop(name, "")
