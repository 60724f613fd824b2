"""A profile in the AWS CLI's configuration file: four lines of ours, everything else untouched.

Source: "Configuration and credential file settings" of the AWS CLI user guide.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

__all__ = ["ProfileTaken", "with_profile", "without_profile", "write_private"]

_OURS = ("credential_process", "region", "endpoint_url", "ca_bundle")
_SECTION = re.compile(r"\s*\[\s*(?P<name>[^\]]+?)\s*\]\s*(?:[#;].*)?")
_KEY = re.compile(r"(?P<key>[A-Za-z0-9_]+)\s*=")
_OTHERS = frozenset({"aws_access_key_id", "role_arn", "sso_session", "sso_start_url"})


class ProfileTaken(Exception):
    """The profile gets its credentials in another way already."""


def with_profile(text: str, profile: str, settings: Mapping[str, str]) -> str:
    """Return a configuration in which the profile has these settings of ours, and no others.

    Raises:
        ProfileTaken: it names other credentials, which would win over ours or be lost.
    """
    before, section, after = _parted(text, profile)
    kept = [line for line in section[1:] if _key(line) not in _OURS]
    taken = sorted(key for line in kept if (key := _key(line)) in _OTHERS)
    if taken:
        raise ProfileTaken(f"profile `{profile}` has `{taken[0]}` already, choose another name")
    if before and before[-1].strip():
        before = [*before, ""]
    head = section[0] if section else f"[{_heading(profile)}]"
    ours = [f"{key} = {settings[key]}" for key in _OURS if key in settings]
    return "\n".join([*before, head, *ours, *kept, *after]).rstrip("\n") + "\n"


def without_profile(text: str, profile: str) -> str:
    """Return a configuration without our settings; a profile that has no others is gone."""
    before, section, after = _parted(text, profile)
    kept = [line for line in section[1:] if _key(line) not in _OURS]
    if any(_key(line) for line in kept):
        kept = [section[0], *kept]
    whole = "\n".join([*before, *kept, *after]).rstrip("\n")
    return f"{whole}\n" if whole else ""


def _heading(profile: str) -> str:
    return "default" if profile == "default" else f"profile {profile}"


def _parted(text: str, profile: str) -> tuple[list[str], list[str], list[str]]:
    """Cut a configuration into what is before the profile's section, the section, and the rest."""
    lines = text.splitlines()
    names = {_heading(profile)} | ({"profile default"} if profile == "default" else set())
    start = end = len(lines)
    for number, line in enumerate(lines):
        matched = _SECTION.fullmatch(line)
        if matched is None:
            continue
        if start < len(lines):
            end = number
            break
        if " ".join(matched["name"].split()) in names:
            start = number
    return lines[:start], lines[start:end], lines[end:]


def _key(line: str) -> str:
    matched = _KEY.match(line)
    return matched["key"].lower() if matched is not None else ""


def write_private(path: Path, text: str) -> None:
    """Replace a file whole; its mode and a link to it stay as they are, a new one is private."""
    target = path.resolve()
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    mode = target.stat().st_mode & 0o777 if target.exists() else 0o600
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
