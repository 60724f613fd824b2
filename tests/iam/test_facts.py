"""Context keys lose their case and nothing else."""

from mooring.iam.facts import fold, single


def test_keys_compare_without_case() -> None:
    assert fold({"aws:ResourceTag/Owner": ("Ann",)}) == {"aws:resourcetag/owner": ("Ann",)}


def test_a_key_without_values_is_missing() -> None:
    assert fold({"aws:TagKeys": ()}) == {}


def test_keys_that_differ_by_case_do_not_hide_each_other() -> None:
    assert fold({"ssm:K": ("a",), "ssm:k": ("b",)}) == {"ssm:k": ("a", "b")}


def test_only_a_single_value_can_stand_in_a_text() -> None:
    facts = fold({"ssm:one": ("a",), "ssm:two": ("a", "b")})

    assert single(facts, "ssm:one") == "a"
    assert single(facts, "ssm:two") is None
    assert single(facts, "ssm:none") is None
