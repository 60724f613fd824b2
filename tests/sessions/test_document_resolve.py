"""What a caller gives becomes what is run, or is refused by name."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mooring.sessions.document import DocumentProblem, DocumentRefused, SessionDocument
from mooring.sessions.document_check import check_document
from mooring.sessions.document_resolve import ResolvedSession, host_of, port_of, resolve_session
from mooring.sessions.document_shipped import SHIPPED
from mooring.wire.json_object import JsonValue
from mooring.wire.session_order import SessionType

REMOTE = SHIPPED["AWS-StartPortForwardingSessionToRemoteHost"]


def document(parameters: JsonValue, commands: str) -> SessionDocument:
    return check_document(
        {
            "schemaVersion": "1.0",
            "sessionType": "InteractiveCommands",
            "parameters": parameters,
            "properties": {"linux": {"commands": commands}},
        }
    )


def ends(of: ResolvedSession) -> tuple[str, str]:
    where = (of.session_type, of.properties)
    return port_of(*where), host_of(*where)


def commands(of: SessionDocument, **given_: tuple[str, ...]) -> JsonValue:
    linux = resolve_session(of, given_).properties["linux"]
    assert isinstance(linux, Mapping)
    return linux["commands"]


def test_a_forward_has_its_port_and_host_and_the_defaults_of_the_rest() -> None:
    resolved = resolve_session(REMOTE, {"portNumber": ("5432",), "host": ("DB.example.",)})

    assert resolved.session_type is SessionType.PORT
    assert resolved.properties == {
        "portNumber": "5432",
        "type": "LocalPortForwarding",
        "localPortNumber": "0",
        "host": "DB.example.",
    }
    assert resolved.parameters == {
        "host": "DB.example.",
        "portNumber": "5432",
        "localPortNumber": "0",
    }
    assert ends(resolved) == ("5432", "db.example")


def test_a_forward_to_the_node_itself_is_to_localhost() -> None:
    resolved = resolve_session(SHIPPED["AWS-StartSSHSession"], {})

    assert ends(resolved) == ("22", "localhost")


def test_a_command_has_neither_port_nor_host() -> None:
    resolved = resolve_session(document({}, "ls"), {})

    assert ends(resolved) == ("", "")


@pytest.mark.parametrize(
    ("given_", "said"),
    [
        ({"portNumber": ("0",)}, "parameter portNumber is `0`, which does not match"),
        ({"portNumber": ("80", "81")}, "is a String, got 2 values"),
        ({"portNumber": ()}, "is a String, got 0 values"),
        ({"port": ("80",)}, "no parameters named port"),
        ({"host": ("a b",)}, "parameter host is `a b`"),
        ({"host": ("169.254.169.254",)}, "no session may reach through a node"),
    ],
)
def test_what_is_not_allowed_is_refused_by_name(
    given_: dict[str, tuple[str, ...]], said: str
) -> None:
    with pytest.raises(DocumentRefused) as refused:
        resolve_session(REMOTE, given_)

    assert refused.value.problem is DocumentProblem.PARAMETERS
    assert said in refused.value.message


def test_a_parameter_without_a_default_must_be_given() -> None:
    with pytest.raises(DocumentRefused, match="parameter command must be given"):
        resolve_session(SHIPPED["AWS-StartInteractiveCommand"], {})


@pytest.mark.parametrize(
    ("type_", "given_", "expected"),
    [
        ("Boolean", ("True",), "true"),
        ("Integer", ("-7",), "-7"),
        ("StringList", ("a", "b"), '["a", "b"]'),
        ("String", ("$$ {{ x }}",), "$$ {{ x }}"),
    ],
)
def test_values_are_typed(type_: str, given_: tuple[str, ...], expected: str) -> None:
    of = document({"p": {"type": type_}}, "echo {{ p }}")

    assert commands(of, p=given_) == f"echo {expected}"


@pytest.mark.parametrize(
    ("type_", "given_"), [("Boolean", "yes"), ("Integer", "1.5"), ("Integer", "")]
)
def test_a_value_of_another_type_is_refused(type_: str, given_: str) -> None:
    of = document({"p": {"type": type_}}, "echo {{ p }}")

    with pytest.raises(DocumentRefused, match=f"expected a {type_}"):
        resolve_session(of, {"p": (given_,)})


def test_one_parameter_cannot_smuggle_in_what_another_forbids() -> None:
    of = document(
        {
            "safe": {"type": "String", "allowedPattern": "^[a-z{} ]+$"},
            "free": {"type": "String", "default": "; id"},
        },
        "echo {{ safe }}",
    )

    assert commands(of, safe=("{{ free }}",)) == "echo {{ free }}"


def test_preferences_may_depend_on_parameters() -> None:
    of = check_document(
        {
            "schemaVersion": "1.0",
            "sessionType": "Standard_Stream",
            "inputs": {"maxSessionDuration": "{{ minutes }}"},
            "parameters": {"minutes": {"type": "String", "default": "10"}},
        }
    )

    assert resolve_session(of, {}).preferences.max_duration == timedelta(minutes=10)
    with pytest.raises(DocumentRefused) as refused:
        resolve_session(of, {"minutes": ("9999",)})
    assert refused.value.problem is DocumentProblem.PARAMETERS


TEXTS = st.lists(st.text(max_size=12) | st.sampled_from(["80", "0", "x.y"]), max_size=2)


@given(
    of=st.sampled_from(sorted(SHIPPED)),
    given_=st.dictionaries(
        st.sampled_from(["portNumber", "host", "command", "username", "localPortNumber", "other"]),
        TEXTS,
        max_size=3,
    ),
)
def test_any_parameters_are_resolved_or_refused(of: str, given_: dict[str, list[str]]) -> None:
    with suppress(DocumentRefused):
        resolved = resolve_session(SHIPPED[of], {key: tuple(row) for key, row in given_.items()})

        assert resolved.session_type is SHIPPED[of].session_type
        assert not ends(resolved)[0] or 1 <= int(ends(resolved)[0]) <= 65535
