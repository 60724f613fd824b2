"""Values for any shape of a service model, and botocore as the peer that sends and reads them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from botocore.awsrequest import HeadersDict
from botocore.model import ListShape, MapShape, OperationModel, ServiceModel, Shape, StructureShape
from botocore.parsers import create_parser
from botocore.serialize import create_serializer
from hypothesis import strategies as st

from mooring.api.protocol.models import load_descriptions, load_extra_models
from mooring.api.protocol.request import HttpRequest, HttpResponse

_DESCRIPTIONS = load_descriptions(load_extra_models())
MODELS = {name: ServiceModel(made, name) for name, made in _DESCRIPTIONS.items()}
_NO_SHAPE = StructureShape("Nothing", {"type": "structure", "members": {}})
_LIMITS = ("min", "max", "pattern", "enum", "required")


def without_limits(service: str) -> ServiceModel:
    """Return the model with its shapes but not their limits, so that any value is valid."""
    description = _DESCRIPTIONS[service]
    shapes = {
        name: {key: value for key, value in shape.items() if key not in _LIMITS}
        for name, shape in description["shapes"].items()
    }
    return ServiceModel({**description, "shapes": shapes}, service)


def names(service: str) -> list[str]:
    return list(MODELS[service].operation_names)


def values(shape: Shape | None, protocol: str, depth: int = 0) -> st.SearchStrategy[Any]:
    """Return values of the shape that the protocol can carry."""
    if shape is None:
        return st.just({})
    # Forms have no way to spell an empty container.
    least = 1 if protocol in ("query", "ec2") else 0
    if isinstance(shape, StructureShape):
        return _structures(shape, protocol, depth, least)
    if isinstance(shape, ListShape):
        if shape.serialization.get("location") == "querystring":
            least = 1
        return st.lists(values(shape.member, protocol, depth + 1), min_size=least, max_size=2)
    if isinstance(shape, MapShape):
        return st.dictionaries(
            values(shape.key, protocol, depth + 1),
            values(shape.value, protocol, depth + 1),
            min_size=least,
            max_size=2,
        )
    return _SCALARS[shape.type_name]


def _structures(
    shape: StructureShape, protocol: str, depth: int, least: int
) -> st.SearchStrategy[dict[str, Any]]:
    members = {
        name: member
        for name, member in shape.members.items()
        if depth < 4 or member.type_name in _SCALARS
    }
    if shape.is_tagged_union:
        return st.sampled_from(sorted(members)).flatmap(
            lambda name: st.fixed_dictionaries({name: values(members[name], protocol, depth + 1)})
        )
    in_path = {n: m for n, m in members.items() if m.serialization.get("location") == "uri"}
    free = sorted(set(members) - set(in_path))
    chosen: st.SearchStrategy[list[str]] = st.just([])
    if free:
        least = least if depth else 0
        chosen = st.lists(st.sampled_from(free), unique=True, min_size=least, max_size=5)
    return chosen.flatmap(
        lambda picked: st.fixed_dictionaries(
            {name: values(members[name], protocol, depth + 1) for name in picked}
            | dict.fromkeys(in_path, _LABELS)
        )
    )


_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn"]), max_size=8)
_LABELS = st.text("aZ09/:%+ é.", min_size=1, max_size=8)
_SCALARS: Mapping[str, st.SearchStrategy[Any]] = {
    "string": _TEXT,
    "character": _TEXT,
    "boolean": st.booleans(),
    "integer": st.integers(-(2**31), 2**31 - 1),
    "long": st.integers(-(2**63), 2**63 - 1),
    "float": st.floats(allow_nan=False),
    "double": st.floats(allow_nan=False),
    "timestamp": st.datetimes(
        datetime(1970, 1, 2),  # noqa: DTZ001 - hypothesis adds the zone
        datetime(2200, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
        timezones=st.just(UTC),
    ),
    "blob": st.binary(max_size=8),
}


def sent_by_botocore(operation: OperationModel, value: Mapping[str, Any]) -> HttpRequest:
    """Return the request that botocore makes for the input."""
    protocol = operation.service_model.protocol
    made = create_serializer(protocol, include_validation=False).serialize_to_request(
        value, operation
    )
    body = made["body"]
    query = made["query_string"]
    return HttpRequest(
        method=made["method"],
        path=made["url_path"],
        query_string=query if isinstance(query, str) else urlencode(query, doseq=True),
        headers={name.lower(): text for name, text in made["headers"].items()},
        body=urlencode(body).encode() if isinstance(body, dict) else body,
        secure=True,
        peer="127.0.0.1",
    )


def read_by_botocore(protocol: str, response: HttpResponse, shape: Shape | None) -> dict[str, Any]:
    """Return what botocore reads in the response."""
    parsed: dict[str, Any] = create_parser(protocol).parse(
        {
            "body": response.body,
            "headers": HeadersDict(response.headers),
            "status_code": response.status,
        },
        shape or _NO_SHAPE,
    )
    return parsed


def a_post(body: bytes = b"", *, path: str = "/", query: str = "", **headers: str) -> HttpRequest:
    """Return a POST with these headers."""
    return HttpRequest(
        method="POST",
        path=path,
        query_string=query,
        headers={name.replace("_", "-"): text for name, text in headers.items()},
        body=body,
        secure=True,
        peer="127.0.0.1",
    )
