"""Systems Manager: documents."""

from __future__ import annotations

import json
from collections.abc import Mapping

from mooring.api.registry import Input, Operation, Output
from mooring.operations.call import Call
from mooring.operations.documents_find import DocumentView, owner_of
from mooring.operations.documents_read import (
    DocumentFilter,
    Listed,
    get_document,
    list_documents,
    list_versions,
    text_as,
)
from mooring.operations.documents_share import describe_shares, modify_shares
from mooring.operations.documents_write import (
    DocumentText,
    NewDocument,
    create_document,
    delete_document,
    set_default_version,
    update_document,
)
from mooring.operations.problems import OperationRefused, Problem
from mooring.operations.resource_tags import check_tags
from mooring.sessions.document import DocumentParameter, ParameterType, ParameterValue
from mooring.sessions.document_record import DocumentRecord
from mooring.sessions.document_text import DocumentFormat

__all__ = ["OPERATIONS"]

_PAGE = 50
_SHARES = 20
_SCHEMA_VERSION = "1.0"
_ACTIVE = "Active"


async def _create(call: Call, given: Input) -> Output:
    wanted = NewDocument(
        name=given["Name"],
        document_type=given.get("DocumentType", "Command"),
        text=_text(given),
        tags=check_tags([(tag["Key"], tag["Value"]) for tag in given.get("Tags", [])]),
    )
    return {"DocumentDescription": _described(await create_document(call, wanted))}


async def _update(call: Call, given: Input) -> Output:
    view = await update_document(
        call, given["Name"], _text(given), version=given.get("DocumentVersion", "")
    )
    return {"DocumentDescription": _described(view)}


async def _update_default(call: Call, given: Input) -> Output:
    version = await set_default_version(call, given["Name"], given["DocumentVersion"])
    named = {"DefaultVersionName": version.version_name} if version.version_name else {}
    return {
        "Description": {
            "Name": version.name,
            "DefaultVersion": str(version.version),
            **named,
        }
    }


async def _get(call: Call, given: Input) -> Output:
    view = await _find(call, given)
    # The API reference names JSON as the format of a call that says none.
    wanted = _format(given)
    version = view.version
    output: dict[str, object] = {
        "Name": given["Name"],
        "CreatedDate": version.created_at,
        "DocumentVersion": str(version.version),
        "Status": _ACTIVE,
        "Content": text_as(version, wanted),
        "DocumentType": view.record.document_type,
        "DocumentFormat": wanted.value,
    }
    return output | _optional(VersionName=version.version_name, DisplayName=version.display_name)


async def _describe(call: Call, given: Input) -> Output:
    return {"Document": _described(await _find(call, given))}


async def _find(call: Call, given: Input) -> DocumentView:
    return await get_document(
        call,
        given["Name"],
        version=given.get("DocumentVersion", ""),
        version_name=given.get("VersionName", ""),
    )


async def _list(call: Call, given: Input) -> Output:
    filters = [
        DocumentFilter(key=row.get("Key", ""), values=tuple(row.get("Values", [])))
        for row in given.get("Filters", [])
    ]
    filters += [
        DocumentFilter(key=row["key"], values=(row["value"],))
        for row in given.get("DocumentFilterList", [])
    ]
    page = await list_documents(
        call,
        filters=tuple(filters),
        next_token=given.get("NextToken", ""),
        limit=given.get("MaxResults", _PAGE),
    )
    rows = [_identified(row) for row in page.documents]
    return {"DocumentIdentifiers": rows} | _optional(NextToken=page.next_token)


async def _list_versions(call: Call, given: Input) -> Output:
    page = await list_versions(
        call,
        given["Name"],
        next_token=given.get("NextToken", ""),
        limit=given.get("MaxResults", _PAGE),
    )
    rows = [
        {
            "Name": version.name,
            "DocumentVersion": str(version.version),
            "CreatedDate": version.created_at,
            "IsDefaultVersion": version.version == page.record.default_version,
            "DocumentFormat": version.format.value,
            "Status": _ACTIVE,
            **_optional(VersionName=version.version_name, DisplayName=version.display_name),
        }
        for version in page.versions
    ]
    return {"DocumentVersions": rows} | _optional(NextToken=page.next_token)


async def _delete(call: Call, given: Input) -> Output:
    await delete_document(
        call,
        given["Name"],
        version=given.get("DocumentVersion", ""),
        version_name=given.get("VersionName", ""),
    )
    return {}


