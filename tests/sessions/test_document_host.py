"""No spelling of a metadata service's address gets past."""

import pytest

from mooring.sessions.document_host import host_name, host_problem


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "127.0.0.1",
        "::1",
        "db.example",
        "db.example.",
        "db-1",
        "10.0.0.5",
        "2001:db8::5",
        "1.example",
        "0xabc.example",
        "169.254.169.254.example",
        "cafe",
    ],
)
def test_names_and_ordinary_addresses_may_be_tried(host: str) -> None:
    assert host_problem(host) == ""


@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254",
        "169.254.169.254.",
        "169.254.170.2",
        "169.254.170.23",
        "168.63.129.16",
        "100.100.100.200",
        "192.0.0.192",
        "fd00:ec2::254",
        "FD00:EC2::254",
        "fe80::1%eth0",
        "::ffff:169.254.169.254",
        "::ffff:a9fe:a9fe",
        "::169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "2002:a9fe:a9fe::1",
        "0.0.0.0",  # noqa: S104 - an address to refuse
        "::",
        "224.0.0.1",
        "ff02::1",
        "255.255.255.255",
    ],
)
def test_addresses_that_are_nobodys_are_refused(host: str) -> None:
    assert host_problem(host) == "is an address that no session may reach through a node"


@pytest.mark.parametrize(
    "host",
    [
        "2852039166",
        "0xa9fea9fe",
        "0xa9.0xfe.0xa9.0xfe",
        "169.254.43518",
        "169.16689662",
        "0251.0376.0251.0376",
        "169.254.169.0254",
        "127.1",
        "fd00::9%1",
        "fd00::9%db.example",
        "10.0.0.5%db.example",
        "1.2.3.4.5",
        "\u0661\u0662\u0667.1",
        "a:b",
    ],
)
def test_addresses_in_odd_spellings_are_not_guessed_at(host: str) -> None:
    assert host_problem(host) == "is no address in its usual form"


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("DB.Example.", "db.example"),
        ("10.0.0.5", "10.0.0.5"),
        ("FD00:0:0::9", "fd00::9"),
        ("fd00:0000:0000:0000:0000:0000:0000:0009", "fd00::9"),
        ("::ffff:10.0.0.5", "10.0.0.5"),
        ("::FFFF:0a00:0005", "10.0.0.5"),
    ],
)
def test_policies_see_an_address_in_one_spelling(host: str, name: str) -> None:
    assert host_name(host) == name
