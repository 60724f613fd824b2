"""Service models: botocore's own, with ours laid over or beside them.

Ours are ``api/models/*.json`` in botocore's format: the calls of amazon-ssm-agent, which AWS does
not publish (their shapes follow the agent's vendored SDK, ``ssm``, ``ssmmds`` and
``agent/session/service``), and the service that only Mooring has.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from typing import Any

import msgspec.json
from botocore.loaders import Loader
from botocore.model import ServiceModel

__all__ = ["AWS_SERVICES", "load_descriptions", "load_extra_models", "load_service_models"]

AWS_SERVICES = (
    "ssm",
    "iam",
    "sts",
    "ec2",
    "ssm-quicksetup",
    "ssm-guiconnect",
    "cloudtrail",
    "organizations",
)


def load_extra_models() -> dict[str, dict[str, Any]]:
    """Return our own models by service name."""
    found: dict[str, dict[str, Any]] = {}
    for entry in resources.files("mooring.api.models").iterdir():
        if entry.name.endswith(".json"):
            found[entry.name.removesuffix(".json")] = msgspec.json.decode(
                entry.read_bytes(), type=dict[str, Any]
            )
    return found


def load_service_models(extra: Mapping[str, Mapping[str, Any]]) -> dict[str, ServiceModel]:
    """Return every service's model; an extra model adds to botocore's, or stands by itself."""
    return {
        name: ServiceModel(description, name)
        for name, description in load_descriptions(extra).items()
    }


def load_descriptions(extra: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return what the models are made of, in botocore's format."""
    # Without the default search paths: a file in the home directory must not change the contract.
    loader = Loader(
        extra_search_paths=[Loader.BUILTIN_DATA_PATH], include_default_search_paths=False
    )
    descriptions = {
        name: _laid_over(loader.load_service_model(name, "service-2"), extra.get(name, {}))
        for name in AWS_SERVICES
    }
    beside = {name: dict(own) for name, own in extra.items() if name not in AWS_SERVICES}
    return descriptions | beside


def _laid_over(base: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "metadata": base["metadata"],
        "operations": {**base["operations"], **own.get("operations", {})},
        "shapes": {**base["shapes"], **own.get("shapes", {})},
    }
