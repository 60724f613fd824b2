"""What a session hands on, and which context keys it has."""

from mooring.iam.session_facts import SessionFacts, SessionKind, overlaid


def test_only_transitive_tags_are_handed_on() -> None:
    facts = SessionFacts(
        kind=SessionKind.ROLE,
        tags=(("Team", "blue"), ("cost", "7")),
        transitive=("team",),
    )

    assert facts.inherited == {"Team": "blue"}


def test_keys_without_a_fact_are_absent() -> None:
    assert SessionFacts(kind=SessionKind.ROLE).context() == {}


def test_the_provider_and_the_source_identity_are_context() -> None:
    facts = SessionFacts(
        kind=SessionKind.ROLE,
        source_identity="ann",
        provider="arn:aws:iam::111122223333:oidc-provider/id.example.com",
        identity_keys=(("id.example.com:sub", "42"),),
    )

    assert facts.context() == {
        "aws:SourceIdentity": ("ann",),
        "aws:FederatedProvider": ("arn:aws:iam::111122223333:oidc-provider/id.example.com",),
        "id.example.com:sub": ("42",),
    }


def test_a_tag_is_replaced_whatever_the_case_of_its_key() -> None:
    tags = overlaid({"Team": "blue", "cost": "7"}, {"team": "red"})

    assert tags == {"cost": "7", "team": "red"}
