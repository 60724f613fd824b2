"""States of a session, as Systems Manager names them, and the moves between them."""

from datetime import UTC, datetime

import pytest
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from hypothesis.strategies import sampled_from

from mooring.sessions.session import Session, SessionStatus, StateError, is_active, move

OVER = {SessionStatus.TERMINATED, SessionStatus.FAILED}


def session(status: SessionStatus) -> Session:
    return Session(
        account_id="111122223333",
        region="eu-west-1",
        session_id="ann-00000000000000000",
        node_id="i-00000000000000000",
        status=status,
        owner="arn:aws:iam::111122223333:user/ann",
        owner_user_id="AIDA",
        document_name="SSM-SessionManagerRunShell",
        started_at=datetime(2026, 1, 2, tzinfo=UTC),
    )


def test_states_are_spelled_as_aws_spells_them() -> None:
    assert {status.value for status in SessionStatus} == {
        "Connected",
        "Connecting",
        "Disconnected",
        "Terminated",
        "Terminating",
        "Failed",
    }


@pytest.mark.parametrize("status", list(SessionStatus))
def test_what_is_not_over_is_active(status: SessionStatus) -> None:
    assert is_active(session(status)) is (status not in OVER)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (SessionStatus.CONNECTED, SessionStatus.CONNECTING),
        (SessionStatus.TERMINATED, SessionStatus.CONNECTED),
        (SessionStatus.FAILED, SessionStatus.TERMINATED),
        (SessionStatus.TERMINATING, SessionStatus.CONNECTED),
        (SessionStatus.CONNECTING, SessionStatus.DISCONNECTED),
    ],
)
def test_a_move_that_there_is_not_is_told(before: SessionStatus, after: SessionStatus) -> None:
    with pytest.raises(StateError, match=f"from {before} to {after}"):
        move(before, after)


class Lives(RuleBasedStateMachine):
    """Whatever is asked of a session, an end is an end and its past stays behind it."""

    def __init__(self) -> None:
        super().__init__()
        self.status = SessionStatus.CONNECTING
        self.past = [self.status]

    @rule(wanted=sampled_from(list(SessionStatus)))
    def ask(self, wanted: SessionStatus) -> None:
        try:
            self.status = move(self.status, wanted)
        except StateError:
            return
        assert self.status is wanted
        self.past.append(wanted)

    @rule()
    def stay(self) -> None:
        assert move(self.status, self.status) is self.status or self.status not in OVER

    @invariant()
    def an_end_is_an_end(self) -> None:
        ends = [place for place, status in enumerate(self.past) if status in OVER]
        assert not ends or set(self.past[ends[0] :]) == {self.past[ends[0]]}

    @invariant()
    def it_never_begins_again(self) -> None:
        later = [status for status in self.past if status is not SessionStatus.CONNECTING]
        assert self.past == [SessionStatus.CONNECTING] * (len(self.past) - len(later)) + later

    @invariant()
    def it_is_not_opened_while_it_ends(self) -> None:
        if SessionStatus.TERMINATING in self.past:
            at = self.past.index(SessionStatus.TERMINATING)
            assert SessionStatus.CONNECTED not in self.past[at:]

    @invariant()
    def it_can_always_end(self) -> None:
        assert self.status in OVER or move(self.status, SessionStatus.TERMINATED)


TestLives = Lives.TestCase
