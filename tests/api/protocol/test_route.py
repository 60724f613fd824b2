"""A request is told apart by target, scope, host, action or path, in that order."""

import pytest
from tests.api.protocol.shapes import MODELS, a_post

from mooring.api.protocol.errors import UnknownOperation
from mooring.api.protocol.request import HttpRequest
from mooring.api.protocol.route import Router, uri_pattern

ROUTER = Router(MODELS)
FORM = "application/x-www-form-urlencoded; charset=utf-8"


def scoped(service: str) -> str:
    return (
        f"AWS4-HMAC-SHA256 Credential=AKID/20261124/us-east-1/{service}/aws4_request, "
        "SignedHeaders=host, Signature=a"
    )


def a_get(path: str, query: str = "", **headers: str) -> HttpRequest:
    return HttpRequest(
        method="GET", path=path, query_string=query, headers=headers, secure=True, peer="::1"
    )


@pytest.mark.parametrize(
    ("target", "service", "operation"),
    [
        ("AmazonSSM.StartSession", "ssm", "StartSession"),
        ("AmazonSSM.RegisterManagedInstance", "ssm", "RegisterManagedInstance"),
        ("EC2WindowsMessageDeliveryService.GetMessages", "ec2messages", "GetMessages"),
        ("Mooring_20261124.GetRecording", "mooring", "GetRecording"),
    ],
)
def test_a_target_names_service_and_operation(target: str, service: str, operation: str) -> None:
    call = ROUTER.identify(a_post(x_amz_target=target))

    assert (call.service, call.operation, call.protocol) == (service, operation, "json")
    assert call.model.name == operation


@pytest.mark.parametrize(
    ("target", "service"),
    [
        ("AmazonSSM.Nonsense", "ssm"),
        ("Nobody.StartSession", None),
        ("AmazonSSM", None),
        ("", None),
        (".", None),
    ],
)
def test_a_target_that_names_nothing_is_unknown(target: str, service: str | None) -> None:
    with pytest.raises(UnknownOperation) as unknown:
        ROUTER.identify(a_post(x_amz_target=target))

    assert unknown.value.service == service


@pytest.mark.parametrize(
    ("service", "body", "operation"),
    [
        ("iam", b"Action=GetUser&Version=2010-05-08", "GetUser"),
        ("sts", b"Version=2011-06-15&Action=GetCallerIdentity", "GetCallerIdentity"),
        ("ec2", b"Action=DescribeInstances&Version=2016-11-15", "DescribeInstances"),
    ],
)
def test_scope_and_action_name_a_query_call(service: str, body: bytes, operation: str) -> None:
    request = a_post(body, authorization=scoped(service), content_type=FORM)

    call = ROUTER.identify(request)

    assert (call.service, call.operation) == (service, operation)


def test_the_host_names_the_service_of_an_unsigned_call() -> None:
    body = b"Action=AssumeRoleWithWebIdentity&Version=2011-06-15"

    call = ROUTER.identify(a_post(body, host="sts.r.example.test:8443", content_type=FORM))

    assert (call.service, call.operation) == ("sts", "AssumeRoleWithWebIdentity")


def test_the_version_names_the_service_when_nothing_else_does() -> None:
    body = b"Action=GetCallerIdentity&Version=2011-06-15"

    call = ROUTER.identify(a_post(body, host="127.0.0.1:8022", content_type=FORM))

    assert call.service == "sts"


def test_a_presigned_query_names_its_service() -> None:
    query = (
        "Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Algorithm=AWS4-HMAC-SHA256"
        "&X-Amz-Credential=AKID%2F20261124%2Fus-east-1%2Fsts%2Faws4_request&X-Amz-Signature=a"
    )

    assert ROUTER.identify(a_get("/", query)).operation == "GetCallerIdentity"


@pytest.mark.parametrize(
    ("service", "body", "text"),
    [
        ("iam", b"Action=Nope&Version=2010-05-08", "operation Nope for version 2010-05-08"),
        ("iam", b"Action=GetUser&Version=1999-01-01", "operation GetUser for version 1999-01-01"),
        ("iam", b"", "Could not find operation"),
        ("ec2", b"Action=Nope", "The action Nope is not valid for this web service."),
    ],
)
def test_an_action_that_is_none_is_unknown(service: str, body: bytes, text: str) -> None:
    with pytest.raises(UnknownOperation, match=text) as unknown:
        ROUTER.identify(a_post(body, authorization=scoped(service), content_type=FORM))

    assert unknown.value.service == service


@pytest.mark.parametrize("host", ["ssmmessages.r.example.test", "localhost:21000"])
def test_method_and_path_name_a_rest_call(host: str) -> None:
    call = ROUTER.identify(a_post(path="/v1/data-channel/alice%40x-1", host=host))

    assert (call.service, call.operation) == ("ssmmessages", "CreateDataChannel")


def test_a_rest_service_has_no_other_paths() -> None:
    with pytest.raises(UnknownOperation) as unknown:
        ROUTER.identify(a_get("/v1/data-channel/a", authorization=scoped("ssmmessages")))

    assert unknown.value.service == "ssmmessages"


def test_whatever_else_comes_is_unknown() -> None:
    with pytest.raises(UnknownOperation) as unknown:
        ROUTER.identify(a_get("/favicon.ico", host="localhost", authorization=scoped("s3")))

    assert unknown.value.service is None


@pytest.mark.parametrize(
    ("template", "path", "groups"),
    [
        ("/a/{B}/c", "/a/x%2Fy/c", ("x%2Fy",)),
        ("/a/{B+}", "/a/x/y", ("x/y",)),
        ("/a.b?x=y", "/a.b", ()),
    ],
)
def test_a_template_matches_its_paths(template: str, path: str, groups: tuple[str, ...]) -> None:
    match = uri_pattern(template).fullmatch(path)

    assert match is not None
    assert match.groups() == groups


def test_a_label_is_one_step_of_the_path() -> None:
    assert uri_pattern("/a/{B}/c").fullmatch("/a/x/y/c") is None
    assert uri_pattern("/a.b").fullmatch("/axb") is None


def test_a_call_can_be_named_without_a_request() -> None:
    assert ROUTER.call("ssm", "StartSession").operation == "StartSession"

    with pytest.raises(UnknownOperation):
        ROUTER.call("ssm", "Nope")
