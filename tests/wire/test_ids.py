"""Ids are made in AWS's shapes, and nothing else is taken for one."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mooring.wire import ids
from mooring.wire.errors import LocalProtocolError, RemoteProtocolError

PARSERS: list[Callable[[str], str]] = [
    ids.parse_node_id,
    ids.parse_session_id,
    ids.parse_activation_id,
    ids.parse_account_id,
    ids.parse_access_key_id,
    ids.parse_unique_id,
]
ENTROPY = bytes.fromhex("730a75e28eb7c7146fffffffffffffff")

entropies = st.binary(min_size=ids.ENTROPY_BYTES, max_size=40)


@pytest.mark.parametrize(
    ("parse", "text"),
    [
        (ids.parse_node_id, "mi-730a75e28eb7c7146"),
        (ids.parse_node_id, "i-0abcdef1234567890"),
        (ids.parse_session_id, "alice-418a996f891345879"),
        (ids.parse_session_id, "alice@example.com-418a996f891345879"),
        (ids.parse_activation_id, "b6f7443c-f508-4e84-9ef3-5bf2a4a4b945"),
        (ids.parse_account_id, "012345678901"),
        (ids.parse_access_key_id, "AKIAIOSFODNN7EXAMPLE"),
        (ids.parse_unique_id, "AIDACKCEVSQ6C2EXAMPLE"),
    ],
)
def test_reads_what_aws_writes(parse: Callable[[str], str], text: str) -> None:
    assert parse(text) == text


@given(entropies)
def test_reads_back_every_id_it_makes(entropy: bytes) -> None:
    for node in ids.NodeKind:
        assert ids.node_kind(ids.parse_node_id(ids.new_node_id(node, entropy))) is node
    for key in ids.AccessKeyKind:
        ids.parse_access_key_id(ids.new_access_key_id(key, entropy))
    for unique in ids.UniqueIdKind:
        ids.parse_unique_id(ids.new_unique_id(unique, entropy))
    ids.parse_activation_id(ids.new_activation_id(entropy))
    ids.parse_account_id(ids.new_account_id(entropy))
    ids.parse_session_id(ids.new_session_id("alice", entropy))


@given(st.text())
def test_any_text_is_parsed_or_refused(text: str) -> None:
    for parse in PARSERS:
        try:
            parse(text)
        except RemoteProtocolError:
            pass


def test_a_session_id_is_a_name_and_seventeen_digits() -> None:
    session_id = ids.new_session_id("al-ice", ENTROPY)

    assert session_id == "al-ice-730a75e28eb7c7146"
    assert ids.session_id_suffix(session_id) == "730a75e28eb7c7146"


@pytest.mark.parametrize(
    ("parse", "text"),
    [
        (ids.parse_node_id, "mi-730a75e28eb7c714"),
        (ids.parse_node_id, "mi-730A75E28EB7C7146"),
        (ids.parse_node_id, "mi-730a75e28eb7c7146\n"),
        (ids.parse_node_id, "x-730a75e28eb7c7146"),
        (ids.parse_session_id, "../etc-730a75e28eb7c7146"),
        (ids.parse_session_id, "-730a75e28eb7c7146"),
        (ids.parse_session_id, "a" * 79 + "-730a75e28eb7c7146"),
        (ids.parse_account_id, "12345678901"),
        (ids.parse_account_id, "١٢٣٤٥٦٧٨٩٠١٢"),
        (ids.parse_access_key_id, "AKIDIOSFODNN7EXAMPLE"),
        (ids.parse_unique_id, "AXXACKCEVSQ6C2EXAMPLE"),
        (ids.parse_activation_id, "b6f7443c-f508-4e84-9ef3"),
    ],
)
def test_refuses_what_only_looks_like_one(parse: Callable[[str], str], text: str) -> None:
    with pytest.raises(RemoteProtocolError):
        parse(text)


@pytest.mark.parametrize("name", ["", "a b", "a/b", "é", "a" * 79])
def test_makes_no_session_id_for_a_name_that_is_none(name: str) -> None:
    with pytest.raises(LocalProtocolError):
        ids.new_session_id(name, ENTROPY)


def test_makes_no_id_of_too_little_entropy() -> None:
    with pytest.raises(LocalProtocolError, match="15 bytes of entropy, an id needs 16"):
        ids.new_node_id(ids.NodeKind.INSTANCE, b"x" * 15)
