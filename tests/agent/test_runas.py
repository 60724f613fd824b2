"""Who a shell runs as, against a made-up user database."""

import pwd
import stat
from pathlib import Path

import pytest

from mooring.agent.runas import RunAsRefused, ShellUser, UserBase, _allow_sudo, choose_user

ALICE = pwd.struct_passwd(("alice", "x", 1000, 1000, "", "/home/alice", "/bin/zsh"))
ROOT = pwd.struct_passwd(("root", "x", 0, 0, "", "/root", "/bin/bash"))
TOOR = pwd.struct_passwd(("toor", "x", 0, 100, "", "/root", "/bin/bash"))
WHEEL = pwd.struct_passwd(("wheel", "x", 1001, 0, "", "/", "/bin/bash"))
SSM_USER = pwd.struct_passwd(("ssm-user", "x", 1002, 1002, "", "/home/ssm-user", "/bin/bash"))


class Users:
    """A user database in memory; ``ssm-user`` comes when it is created."""

    def __init__(self, *, uid: int, broken: bool = False) -> None:
        self.entries = {entry.pw_name: entry for entry in (ALICE, ROOT, TOOR, WHEEL)}
        self.created = 0
        self.broken = broken
        self.base = UserBase(
            uid=uid,
            by_name=self.entries.__getitem__,
            by_uid=self.by_uid,
            groups_of=lambda _, gid: [gid, 27],
            create=self.create,
        )

    def by_uid(self, uid: int) -> pwd.struct_passwd:
        return (
            next(e for e in (*self.entries.values(), None) if e is None or e.pw_uid == uid)
            or (self.entries["nobody knows"])
        )

    def create(self) -> None:
        self.created += 1
        if not self.broken:
            self.entries["ssm-user"] = SSM_USER


def choose(users: Users, run_as_user: str = "", default: str = "self") -> ShellUser:
    return choose_user(run_as_user=run_as_user, default=default, base=users.base)


def test_root_becomes_the_run_as_user_with_all_groups() -> None:
    user = choose(Users(uid=0), "alice")

    assert user == ShellUser(
        name="alice",
        uid=1000,
        gid=1000,
        groups=(1000, 27),
        home="/home/alice",
        shell=ALICE.pw_shell,
    )


def test_the_order_goes_before_the_default() -> None:
    assert choose(Users(uid=0), "alice", "ssm-user").name == "alice"


def test_self_changes_nothing() -> None:
    user = choose(Users(uid=0))

    assert (user.name, user.groups) == ("root", None)


def test_a_process_without_a_user_entry_still_gets_a_shell() -> None:
    user = choose(Users(uid=4242))

    assert (user.name, user.uid, user.home) == ("4242", 4242, "/")


@pytest.mark.parametrize("name", ["root", "toor", "wheel"])
def test_refuses_whoever_has_the_rights_of_root(name: str) -> None:
    with pytest.raises(RunAsRefused, match="rights of root"):
        choose(Users(uid=0), name)


@pytest.mark.parametrize(
    "name",
    [
        "$(reboot)",
        "a b",
        "-u",
        "../x",
        "Alice",
        "a" * 34,
        "alice\n",
        "1000",
        "a;b",
        "ålice",
        "self ",
    ],
)
def test_refuses_a_name_that_useradd_would_refuse(name: str) -> None:
    with pytest.raises(RunAsRefused, match="not a valid user name"):
        choose(Users(uid=0), name)


def test_refuses_a_user_that_does_not_exist() -> None:
    with pytest.raises(RunAsRefused, match="`bob` does not exist"):
        choose(Users(uid=0), "bob")


def test_creates_ssm_user_when_it_is_missing() -> None:
    users = Users(uid=0)

    user = choose(users, default="ssm-user")

    assert (user.name, users.created) == ("ssm-user", 1)


def test_creates_ssm_user_once() -> None:
    users = Users(uid=0)
    choose(users, default="ssm-user")

    choose(users, default="ssm-user")

    assert users.created == 1


def test_says_when_ssm_user_could_not_be_created() -> None:
    with pytest.raises(RunAsRefused, match="could not be created"):
        choose(Users(uid=0, broken=True), default="ssm-user")


def test_an_ordinary_user_creates_nobody() -> None:
    users = Users(uid=1000)

    with pytest.raises(RunAsRefused, match="does not exist"):
        choose(users, default="ssm-user")

    assert users.created == 0


def test_an_ordinary_user_may_name_itself() -> None:
    assert choose(Users(uid=1000), "alice").groups is None


def test_an_ordinary_user_cannot_become_another() -> None:
    with pytest.raises(RunAsRefused, match="does not run as root"):
        choose(Users(uid=1001), "alice")


def test_the_sudo_rule_is_readable_by_root_only(tmp_path: Path) -> None:
    path = tmp_path / "rule"

    _allow_sudo(path)

    assert stat.S_IMODE(path.stat().st_mode) == 0o440
    assert path.read_text() == "ssm-user ALL=(ALL) NOPASSWD:ALL\n"
