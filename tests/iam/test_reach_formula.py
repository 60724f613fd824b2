"""Formulas over facts that are missing: simplified, turned round, decided and told."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from mooring.iam.facts import Facts
from mooring.iam.reach_formula import (
    NO,
    YES,
    Formula,
    Leaf,
    Verdict,
    every,
    is_true,
    leaves,
    negate,
    requirements,
    some,
    verdict,
)


@dataclass(frozen=True, slots=True)
class Has:
    """The key is there."""

    key: str

    def holds(self, facts: Facts) -> bool:
        return self.key in facts


A, B, C = Has("a"), Has("b"), Has("c")
atoms: st.SearchStrategy[Formula] = st.sampled_from([A, B, C, YES, NO])
formulas = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(every),
        st.lists(inner, max_size=3).map(some),
        inner.map(negate),
    ),
    max_leaves=12,
)
facts = st.sets(st.sampled_from("abc")).map(lambda keys: dict.fromkeys(keys, ("x",)))


def tell(leaf: Leaf, wanted: bool) -> str:  # noqa: FBT001 - the signature of a callback
    assert isinstance(leaf, Has)
    return leaf.key if wanted else f"not {leaf.key}"


def test_what_is_certain_is_said_at_once() -> None:
    assert verdict(every([YES, some([A, YES])])) is Verdict.YES
    assert verdict(some([NO, every([A, NO])])) is Verdict.NO
    assert verdict(every([A, YES])) is Verdict.ONLY_IF


def test_a_part_that_stands_twice_stands_once() -> None:
    assert every([A, B, A]) == every([A, B])
    assert some([A, some([A, B])]) == some([A, B])
    assert every([A]) == A


def test_requirements_are_sentences_that_must_all_be_true() -> None:
    formula = every([A, some([B, every([negate(C), A])])])

    assert requirements(formula, tell) == ("a", "(b or (not c and a))")
    assert list(leaves(formula)) == [A, B, C, A]


@given(formulas, facts)
def test_the_opposite_is_true_where_the_formula_is_not(formula: Formula, given: Facts) -> None:
    assert is_true(negate(formula), given) is not is_true(formula, given)


@given(formulas, facts)
def test_a_certain_formula_does_not_depend_on_facts(formula: Formula, given: Facts) -> None:
    certain = {Verdict.YES: True, Verdict.NO: False}.get(verdict(formula))

    assert certain in (None, is_true(formula, given))
