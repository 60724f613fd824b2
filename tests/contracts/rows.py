"""Rows for store tests: one of each kind to begin from, and strategies for any."""

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from mooring.fleet.activation import Activation
from mooring.fleet.node import Node, Platform
from mooring.iam.identity import AccessKey, CustomerPolicy, KeyStatus, Role, User
from mooring.ports.records import AuditEvent, Ticket
from mooring.secret import Secret
from mooring.sessions.session import Session, SessionStatus
from mooring.wire.audit_chain import SignedHead

ACCOUNT = "111111111111"
OTHER = "222222222222"
NOW = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)

TIMES = st.datetimes(timezones=st.just(UTC))
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
# What nodes and tags say may hold anything at all, half a surrogate pair included.
ANY_TEXT = st.text(max_size=20)
TAGS = st.dictionaries(ANY_TEXT, ANY_TEXT, max_size=3)
COUNTS = st.integers(min_value=0, max_value=2**31)
NAMES = st.from_regex(r"[A-Za-z0-9_+=,.@-]{1,20}", fullmatch=True)
PATHS = st.sampled_from(["/", "/service-role/", "/a/b/"])


def a_node(node_id: str = "mi-0", *, account_id: str = ACCOUNT, name: str = "web") -> Node:
    return Node(
        account_id=account_id,
        region="ap-northeast-1",
        node_id=node_id,
        name=name,
        role_name="role",
        activation_id="activation",
        public_key="key",
        fingerprint="fingerprint",
        registered_at=NOW,
        tags={"env": "dev"},
    )


def an_activation(activation_id: str = "a-0", *, account_id: str = ACCOUNT) -> Activation:
    return Activation(
        account_id=account_id,
        region="ap-northeast-1",
        activation_id=activation_id,
        code_hash=Secret("hash of the code"),
        role_name="role",
        created_at=NOW,
        expires_at=NOW + timedelta(days=1),
    )


def a_session(
    session_id: str = "alice-0",
    *,
    account_id: str = ACCOUNT,
    status: SessionStatus = SessionStatus.CONNECTED,
    started_at: datetime = NOW,
) -> Session:
    return Session(
        account_id=account_id,
        region="ap-northeast-1",
        session_id=session_id,
        node_id="mi-0",
        status=status,
        owner="arn",
        owner_user_id="AIDA",
        document_name="document",
        started_at=started_at,
    )


def a_user(name: str = "Alice", *, account_id: str = ACCOUNT, path: str = "/") -> User:
    return User(account_id=account_id, name=name, path=path, user_id="AIDA", created_at=NOW)


def a_role(name: str = "Admin", *, account_id: str = ACCOUNT, path: str = "/") -> Role:
    return Role(
        account_id=account_id,
        name=name,
        path=path,
        role_id="AROA",
        created_at=NOW,
        trust_policy="{}",
    )


def a_key(
    key_id: str = "AKIA0",
    *,
    account_id: str = ACCOUNT,
    user_name: str = "Alice",
    created_at: datetime = NOW,
) -> AccessKey:
    return AccessKey(
        account_id=account_id,
        access_key_id=key_id,
        user_name=user_name,
        sealed_secret=b"\0sealed\xff",
        created_at=created_at,
    )


def a_policy(
    name: str = "Policy", *, account_id: str = ACCOUNT, path: str = "/", document: str = "{}"
) -> CustomerPolicy:
    return CustomerPolicy(
        account_id=account_id,
        name=name,
        path=path,
        policy_id="ANPA",
        document=document,
        created_at=NOW,
        updated_at=NOW,
    )


def a_ticket(
    token_hash: str = "0f",  # noqa: S107 a hash, and of nothing
    *,
    kind: str = "client",
    subject: str = "alice-0",
    expires_at: datetime = NOW,
) -> Ticket:
    return Ticket(
        token_hash=token_hash, kind=kind, subject=subject, bearer="AIDA", expires_at=expires_at
    )


def a_head(text: str = "{}") -> SignedHead:
    return SignedHead(text=text, signature="00")