async def _describe_permission(call: Call, given: Input) -> Output:
    page = await describe_shares(
        call,
        given["Name"],
        next_token=given.get("NextToken", ""),
        limit=min(given.get("MaxResults", _SHARES), _SHARES),
    )
    return {
        "AccountIds": [account_id for account_id, _ in page.shares],
        "AccountSharingInfoList": [
            {"AccountId": account_id, "SharedDocumentVersion": version}
            for account_id, version in page.shares
        ],
        **_optional(NextToken=page.next_token),
    }


async def _modify_permission(call: Call, given: Input) -> Output:
    await modify_shares(
        call,
        given["Name"],
        add=given.get("AccountIdsToAdd", []),
        remove=given.get("AccountIdsToRemove", []),
        shared_version=given.get("SharedDocumentVersion", ""),
    )
    return {}


def _text(given: Input) -> DocumentText:
    return DocumentText(
        content=given["Content"],
        format=_format(given),
        version_name=given.get("VersionName", ""),
        display_name=given.get("DisplayName", ""),
        target_type=given.get("TargetType", ""),
    )


def _format(given: Input) -> DocumentFormat:
    name = given.get("DocumentFormat", DocumentFormat.JSON.value)
    try:
        return DocumentFormat(name)
    except ValueError as exc:
        raise OperationRefused(
            Problem.INVALID_VALUE, f"DocumentFormat is `{name}`, expected JSON or YAML"
        ) from exc


def _described(view: DocumentView) -> Output:
    record, version = view.record, view.version
    output: dict[str, object] = {
        "Hash": version.hash,
        "HashType": "Sha256",
        "Name": record.name,
        "Owner": owner_of(record),
        "CreatedDate": version.created_at,
        "Status": _ACTIVE,
        "DocumentVersion": str(version.version),
        "Parameters": [_parameter(row) for row in view.document.parameters.values()],
        "PlatformTypes": list(version.platforms),
        "DocumentType": record.document_type,
        "SchemaVersion": _SCHEMA_VERSION,
        "LatestVersion": str(record.latest_version),
        "DefaultVersion": str(record.default_version),
        "DocumentFormat": version.format.value,
        "Tags": _tags(record),
    }
    return output | _optional(
        Description=view.document.description,
        VersionName=version.version_name,
        DisplayName=version.display_name,
        TargetType=version.target_type,
    )


def _identified(row: Listed) -> Output:
    record, version = row.record, row.version
    output: dict[str, object] = {
        "Name": record.name,
        "CreatedDate": record.created_at,
        "Owner": owner_of(record),
        "PlatformTypes": list(version.platforms),
        "DocumentVersion": str(version.version),
        "DocumentType": record.document_type,
        "SchemaVersion": _SCHEMA_VERSION,
        "DocumentFormat": version.format.value,
        "Tags": _tags(record),
    }
    return output | _optional(
        VersionName=version.version_name,
        DisplayName=version.display_name,
        TargetType=version.target_type,
    )


def _parameter(parameter: DocumentParameter) -> Output:
    is_list = parameter.type is ParameterType.STRING_LIST
    # The API has names for these two types only.
    shown = ParameterType.STRING_LIST if is_list else ParameterType.STRING
    output: dict[str, object] = {"Name": parameter.name, "Type": shown.value}
    if parameter.default is not None:
        output["DefaultValue"] = _shown(parameter.default)
    return output | _optional(Description=parameter.description)


def _shown(value: ParameterValue) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _tags(record: DocumentRecord) -> list[Output]:
    return [{"Key": key, "Value": value} for key, value in record.tags.items()]


def _optional(**members: str) -> dict[str, object]:
    """Leave out what is empty, as the API does."""
    return {name: value for name, value in members.items() if value}


OPERATIONS: Mapping[str, Operation] = {
    "CreateDocument": Operation(handler=_create),
    "UpdateDocument": Operation(handler=_update),
    "UpdateDocumentDefaultVersion": Operation(handler=_update_default),
    "GetDocument": Operation(handler=_get, is_read_only=True),
    "DescribeDocument": Operation(handler=_describe, is_read_only=True),
    "ListDocuments": Operation(handler=_list, is_read_only=True),
    "ListDocumentVersions": Operation(handler=_list_versions, is_read_only=True),
    "DeleteDocument": Operation(handler=_delete),
    "DescribeDocumentPermission": Operation(handler=_describe_permission, is_read_only=True),
    "ModifyDocumentPermission": Operation(handler=_modify_permission),
}
