"""A node that says it runs Windows is listed beside the others, and refused to who may not."""

from pathlib import Path

import anyio
from tests.e2e.dev import Dev

from mooring import __version__
from mooring.agent.api import Api, Endpoint
from mooring.agent.credentials import CredentialSource
from mooring.agent.register import RegisterRequest, register
from mooring.agent.state import StateDir
from mooring.agent.world import machine_world
from mooring.secret import Secret


async def join(endpoint: Endpoint, activation: dict[str, str], state: StateDir) -> str:
    """Register as a node and report Windows, as an agent there would."""
    world = machine_world()
    request = RegisterRequest(
        endpoint=endpoint,
        activation_id=activation["ActivationId"],
        activation_code=Secret(activation["ActivationCode"]),
        region=activation["Region"],
    )
    registration = await register(request, state, world)
    api = Api(endpoint=endpoint, ssl=None, world=world, version=__version__)
    signer = await CredentialSource(api, state, rotates_key=False).signer("ssm")
    said = {"AgentName": "mooring-agent", "AgentVersion": "1.0.0.0", "PlatformType": "Windows"}
    fields = {"InstanceId": registration.node_id, "PlatformName": "Windows Server 2025", **said}
    await api.call("UpdateInstanceInformation", fields, signer)
    return registration.node_id


def test_a_windows_node_is_listed_and_refused(dev: Dev, tmp_path: Path) -> None:
    made = dev.answer(
        "admin", "ssm", "create-activation",
        "--iam-role", "service-role/AmazonEC2RunCommandRoleForManagedInstances",
        "--tags", "Key=mooring:node-type,Value=instance",
    )  # fmt: skip
    activation = {**made, "Region": dev.facts["region"]}
    node_id = anyio.run(
        join, Endpoint.parse(dev.facts["endpoint_url"]), activation, StateDir(tmp_path / "state")
    )

    listed = dev.answer("limited", "ssm", "describe-instance-information")
    instances = dev.answer("limited", "ec2", "describe-instances")
    refused = dev.aws("limited", "ssm", "start-session", "--target", node_id)
    absent = dev.aws("admin", "ssm", "start-session", "--target", node_id)

    platforms = {
        row["InstanceId"]: row["PlatformType"] for row in listed["InstanceInformationList"]
    }
    assert platforms == {dev.node(0): "Linux", dev.node(1): "Linux", node_id: "Windows"}
    found = [row["Instances"][0]["InstanceId"] for row in instances["Reservations"]]
    assert set(found) == {dev.node(0), dev.node(1), node_id}
    assert "(AccessDeniedException)" in refused.stderr
    assert f"{node_id} is not connected." in absent.stderr
