"""Values into XML: the query protocol, EC2's variant, and the bodies of rest-xml.

Each shape becomes one function that appends text to a list; tags are made once per operation.

* query:    ``<OpResponse xmlns=…><OpResult>…</OpResult><ResponseMetadata>…``
* ec2:      ``<OpResponse xmlns=…><requestId>…</requestId>…``
* rest-xml: the output's own name as root

IAM sends policy documents percent-encoded inside the XML (RFC 3986), and its clients decode them;
so operations deal in plain JSON text, and the encoding is done here.

Source: Smithy's "AWS query protocol", "AWS EC2 query protocol" and "AWS restXml protocol".
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

from mooring.api.protocol.serialize_json import number_text, time_text
from mooring.api.protocol.xml_text import escape
from mooring.wire.errors import LocalProtocolError

__all__ = ["XmlWriter", "compile_xml", "ec2_document", "query_document", "structure_writer"]

XmlWriter = Callable[[Any, list[str]], None]
_Memo = dict[tuple[str, str, str], list[XmlWriter]]


def compile_xml(shape: Shape, name: str) -> XmlWriter:
    """Return what writes a value of the shape as the element ``name``."""
    return _compiled(shape, name, {})


def structure_writer(members: Mapping[str, Shape]) -> XmlWriter:
    """Return what writes these members side by side, without an element around them."""
    return _members(members, {})


def query_document(operation: OperationModel) -> Callable[[Mapping[str, Any], str], str]:
    """Return what writes the whole document of a query operation, from output and request id."""
    shape = operation.output_shape
    namespace = escape(operation.metadata.get("xmlNamespace", ""))
    start = f'<{operation.name}Response xmlns="{namespace}">'
    end = f"</{operation.name}Response>"
    result: XmlWriter | None = None
    if shape is not None:
        wrapper = shape.serialization.get("resultWrapper", f"{operation.name}Result")
        result = compile_xml(shape, wrapper)

    def write(output: Mapping[str, Any], request_id: str) -> str:
        out = [start]
        if result is not None:
            result(output, out)
        out.append("<ResponseMetadata><RequestId>")
        out.append(escape(request_id))
        out.append("</RequestId></ResponseMetadata>")
        out.append(end)
        return "".join(out)

    return write


def ec2_document(operation: OperationModel) -> Callable[[Mapping[str, Any], str], str]:
    """Return what writes the whole document of an EC2 operation, from output and request id."""
    shape = operation.output_shape
    namespace = escape(operation.metadata.get("xmlNamespace", ""))
    start = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<{operation.name}Response xmlns="{namespace}">'
        "<requestId>"
    )
    end = f"</{operation.name}Response>"
    members = structure_writer({} if shape is None else shape.members)

    def write(output: Mapping[str, Any], request_id: str) -> str:
        out = [start, escape(request_id), "</requestId>"]
        members(output, out)
        out.append(end)
        return "".join(out)

    return write


def _compiled(shape: Shape, name: str, memo: _Memo) -> XmlWriter:
    if shape.type_name not in ("structure", "list", "map"):
        return _scalar(shape, name)
    key = (shape.name, name, str(shape.serialization.get("flattened")))
    if key in memo:
        slot = memo[key]
        return slot[0] if slot else lambda value, out: slot[0](value, out)
    slot = memo[key] = []
    if isinstance(shape, StructureShape):
        made = _wrapped(name, _members(shape.members, memo))
    elif isinstance(shape, ListShape):
        made = _list(shape, name, memo)
    elif isinstance(shape, MapShape):
        made = _map(shape, name, memo)
    else:
        raise TypeError(f"no writer for the type `{shape.type_name}`")
    slot.append(made)
    return made


def _wrapped(name: str, inner: XmlWriter) -> XmlWriter:
    start, end = f"<{name}>", f"</{name}>"

    def write(value: Any, out: list[str]) -> None:  # noqa: ANN401 - as the model says
        out.append(start)
        inner(value, out)
        out.append(end)

    return write


def _members(members: Mapping[str, Shape], memo: _Memo) -> XmlWriter:
    writers = {
        name: _compiled(member, _element_name(name, member), memo)
        for name, member in members.items()
    }

    def write(value: Any, out: list[str]) -> None:  # noqa: ANN401 - a mapping
        for name, item in value.items():
            if item is None:
                continue
            writer = writers.get(name)
            if writer is None:
                raise LocalProtocolError(f"the model has no member `{name}`")
            writer(item, out)

    return write


def _element_name(name: str, member: Shape) -> str:
    if isinstance(member, ListShape) and member.serialization.get("flattened"):
        # The items stand where the list would, under their own name.
        inner = member.member.serialization.get("name")
        if inner is not None:
            return str(inner)
    return str(member.serialization.get("name", name))


def _list(shape: ListShape, name: str, memo: _Memo) -> XmlWriter:
    flattened = shape.serialization.get("flattened")
    item_name = name if flattened else str(shape.member.serialization.get("name", "member"))
    write_item = _compiled(shape.member, item_name, memo)

    def write(value: Any, out: list[str]) -> None:  # noqa: ANN401 - a sequence
        for item in value:
            write_item(item, out)

    return write if flattened else _wrapped(name, write)


def _map(shape: MapShape, name: str, memo: _Memo) -> XmlWriter:
    flattened = shape.serialization.get("flattened")
    write_key = _compiled(shape.key, str(shape.key.serialization.get("name", "key")), memo)
    write_value = _compiled(shape.value, str(shape.value.serialization.get("name", "value")), memo)
    entry = name if flattened else "entry"
    start, end = f"<{entry}>", f"</{entry}>"

    def write(value: Any, out: list[str]) -> None:  # noqa: ANN401 - a mapping
        for key, item in value.items():
            out.append(start)
            write_key(key, out)
            write_value(item, out)
            out.append(end)

    return write if flattened else _wrapped(name, write)


def _scalar(shape: Shape, name: str) -> XmlWriter:
    start, end = f"<{name}>", f"</{name}>"
    text_of = _text_writer(shape)

    def write(value: Any, out: list[str]) -> None:  # noqa: ANN401 - as the model says
        out.append(start)
        out.append(text_of(value))
        out.append(end)

    return write


def _text_writer(shape: Shape) -> Callable[[Any], str]:
    if shape.type_name == "timestamp":
        style = shape.serialization.get("timestampFormat", "iso8601").lower()
        return lambda value: time_text(value, style)
    if shape.name == "policyDocumentType":
        return _percent_encoded
    return _TEXTS[shape.type_name]


def _percent_encoded(value: str) -> str:
    return quote(value, safe="-_.~")


def _boolean(value: bool) -> str:  # noqa: FBT001 - the value itself
    return "true" if value else "false"


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")


_TEXTS: Mapping[str, Callable[[Any], str]] = {
    "string": escape,
    "character": escape,
    "boolean": _boolean,
    "integer": str,
    "long": str,
    "float": number_text,
    "double": number_text,
    "blob": _base64,
}
