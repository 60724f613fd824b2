"""Which operation is which function, and how its caller proves who they are.

An operation is a function of a call and its input in the model's spelling; it returns its
output in that spelling. What is not here is answered as AWS answers an unknown operation.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

__all__ = ["Handler", "Input", "Operation", "Output", "Proof"]

from mooring.operations.call import Call

Input = Mapping[str, Any]
Output = Mapping[str, Any]
Handler = Callable[[Call, Input], Awaitable[Output]]


class Proof(StrEnum):
    """What a caller must show."""

    SIGNATURE = "a signature with an access key"
    NODE_KEY = "a signature with a node's own key"
    NONE = "nothing: the input itself is the proof"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """An operation as it is registered; ``is_read_only`` goes into its audit event."""

    handler: Handler
    proof: Proof = Proof.SIGNATURE
    is_read_only: bool = False
