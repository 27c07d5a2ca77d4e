"""How the claims of an access token are read: audience, scopes, user, purpose."""

from __future__ import annotations

from typing import Any

import pytest

from app.auth.claims import AudienceClaim, ScopeClaim, UserClaim, check_purpose
from app.auth.errors import TokenRefused
from app.settings import READ_SCOPE, SCOPES, WRITE_SCOPE

API, WEB, MOBILE = "https://api.example", "web-client", "mobile-client"
NAMES = {READ_SCOPE: "api/read", WRITE_SCOPE: "api/write"}


@pytest.mark.parametrize(
    ("name", "claims", "accepted"),
    [
        ("aud", {"aud": API}, True),
        ("aud", {"aud": WEB}, True),
        ("aud", {"aud": ["https://other.example", WEB]}, True),
        ("aud", {"aud": "https://other.example"}, False),
        ("aud", {"aud": []}, False),
        ("aud", {"aud": None}, False),
        ("aud", {"aud": [API, None]}, False),
        ("aud", {"aud": {API: 1}}, False),
        ("aud", {"client_id": WEB}, False),
        ("client_id", {"client_id": WEB}, True),
        ("client_id", {"client_id": MOBILE}, False),
        ("client_id", {"client_id": None}, False),
        ("client_id", {"azp": WEB}, False),
        ("client_id", {"aud": API}, False),
        ("client_id", {"client_id": WEB, "aud": API}, True),
        ("client_id", {"client_id": WEB, "aud": "https://other.example"}, False),
        ("client_id", {"client_id": WEB, "aud": []}, False),
        ("client_id", {"client_id": WEB, "aud": WEB}, False),
        ("client_id", {"client_id": WEB, "aud": [WEB]}, False),
        ("client_id", {"client_id": WEB, "aud": [WEB, API]}, True),
        ("client_id", {"client_id": WEB, "aud": None}, False),
        ("azp", {"azp": WEB}, True),
        ("azp", {"azp": MOBILE}, False),
    ],
    ids=str,
)
def test_a_token_is_for_this_api(name: str, claims: dict[str, Any], accepted: bool) -> None:
    audience = AudienceClaim(frozenset({API, WEB}), name)
    if accepted:
        audience.check(claims)
    else:
        with pytest.raises(TokenRefused, match="another API"):
            audience.check(claims)


BOTH = " ".join(SCOPES)


@pytest.mark.parametrize(
    ("claim", "claims", "granted"),
    [
        (ScopeClaim(), {"scope": BOTH}, SCOPES),
        (ScopeClaim(), {"scope": [*SCOPES, "openid"]}, SCOPES),
        (ScopeClaim(), {"scope": f"openid {READ_SCOPE}"}, (READ_SCOPE,)),
        (ScopeClaim(), {"scp": BOTH}, SCOPES),
        (ScopeClaim(), {"scp": [READ_SCOPE]}, (READ_SCOPE,)),
        (ScopeClaim(), {"scope": READ_SCOPE, "scp": WRITE_SCOPE}, (READ_SCOPE,)),
        (ScopeClaim(), {"scope": "", "scp": BOTH}, ()),
        (ScopeClaim(), {"scope": 7}, ()),
        (ScopeClaim(), {"scope": {READ_SCOPE: True}}, ()),
        (ScopeClaim(), {"scope": [1, None, [READ_SCOPE]]}, ()),
        (ScopeClaim(), {"permissions": [READ_SCOPE]}, ()),
        (ScopeClaim("permissions"), {"permissions": [READ_SCOPE]}, (READ_SCOPE,)),
        (ScopeClaim("permissions"), {"scope": BOTH}, ()),
        (ScopeClaim(names=NAMES), {"scope": "api/read"}, (READ_SCOPE,)),
        (ScopeClaim(names=NAMES), {"scope": BOTH}, ()),
        (ScopeClaim(names=dict.fromkeys(SCOPES, "full")), {"scope": "full"}, SCOPES),
    ],
    ids=str,
)
def test_scopes_are_read(claim: ScopeClaim, claims: dict[str, Any], granted: tuple[str]) -> None:
    assert claim.read(claims) == set(granted)


