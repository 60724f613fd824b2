"""Only the right key, challenge, origin and relying party pass, with the person verified."""

import json
from dataclasses import replace

import pytest
from tests.fakes.authenticator import Authenticator, spelled

from mooring.keys.passkey_verifier import WebauthnVerifier
from mooring.ports.passkeys import Ceremony, NewPasskey, PasskeyRefused

ORIGIN = "https://mooring.example"
ASKED = Ceremony(challenge=b"a challenge of ours", rp_id="mooring.example", origin=ORIGIN)
CREATE = {
    "challenge": spelled(ASKED.challenge),
    "rp": {"id": ASKED.rp_id},
    "user": {"id": "dXNlcg"},
}
GET = {"challenge": spelled(ASKED.challenge), "rpId": ASKED.rp_id}
WRONG = [
    replace(ASKED, challenge=b"another challenge"),
    replace(ASKED, rp_id="evil.example"),
    replace(ASKED, origin="https://evil.example"),
]


def registered(authenticator: Authenticator) -> NewPasskey:
    return WebauthnVerifier().verify_registration(authenticator.create(CREATE, ORIGIN), ASKED)


def count_of(authenticator: Authenticator, kept: NewPasskey, asked: Ceremony = ASKED) -> int:
    return WebauthnVerifier().verify_assertion(
        authenticator.get(GET, ORIGIN),
        asked,
        public_key=kept.public_key,
        sign_count=kept.sign_count,
    )


def test_a_passkey_is_registered_and_then_proves_itself() -> None:
    authenticator = Authenticator()

    kept = registered(authenticator)

    assert kept.credential_id == spelled(authenticator.credential_id)
    assert count_of(authenticator, kept) == 1
    assert count_of(authenticator, replace(kept, sign_count=1)) == 2


@pytest.mark.parametrize("asked", WRONG)
def test_an_answer_to_another_question_is_refused(asked: Ceremony) -> None:
    authenticator = Authenticator()
    kept = registered(authenticator)

    with pytest.raises(PasskeyRefused):
        WebauthnVerifier().verify_registration(authenticator.create(CREATE, ORIGIN), asked)
    with pytest.raises(PasskeyRefused):
        count_of(authenticator, kept, asked)


def test_another_key_and_an_older_counter_are_refused() -> None:
    authenticator = Authenticator()
    kept = registered(authenticator)

    with pytest.raises(PasskeyRefused):
        count_of(Authenticator(), kept)
    with pytest.raises(PasskeyRefused):
        count_of(authenticator, replace(kept, sign_count=9))


def test_the_person_must_have_been_verified() -> None:
    authenticator = Authenticator()
    kept = registered(authenticator)
    authenticator.flags = 0x01

    with pytest.raises(PasskeyRefused):
        registered(authenticator)
    with pytest.raises(PasskeyRefused):
        count_of(authenticator, kept)


@pytest.mark.parametrize(
    "credential", ["", "[]", "{}", "null", '{"id":1}', '{"id":"a","rawId":"a"}']
)
def test_hostile_texts_are_refused(credential: str) -> None:
    verifier = WebauthnVerifier()

    with pytest.raises(PasskeyRefused):
        verifier.verify_registration(credential, ASKED)
    with pytest.raises(PasskeyRefused):
        verifier.verify_assertion(credential, ASKED, public_key=b"", sign_count=0)


@pytest.mark.parametrize("member", ["authenticatorData", "signature", "clientDataJSON"])
def test_any_changed_part_is_refused(member: str) -> None:
    authenticator = Authenticator()
    kept = registered(authenticator)
    answer = json.loads(authenticator.get(GET, ORIGIN))
    text = answer["response"][member]
    for bent in (text[:-4], text[:20] + ("A" if text[20] != "A" else "B") + text[21:], ""):
        answer["response"][member] = bent

        with pytest.raises(PasskeyRefused):
            WebauthnVerifier().verify_assertion(
                json.dumps(answer), ASKED, public_key=kept.public_key, sign_count=0
            )
