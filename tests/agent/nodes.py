"""A registered node in a folder of its own."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from mooring.agent.api import Api, Endpoint
from mooring.agent.identity import Registration, new_private_key, save_registration
from mooring.agent.state import StateDir
from mooring.agent.world import World
from mooring.secret import Secret
from mooring.wire.ids import parse_node_id, parse_session_id
from mooring.wire.session_order import SessionOrder

NODE_ID = parse_node_id("mi-0123456789abcdef0")
SESSION_ID = parse_session_id("alice-0123456789abcdef0")


@cache
def key(number: int) -> Secret:
    """Return one of a few keys; making one takes a while."""
    del number
    return new_private_key()


def registration(url: str = "http://127.0.0.1:1") -> Registration:
    return Registration(
        node_id=NODE_ID, region="eu-west-9", endpoint=url, fingerprint="finger", private_key=key(0)
    )


def registered(folder: Path, url: str) -> StateDir:
    state = StateDir(folder / "state")
    state.create()
    save_registration(state, registration(url))
    return state


def api(url: str, world: World) -> Api:
    return Api(endpoint=Endpoint.parse(url), ssl=None, world=world, version="1.2.3")


def order() -> SessionOrder:
    return SessionOrder(
        session_id=SESSION_ID, document_name="SSM-SessionManagerRunShell", session_owner="arn:x"
    )