@pytest.mark.parametrize("name", ["scope", "permissions"])
def test_default_scopes_are_for_tokens_without_any_scope_claim(name: str) -> None:
    claim = ScopeClaim(name, default=frozenset({READ_SCOPE}))
    assert claim.read({"sub": "x", "scope": None}) == {READ_SCOPE}
    claims: list[dict[str, object]] = [
        {"scope": ""},
        {"scp": []},
        {"scope": "openid"},
        {name: "openid"},
    ]
    for present in claims:
        assert claim.read(present) == frozenset()


EMAIL = "ada@club.example"
REQUIRED, ASSUMED = UserClaim("email", "email"), UserClaim("email", "email", "assumed")
URL = "https://club.example/email"
FLAGS: list[object] = [True, False, None, "true", 1]
OTHER_FLAGS: list[object] = [False, None, "true", "false", "yes", "", [], 0]


@pytest.mark.parametrize(
    ("claim", "flags", "verified"),
    [
        *((REQUIRED, {"email_verified": flag}, flag is True) for flag in FLAGS),
        (REQUIRED, {}, False),
        *(
            (ASSUMED, {"email_verified": flag}, flag in (True, None, "true") and flag != 1.0)
            for flag in OTHER_FLAGS
        ),
        (ASSUMED, {"email_verified": True}, True),
        (ASSUMED, {"email_verified": 1}, False),
        (ASSUMED, {}, True),
        (UserClaim(URL, "email"), {f"{URL}_verified": True}, True),
        (UserClaim(URL, "email"), {"email_verified": True}, False),
        (UserClaim(URL, "email"), {f"{URL}_verified": True, "email_verified": False}, False),
        (UserClaim(URL, "email", "assumed"), {}, True),
        (UserClaim(URL, "email", "assumed"), {"email_verified": False}, False),
        (UserClaim("preferred_username", "email"), {"email_verified": True}, False),
        (UserClaim("preferred_username", "email", "assumed"), {"email_verified": True}, True),
        (UserClaim("preferred_username", "email", "assumed"), {"email_verified": False}, False),
        (UserClaim("sub", "id"), {"email_verified": False}, True),
    ],
    ids=str,
)
def test_an_address_counts_when_it_is_verified(
    claim: UserClaim, flags: dict[str, Any], verified: bool
) -> None:
    user = claim.read({claim.name: EMAIL, **flags})
    assert (user.value, user.verified) == (EMAIL, verified)


@pytest.mark.parametrize("value", [5, None, ["a"], {"a": 1}, True], ids=repr)
def test_a_claim_that_is_no_text_names_nobody(value: object) -> None:
    assert UserClaim("sub").read({"sub": value}).value is None


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"typ": "Bearer"},
        {"typ": "bearer"},
        {"token_use": "access"},
        {"token_use": "access_token"},
        {"tty": "at"},
    ],
    ids=str,
)
def test_access_tokens_are_for_calling_an_api(claims: dict[str, Any]) -> None:
    check_purpose(claims)


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "x"},
        {"nonce": None},
        {"at_hash": "x"},
        {"c_hash": "x"},
        {"events": {"http://schemas.openid.net/event/backchannel-logout": {}}},
        {"typ": "ID"},
        {"typ": "Refresh"},
        {"typ": "Offline"},
        {"typ": "Logout"},
        {"typ": None},
        {"typ": ["Bearer"]},
        {"token_use": "id"},
        {"token_use": "refresh_token"},
        {"tty": "id"},
    ],
    ids=str,
)
def test_other_tokens_are_not(claims: dict[str, Any]) -> None:
    with pytest.raises(TokenRefused, match="not an access token"):
        check_purpose(claims)
