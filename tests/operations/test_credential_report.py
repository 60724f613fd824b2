"""The credential report: made when the old one has run out, with what is known of each user."""

import csv

import pytest
from tests.fakes.world import FakeWorld

from mooring.iam.identity import LastUse, User
from mooring.iam.login import LoginProfile, PasswordPolicy
from mooring.operations.credential_report import generate_report, get_report
from mooring.operations.problems import OperationRefused, Problem
from mooring.ports.tables import Transaction


@pytest.fixture
async def admin(world: FakeWorld) -> User:
    return await world.administrator(await world.account())


async def rows(world: FakeWorld, admin: User) -> dict[str, dict[str, str]]:
    await generate_report(world.call(admin, "iam:GenerateCredentialReport"))
    report = await get_report(world.call(admin, "iam:GetCredentialReport"))
    lines = csv.DictReader(report.content.decode().splitlines())
    return {line["user"]: line for line in lines}


async def test_a_report_is_good_for_four_hours(world: FakeWorld, admin: User) -> None:
    with pytest.raises(OperationRefused) as absent:
        await get_report(world.call(admin, "iam:GetCredentialReport"))
    await rows(world, admin)
    await world.user(admin.account_id, "ann")

    same = await rows(world, admin)
    world.pass_time(hours=4)
    with pytest.raises(OperationRefused) as expired:
        await get_report(world.call(admin, "iam:GetCredentialReport"))
    fresh = await rows(world, admin)

    assert absent.value.problem is Problem.REPORT_ABSENT
    assert expired.value.problem is Problem.REPORT_EXPIRED
    assert (set(same), set(fresh)) == (
        {"<root_account>", "admin"},
        {"<root_account>", "admin", "ann"},
    )


async def test_what_is_known_of_a_user_stands_in_its_line(world: FakeWorld, admin: User) -> None:
    key_id, _ = await world.access_key(admin)
    profile = LoginProfile(
        account_id=admin.account_id,
        user_name=admin.name,
        user_id=admin.user_id,
        password_hash="a hash",  # noqa: S106 - not one
        created_at=admin.created_at,
        changed_at=admin.created_at,
    )

    def work(tx: Transaction) -> None:
        tx.logins.put_profile(profile)
        tx.logins.put_password_policy(PasswordPolicy(max_age_days=2))

    await world.store.write(admin.account_id, work)
    use = LastUse(subject=key_id, used_at=world.clock.now(), service="ssm", region="here")
    world.world.recent_uses.note(admin.account_id, use)

    line = (await rows(world, admin))["admin"]

    assert line == {
        "user": "admin",
        "arn": admin.arn,
        "user_creation_time": "2026-01-02T03:04:05+00:00",
        "password_enabled": "true",
        "password_last_used": "no_information",
        "password_last_changed": "2026-01-02T03:04:05+00:00",
        "password_next_rotation": "2026-01-04T03:04:05+00:00",
        "mfa_active": "false",
        "access_key_1_active": "true",
        "access_key_1_last_rotated": "2026-01-02T03:04:05+00:00",
        "access_key_1_last_used_date": "2026-01-02T03:04:05+00:00",
        "access_key_1_last_used_region": "here",
        "access_key_1_last_used_service": "ssm",
        "access_key_2_active": "false",
        "access_key_2_last_rotated": "N/A",
        "access_key_2_last_used_date": "N/A",
        "access_key_2_last_used_region": "N/A",
        "access_key_2_last_used_service": "N/A",
        "cert_1_active": "false",
        "cert_1_last_rotated": "N/A",
        "cert_2_active": "false",
        "cert_2_last_rotated": "N/A",
    }