def an_event(name: str = "StartSession") -> AuditEvent:
    return AuditEvent(
        event_id="event",
        time=NOW,
        source="ssm.amazonaws.com",
        name=name,
        region="ap-northeast-1",
        principal_arn="arn",
        principal_id="AIDA",
        access_key_id="AKIA",
        source_address="192.0.2.1",
        user_agent="aws-cli",
    )


PLATFORMS = st.builds(
    Platform,
    agent_name=ANY_TEXT,
    agent_version=ANY_TEXT,
    platform_type=ANY_TEXT,
    platform_name=ANY_TEXT,
    platform_version=ANY_TEXT,
    computer_name=ANY_TEXT,
    ip_address=ANY_TEXT,
)
NODES = st.builds(
    Node,
    account_id=st.just(ACCOUNT),
    region=TEXT,
    node_id=TEXT,
    name=TEXT,
    role_name=TEXT,
    activation_id=TEXT,
    public_key=TEXT,
    next_public_key=TEXT,
    fingerprint=TEXT,
    registered_at=TIMES,
    platform=PLATFORMS,
    gateway=TEXT,
    connected_at=st.none() | TIMES,
    last_seen=st.none() | TIMES,
    source_address=TEXT,
    tags=TAGS,
)
ACTIVATIONS = st.builds(
    Activation,
    account_id=st.just(ACCOUNT),
    region=TEXT,
    activation_id=TEXT,
    code_hash=st.builds(Secret, TEXT),
    description=TEXT,
    default_instance_name=TEXT,
    role_name=TEXT,
    registration_limit=COUNTS,
    registrations=COUNTS,
    created_at=TIMES,
    expires_at=TIMES,
    tags=TAGS,
)
SESSIONS = st.builds(
    Session,
    account_id=st.just(ACCOUNT),
    region=TEXT,
    session_id=TEXT,
    node_id=TEXT,
    status=st.sampled_from(SessionStatus),
    owner=TEXT,
    owner_user_id=TEXT,
    document_name=TEXT,
    reason=TEXT,
    details=TEXT,
    started_at=TIMES,
    ended_at=st.none() | TIMES,
    run_as=TEXT,
)
USERS = st.builds(
    User,
    account_id=st.just(ACCOUNT),
    name=NAMES,
    path=PATHS,
    user_id=TEXT,
    created_at=TIMES,
    boundary_arn=TEXT,
    tags=TAGS,
)
ROLES = st.builds(
    Role,
    account_id=st.just(ACCOUNT),
    name=NAMES,
    path=PATHS,
    role_id=TEXT,
    created_at=TIMES,
    trust_policy=TEXT,
    description=TEXT,
    max_session=st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=1)),
    boundary_arn=TEXT,
    revoked_before=st.none() | TIMES,
    tags=TAGS,
)
KEYS = st.builds(
    AccessKey,
    account_id=st.just(ACCOUNT),
    access_key_id=TEXT,
    user_name=NAMES,
    sealed_secret=st.binary(max_size=40),
    status=st.sampled_from(KeyStatus),
    created_at=TIMES,
)
POLICIES = st.builds(
    CustomerPolicy,
    account_id=st.just(ACCOUNT),
    name=NAMES,
    path=PATHS,
    policy_id=TEXT,
    document=TEXT,
    description=TEXT,
    created_at=TIMES,
    updated_at=TIMES,
    default_version=COUNTS,
    last_version=COUNTS,
    tags=TAGS,
)
TICKETS = st.builds(Ticket, token_hash=TEXT, kind=TEXT, subject=TEXT, bearer=TEXT, expires_at=TIMES)
EVENTS = st.builds(
    AuditEvent,
    event_id=TEXT,
    time=TIMES,
    source=TEXT,
    name=TEXT,
    region=TEXT,
    principal_arn=TEXT,
    principal_id=TEXT,
    access_key_id=TEXT,
    source_address=TEXT,
    user_agent=TEXT,
    resources=st.lists(ANY_TEXT, max_size=3).map(tuple),
    request=TEXT,
    response=TEXT,
    error_code=TEXT,
    error_message=TEXT,
    read_only=st.booleans(),
)
