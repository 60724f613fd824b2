"""A person logs in by the browser, and the stock AWS CLI works with what that gives."""

import json
import os
import re
import ssl
import subprocess
import sys
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, HTTPSHandler, Request, build_opener

from tests.e2e.dev import Dev

ANSWER_S = 60


class Browser:
    """As much of a browser as the pages need."""

    def __init__(self, origin: str, ca_file: str) -> None:
        context = ssl.create_default_context(cafile=ca_file)
        self.origin = origin
        self.opener = build_opener(HTTPSHandler(context=context), HTTPCookieProcessor(CookieJar()))

    def get(self, url: str) -> str:
        return self._open(Request(url))  # noqa: S310  # our own server

    def submit(self, path: str, **fields: str) -> str:
        return self._open(
            Request(  # noqa: S310  # our own server
                self.origin + path,
                data=urlencode(fields).encode(),
                headers={"Origin": self.origin},
            )
        )

    def _open(self, request: Request) -> str:
        try:
            with self.opener.open(request, timeout=ANSWER_S) as answer:
                return str(answer.read().decode())
        except HTTPError as error:
            raise AssertionError(f"{error.code}: {error.read().decode()}") from error


def test_a_login_gives_the_aws_cli_keys_until_the_logout(dev: Dev, tmp_path: Path) -> None:
    contract = dev.facts
    origin = contract["tls_endpoint_url"].replace("127.0.0.1", "localhost").rstrip("/")
    variables = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    mooring = [sys.executable, "-m", "mooring.cli.main"]
    login = subprocess.Popen(
        [
            *mooring,
            "login",
            "--endpoint-url",
            origin,
            "--ca-file",
            contract["ca_file"],
            "--no-browser",
        ],
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert login.stderr is not None
    url = login.stderr.readline().strip().partition(" ")[2]

    browser = Browser(origin, contract["ca_file"])
    token = contract["sign_in_url"].partition("token=")[2]
    browser.submit("/auth/sign-in", token=token)
    consent = browser.get(url)
    csrf = re.search(r'name="csrf" value="([0-9a-f]{64})"', consent)
    code = re.search(r"code=([A-Z-]+)", url)
    assert csrf is not None
    assert code is not None
    browser.submit("/console/auth/device", csrf=csrf[1], user_code=code[1], decision="approve")
    out, err = login.communicate(timeout=ANSWER_S)
    assert login.returncode == 0, out + err

    def aws(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [Path(sys.executable).parent / "aws", "--profile", "mooring", *arguments],
            env=variables,
            capture_output=True,
            text=True,
            check=False,
            timeout=ANSWER_S,
        )

    who = aws("sts", "get-caller-identity")
    assert who.returncode == 0, who.stderr
    assert json.loads(who.stdout)["Arn"].endswith(":user/admin")
    users = aws("iam", "list-users", "--query", "Users[].UserName", "--output", "text")
    assert "admin" in users.stdout.split(), users.stderr

    subprocess.run([*mooring, "logout"], env=variables, check=True, timeout=ANSWER_S)
    assert aws("sts", "get-caller-identity").returncode != 0
