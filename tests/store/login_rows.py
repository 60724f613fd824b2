"""A row of each table of sign-in, to begin from."""

from datetime import UTC, datetime, timedelta

from mooring.iam.login import LoginProfile, MfaDevice, Passkey
from mooring.iam.web_session import DeviceGrant, LoginGrant, Method, Stage, WebSession

ACCOUNT = "111111111111"
OTHER = "222222222222"
NOW = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
HOUR = timedelta(hours=1)

PROFILE = LoginProfile(
    account_id=ACCOUNT,
    user_name="Ann",
    user_id="AIDA1",
    password_hash="a hash",  # noqa: S106
    previous=("older", "oldest"),
    reset_required=True,
    created_at=NOW,
    changed_at=NOW + HOUR,
)
DEVICE = MfaDevice(
    account_id=ACCOUNT,
    serial="arn:aws:iam::111111111111:mfa/one",
    sealed_seed=b"\0\xff",
    created_at=NOW,
    tags={"a": "b"},
)
PASSKEY = Passkey(
    account_id=ACCOUNT,
    credential_id="abc",
    user_name="Ann",
    user_id="AIDA1",
    name="laptop",
    rp_id="mooring.example",
    public_key=b"\1\2",
    sign_count=7,
    created_at=NOW,
)
SESSION = WebSession(
    account_id=ACCOUNT,
    token_hash="0f",  # noqa: S106
    stage=Stage.MFA,
    method=Method.PASSWORD,
    user_name="Ann",
    user_id="AIDA1",
    created_at=NOW,
    authenticated_at=NOW,
    last_seen=NOW,
    expires_at=NOW + 12 * HOUR,
    address="192.0.2.1",
    user_agent="a browser",
)
GRANT = LoginGrant(
    account_id=ACCOUNT,
    grant_id="g1",
    secret_hash="aa",  # noqa: S106
    user_name="Ann",
    user_id="AIDA1",
    client="a client",
    address="192.0.2.1",
    mfa_at=NOW,
    created_at=NOW,
    expires_at=NOW + HOUR,
)
REQUEST = DeviceGrant(
    device_hash="d",
    user_hash="u",
    client="a client",
    address="192.0.2.1",
    user_agent="a program",
    created_at=NOW,
    expires_at=NOW + HOUR,
)
