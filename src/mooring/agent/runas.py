"""Whose shell a session gets, decided without ever starting a shell to find out.

====================  ========================================================================
the order says        as root                                as an ordinary user
====================  ========================================================================
a RunAs user          that user; must exist, not root        only if it is the same user
nothing               the default of the settings            the agent's own user
====================  ========================================================================

Names reach the node from tags and documents, so they are hostile until they match what useradd
accepts. Root is refused as a RunAs user because the stock agent refuses it too.

Source: amazon-ssm-agent, agent/session/plugins/sessionplugin and agent/session/utility.
"""

from __future__ import annotations

import grp
import os
import pwd
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

__all__ = [
    "SELF",
    "SSM_USER",
    "RunAsRefused",
    "ShellUser",
    "UserBase",
    "choose_user",
    "create_ssm_user",
    "machine_users",
]

SELF = "self"
SSM_USER = "ssm-user"

_NAME = re.compile(r"[a-z_][a-z0-9_.-]{0,31}\$?")
_USERADD = ("/usr/sbin/useradd", "/sbin/useradd")
_USERADD_TIMEOUT_S = 20
_SUDOERS = Path("/etc/sudoers.d/mooring-ssm-user")
_SUDO_RULE = f"{SSM_USER} ALL=(ALL) NOPASSWD:ALL\n"


class RunAsRefused(Exception):
    """The session cannot run as this user; the text is for the person who asked for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShellUser:
    """Who the shell runs as; ``groups`` is None when the process does not change its user."""

    name: str
    uid: int
    gid: int
    groups: tuple[int, ...] | None
    home: str
    shell: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UserBase:
    """The user database and this process's place in it, so that tests can bring their own."""

    uid: int
    by_name: Callable[[str], pwd.struct_passwd]
    by_uid: Callable[[int], pwd.struct_passwd]
    groups_of: Callable[[str, int], list[int]]
    create: Callable[[], None]


def choose_user(*, run_as_user: str, default: str, base: UserBase) -> ShellUser:
    """Decide who the shell runs as; ``default`` is a name, or ``self``.

    Raises:
        RunAsRefused: that user is unknown, is root, or is out of this process's reach.
    """
    name = run_as_user or default
    if name == SELF:
        return _own_user(base)
    if not _NAME.fullmatch(name):
        raise RunAsRefused(f"`{name[:64]}` is not a valid user name to run a session as")
    entry = _entry(name, base)
    if entry.pw_uid == 0 or entry.pw_gid == 0:
        raise RunAsRefused(f"sessions cannot run as `{name}`, a user with the rights of root")
    if base.uid not in (0, entry.pw_uid):
        raise RunAsRefused(
            f"cannot run a session as `{name}`: the agent does not run as root on this node"
        )
    groups = tuple(base.groups_of(name, entry.pw_gid)) if base.uid == 0 else None
    return _shell_user(entry, groups)


def _own_user(base: UserBase) -> ShellUser:
    try:
        entry = base.by_uid(base.uid)
    except KeyError:
        # Containers run processes as numbers that no user database knows.
        entry = pwd.struct_passwd((str(base.uid), "x", base.uid, os.getgid(), "", "/", ""))
    return _shell_user(entry, None)


def _entry(name: str, base: UserBase) -> pwd.struct_passwd:
    try:
        return base.by_name(name)
    except KeyError:
        if name != SSM_USER or base.uid != 0:
            raise RunAsRefused(f"user `{name}` does not exist on this node") from None
    base.create()
    try:
        return base.by_name(name)
    except KeyError:
        raise RunAsRefused(f"user `{name}` could not be created on this node") from None


def _shell_user(entry: pwd.struct_passwd, groups: tuple[int, ...] | None) -> ShellUser:
    return ShellUser(
        name=entry.pw_name,
        uid=entry.pw_uid,
        gid=entry.pw_gid,
        groups=groups,
        home=entry.pw_dir,
        shell=entry.pw_shell,
    )


def create_ssm_user(*, sudo: bool, sudoers: Path = _SUDOERS) -> None:
    """Make ``ssm-user`` with a home; with the rights of root only where a setting says so.

    Raises:
        RunAsRefused: useradd is missing or fails.
    """
    program = next((path for path in _USERADD if os.access(path, os.X_OK)), None)
    if program is None:
        raise RunAsRefused(f"user `{SSM_USER}` does not exist and this node has no useradd")
    shell = next((path for path in ("/bin/bash", "/bin/sh") if os.access(path, os.X_OK)), "")
    try:
        done = subprocess.run(  # noqa: S603  # a fixed program with fixed arguments
            [program, "-m", "-s", shell, SSM_USER],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_USERADD_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RunAsRefused(f"user `{SSM_USER}` could not be created: {error}") from error
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip()[:200]
        raise RunAsRefused(f"user `{SSM_USER}` could not be created: `{said}`")
    if sudo:
        _allow_sudo(sudoers)


def _allow_sudo(path: Path) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o440)
    with os.fdopen(handle, "w") as file:
        os.fchmod(handle, 0o440)
        file.write(_SUDO_RULE)


def machine_users(*, sudo: bool) -> UserBase:
    """Return this machine's user database."""

    def groups_of(name: str, gid: int) -> list[int]:
        return os.getgrouplist(name, gid)

    return UserBase(
        uid=os.getuid(),
        by_name=pwd.getpwnam,
        by_uid=pwd.getpwuid,
        groups_of=groups_of,
        create=lambda: create_ssm_user(sudo=sudo),
    )


def tty_group() -> int | None:
    """Return the group that may write to terminals, if this machine has one."""
    try:
        return grp.getgrnam("tty").gr_gid
    except KeyError:
        return None
