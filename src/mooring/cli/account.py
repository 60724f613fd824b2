"""Who calls, and where: profile, credentials, region and endpoint, all as botocore finds them.

Whatever works with ``aws --profile X`` works here: environment, both files, ``endpoint_url`` in the
profile or in its services section, ``ca_bundle``, SSO, programs that print credentials, roles.

``mooring`` shares the endpoint of ``ssm``: one listener serves every service.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from botocore.configprovider import ConfiguredEndpointProvider
from botocore.credentials import Credentials
from botocore.exceptions import BotoCoreError
from botocore.session import Session

from mooring.cli.settings import ssl_cert_file
from mooring.secret import Secret

__all__ = ["Account", "AccountError", "Key", "open_account"]


class AccountError(Exception):
    """Nobody can call with what is configured; the text says what is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One moment's credentials."""

    access_key_id: str
    secret_access_key: Secret
    session_token: Secret | None


class Account:
    """A caller and its endpoint; ``ca_file`` is empty for the machine's authorities."""

    def __init__(
        self, credentials: Credentials, *, region: str, endpoint_url: str, ca_file: str
    ) -> None:
        self._credentials = credentials
        self.region = region
        self.endpoint_url = endpoint_url
        self.ca_file = ca_file

    def key(self) -> Key:
        """Return credentials that are valid now; may ask whoever hands them out."""
        try:
            frozen = self._credentials.get_frozen_credentials()
        except BotoCoreError as error:
            raise AccountError(str(error)) from error
        if not frozen.access_key or not frozen.secret_key:
            raise AccountError("unable to locate credentials")
        token = Secret(frozen.token) if frozen.token else None
        return Key(
            access_key_id=frozen.access_key,
            secret_access_key=Secret(frozen.secret_key),
            session_token=token,
        )


def open_account(*, profile: str = "", region: str = "", endpoint_url: str = "") -> Account:
    """Find the caller; an empty text leaves the choice to environment and files.

    Raises:
        AccountError: there is no such profile, no region, or there are no credentials.
    """
    try:
        session = Session(profile=profile or None)
        scoped = session.get_scoped_config()
        credentials = session.get_credentials()
        chosen_region = region or session.get_config_variable("region") or ""
    except BotoCoreError as error:
        raise AccountError(str(error)) from error
    if credentials is None:
        raise AccountError("unable to locate credentials; name a profile with --profile")
    if not chosen_region:
        raise AccountError("no region; name one with --region, or in the profile")
    found = ConfiguredEndpointProvider(
        full_config=session.full_config, scoped_config=scoped, client_name="ssm"
    ).provide()
    ca_bundle = session.get_config_variable("ca_bundle") or ssl_cert_file()
    return Account(
        credentials,
        region=chosen_region,
        endpoint_url=endpoint_url or found or f"https://ssm.{chosen_region}.amazonaws.com",
        ca_file=str(Path(ca_bundle).expanduser()) if ca_bundle else "",
    )
