"""The index finds what trying every statement would find."""

from hypothesis import given
from hypothesis import strategies as st

from mooring.iam.index import ActionIndex
from mooring.iam.match import ActionPattern

patterns = st.sampled_from(["*", "ssm:*", "ssm:Get*", "SSM:GetDocument", "ec2:?et", "ec2:Get"])
entries = st.lists(patterns.map(ActionPattern.parse), max_size=3).map(tuple)


def test_finds_statements_in_their_order_and_once() -> None:
    rows = [["ssm:Get*", "ssm:*"], ["ec2:*"], ["ssm:GetDocument", "*"]]
    index = ActionIndex.build(
        [(tuple(ActionPattern.parse(text) for text in row), ()) for row in rows]
    )

    assert index.find("ssm:getdocument") == (0, 2)
    assert index.find("ec2:get") == (1, 2)


def test_not_action_covers_every_action_it_does_not_list() -> None:
    index = ActionIndex.build([((), (ActionPattern.parse("ssm:*"), ActionPattern.parse("ec2:*")))])

    assert index.find("iam:getuser") == (0,)
    assert index.find("ssm:getdocument") == ()


def test_not_action_with_the_star_covers_nothing() -> None:
    index = ActionIndex.build([((), (ActionPattern.parse("*"),))])

    assert index.find("iam:getuser") == ()


@given(
    st.lists(entries.filter(bool) | entries.filter(bool).map(lambda e: (None, e)), max_size=4),
    st.sampled_from(["ssm:getdocument", "ssm:list", "ec2:get", "iam:getuser"]),
)
def test_agrees_with_trying_each_statement(rows: list[tuple[object, ...]], action: str) -> None:
    statements: list[tuple[tuple[ActionPattern, ...], tuple[ActionPattern, ...]]] = []
    expected: list[int] = []
    for number, row in enumerate(rows):
        negated = row[0] is None
        listed = row[1] if negated else row
        assert isinstance(listed, tuple)
        statements.append(((), listed) if negated else (listed, ()))
        if any(pattern.matches(action) for pattern in listed) is not negated:
            expected.append(number)

    assert ActionIndex.build(statements).find(action) == tuple(expected)
