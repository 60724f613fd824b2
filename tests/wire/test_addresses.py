"""Out of reach in every spelling; everybody's own networks are not."""

import ipaddress

import pytest

from mooring.wire.addresses import forms, is_nobodys


@pytest.mark.parametrize(
    "text",
    [
        "169.254.169.254",
        "169.254.170.23",
        "168.63.129.16",
        "100.100.100.200",
        "192.0.0.192",
        "0.0.0.0",  # noqa: S104 nothing is bound
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "fe80::1",
        "fd00:ec2::254",
        "ff02::1",
        "::ffff:169.254.169.254",
        "::169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "2002:a9fe:a9fe::",
    ],
)
def test_nobody_reaches(text: str) -> None:
    assert is_nobodys(ipaddress.ip_address(text))


@pytest.mark.parametrize(
    "text", ["10.0.0.5", "192.168.1.1", "8.8.8.8", "127.0.0.1", "::1", "2001:db8::5", "fd12::1"]
)
def test_others_are_for_the_policies(text: str) -> None:
    assert not is_nobodys(ipaddress.ip_address(text))


def test_teredo_hides_two_addresses() -> None:
    found = forms(ipaddress.ip_address("2001:0:4136:e378:8000:63bf:3fff:fdd2"))

    assert ipaddress.ip_address("65.54.227.120") in found
    assert ipaddress.ip_address("192.0.2.45") in found
