"""Whom a trust policy names: found in its text, and named otherwise without touching the rest.

AWS keeps the unique id of a user or role in place of its ARN, so that somebody who comes after
under the same name is not trusted by mistake, and shows the ARN again while they are there.

Source: IAM User Guide, "AWS JSON policy elements: Principal".
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from mooring.iam.document import Leaf, Listing, Node, Structure, read_document

__all__ = ["named_principals", "rename_principals"]

_DECODER = json.JSONDecoder()
_ELEMENTS = ("Principal", "NotPrincipal")


def named_principals(text: str) -> tuple[str, ...]:
    """Return what stands under ``AWS`` in a policy that has been parsed, in order."""
    return tuple(str(leaf.value) for leaf in _leaves(read_document(text)))


def rename_principals(text: str, names: Mapping[str, str]) -> str:
    """Return the text with other names for principals; those that are not listed stay."""
    for leaf in sorted(_leaves(read_document(text)), key=lambda found: -found.start):
        name = names.get(str(leaf.value))
        if name is not None:
            _, end = _DECODER.raw_decode(text, leaf.start)
            text = text[: leaf.start] + json.dumps(name) + text[end:]
    return text


def _leaves(root: Node) -> Iterator[Leaf]:
    for statement in _items(_member(root, "Statement")):
        for element in _ELEMENTS:
            for item in _items(_member(_member(statement, element), "AWS")):
                if isinstance(item, Leaf):
                    yield item


def _member(node: Node | None, name: str) -> Node | None:
    return node.members.get(name) if isinstance(node, Structure) else None


def _items(node: Node | None) -> tuple[Node, ...]:
    if node is None:
        return ()
    return node.items if isinstance(node, Listing) else (node,)
