"""Which operation a request means.

All services share one port, so a request is told apart by what its protocol offers, in this order:

1. ``X-Amz-Target: <prefix>.<operation>`` (json);
2. the service in the SigV4 scope, else the first label of Host, then ``Action`` in the form or the
   query string (query, ec2) or method and path (rest);
3. neither: any rest service that has the path, else the query service of that ``Version``.

Nothing here is trusted: a scope that names another service fails its own check later.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote_plus

from botocore.model import OperationModel, ServiceModel

from mooring.api.protocol.errors import UnknownOperation
from mooring.api.protocol.request import HttpRequest

__all__ = ["Call", "Router", "form_of", "uri_pattern"]

_SCOPE = re.compile(r"Credential=[^/,\s]*/[^/,]*/[^/,]*/([^/,]*)/")
_QUERY_SCOPE = re.compile(r"X-Amz-Credential=[^&]*?(?:/|%2[Ff])([^/&%]*)(?:/|%2[Ff])aws4_request")
_ACTION = re.compile(r"(?:^|&)Action=([^&]*)")
_VERSION = re.compile(r"(?:^|&)Version=([^&]*)")
_LABEL = re.compile(r"{([^}+]+)(\+?)}")
_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """An operation of a service, with its model."""

    service: str
    operation: str
    protocol: str
    model: OperationModel


@dataclass(frozen=True, slots=True)
class _Route:
    method: str
    pattern: re.Pattern[str]
    call: Call


def uri_pattern(request_uri: str) -> re.Pattern[str]:
    """Return the pattern of a raw path, with one group for each label in the template."""
    path = request_uri.partition("?")[0]
    parts = []
    end = 0
    for label in _LABEL.finditer(path):
        parts.append(re.escape(path[end : label.start()]))
        parts.append("(.+)" if label[2] else "([^/]+)")
        end = label.end()
    parts.append(re.escape(path[end:]))
    return re.compile("".join(parts))


class Router:
    """Finds the operation; built once from the models, then only read."""

    def __init__(self, models: Mapping[str, ServiceModel]) -> None:
        self._protocols = {name: model.protocol for name, model in models.items()}
        self._calls = {name: _calls_of(name, model) for name, model in models.items()}
        self._targets = {
            model.metadata["targetPrefix"]: name
            for name, model in models.items()
            if "targetPrefix" in model.metadata
        }
        self._signing = {model.signing_name: name for name, model in models.items()}
        self._versions = {
            model.api_version: name
            for name, model in models.items()
            if model.protocol in ("query", "ec2")
        }
        self._api_versions = {name: model.api_version for name, model in models.items()}
        self._routes = {
            name: _routes_of(calls)
            for name, calls in self._calls.items()
            if self._protocols[name].startswith("rest-")
        }

    def identify(self, request: HttpRequest) -> Call:
        """Return the call.

        Raises:
            UnknownOperation: there is none.
        """
        target = request.headers.get("x-amz-target")
        if target is not None:
            return self._by_target(target)
        service = self._service_of(request)
        if service is None:
            return self._unaddressed(request)
        protocol = self._protocols[service]
        if protocol in ("query", "ec2"):
            return self._by_action(service, form_of(request))
        call = self._by_path(service, request)
        if call is None:
            raise UnknownOperation(service)
        return call

    def call(self, service: str, operation: str) -> Call:
        """Return the call of that name.

        Raises:
            UnknownOperation: the service lacks it.
        """
        found = self._calls[service].get(operation)
        if found is None:
            raise UnknownOperation(service)
        return found

    def _by_target(self, target: str) -> Call:
        prefix, _, operation = target.rpartition(".")
        service = self._targets.get(prefix)
        if service is None:
            raise UnknownOperation(None)
        return self.call(service, operation)

    def _service_of(self, request: HttpRequest) -> str | None:
        scope = _SCOPE.search(request.headers.get("authorization", ""))
        scope = scope or _QUERY_SCOPE.search(request.query_string)
        if scope is not None and scope[1] in self._signing:
            return self._signing[scope[1]]
        return self._signing.get(request.headers.get("host", "").partition(".")[0])

    def _unaddressed(self, request: HttpRequest) -> Call:
        for service in self._routes:
            call = self._by_path(service, request)
            if call is not None:
                return call
        form = form_of(request)
        version = _VERSION.search(form)
        service_of_version = self._versions.get(unquote_plus(version[1])) if version else None
        if service_of_version is None:
            raise UnknownOperation(None)
        return self._by_action(service_of_version, form)

    def _by_action(self, service: str, form: str) -> Call:
        action = _ACTION.search(form)
        version = _VERSION.search(form)
        expected = self._api_versions[service]
        name = unquote_plus(action[1])[:128] if action else ""
        asked = unquote_plus(version[1])[:32] if version else expected
        call = self._calls[service].get(name)
        if call is not None and asked == expected:
            return call
        if self._protocols[service] == "ec2":
            text = f"The action {name} is not valid for this web service."
        else:
            text = f"Could not find operation {name} for version {asked}"
        raise UnknownOperation(service, text)

    def _by_path(self, service: str, request: HttpRequest) -> Call | None:
        for route in self._routes.get(service, ()):
            if route.method == request.method and route.pattern.fullmatch(request.path):
                return route.call
        return None


def _calls_of(name: str, model: ServiceModel) -> dict[str, Call]:
    return {
        operation: Call(
            service=name,
            operation=operation,
            protocol=model.protocol,
            model=model.operation_model(operation),
        )
        for operation in model.operation_names
    }


def _routes_of(calls: Mapping[str, Call]) -> list[_Route]:
    routes = []
    for call in calls.values():
        http = call.model.http
        routes.append(_Route(http["method"], uri_pattern(http["requestUri"]), call))
    # A template with fewer labels says more, so `/tags/all` wins over `/tags/{Id}`.
    return sorted(routes, key=lambda route: route.pattern.groups)


def form_of(request: HttpRequest) -> str:
    """Return the parameters of a query-protocol request, wherever they stand."""
    if request.method == "POST" and request.headers.get("content-type", "").startswith(_FORM):
        body = request.body.decode("latin-1")
        return f"{request.query_string}&{body}" if request.query_string else body
    return request.query_string
