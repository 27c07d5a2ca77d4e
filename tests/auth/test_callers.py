"""From the user that a token names to the caller: never guessed, remembered for a while."""

import hashlib
from typing import Any

import pytest

from app.auth.callers import LOG_PAUSE_SECONDS, CallerResolver
from app.auth.claims import SUBJECT, UserClaim
from app.auth.tokens import TokenUser
from app.service.errors import (
    AmbiguousUser,
    CallerRefused,
    StoreUnavailable,
    UnknownRole,
    UnknownUser,
    UnverifiedEmail,
)
from app.service.model import Caller, Role
from app.service.stores.port import StoredUser
from tests.auth import kit

RUNNER = kit.user("runner", email="run@example.com")
COACH = kit.user("coach", ("runner", "runner-2"), role="coach", email="coach@example.com")


EMAIL = UserClaim("email", "email")


def token(user_claim: UserClaim = SUBJECT, **claims: Any) -> TokenUser:
    return user_claim.read(claims)


def resolve(user: TokenUser, *users: StoredUser) -> Caller:
    return CallerResolver(kit.FakeUsers(*users), cache_seconds=30).resolve(user)


def test_a_subject_is_the_user_s_id() -> None:
    assert resolve(token(sub="runner"), COACH, RUNNER) == Caller("runner", Role.RUNNER)


def test_a_coach_has_runners() -> None:
    expected = Caller("coach", Role.COACH, frozenset({"runner", "runner-2"}))
    assert resolve(token(sub="coach"), COACH) == expected


@pytest.mark.parametrize("role", ["runner", "admin"])
def test_only_a_coach_has_runners(role: str) -> None:
    leftover = kit.user("former", ("runner",), role=role)
    assert resolve(token(sub="former"), leftover).runner_ids == frozenset()


def test_a_verified_address_finds_the_user() -> None:
    by_email = token(EMAIL, sub="x", email="Run@Example.com", email_verified=True)
    assert resolve(by_email, COACH, RUNNER).id == "runner"


def test_an_unverified_address_does_not_pass_for_a_remembered_one() -> None:
    callers = CallerResolver(kit.FakeUsers(RUNNER), cache_seconds=30)
    callers.resolve(token(EMAIL, email="run@example.com", email_verified=True))
    with pytest.raises(UnverifiedEmail):
        callers.resolve(token(EMAIL, email="run@example.com", email_verified=False))


def test_a_look_alike_does_not_pass_for_a_remembered_address() -> None:
    callers = CallerResolver(kit.FakeUsers(kit.user("k", email="kim@x.example")), cache_seconds=30)
    assert callers.resolve(token(EMAIL, email="KIM@x.example", email_verified=True)).id == "k"
    with pytest.raises(UnknownUser):
        callers.resolve(token(EMAIL, email="\u212aim@x.example", email_verified=True))


def test_every_letter_case_is_remembered_once() -> None:
    users = kit.FakeUsers(RUNNER)
    callers = CallerResolver(users, cache_seconds=30)
    for email in ("run@example.com", "Run@Example.com", "RUN@EXAMPLE.COM"):
        assert callers.resolve(token(EMAIL, email=email, email_verified=True)).id == "runner"
    assert users.asked == 1


REFUSED = [
    (token(sub="nobody"), "no user has its claim 'sub' as _id; see OAUTH_USER_CLAIM"),
    (token(sub="auth0|123"), "its claim 'sub' cannot be a document's _id; see OAUTH_USER_CLAIM"),
    (token(), "its claim 'sub' is missing or no text; see OAUTH_USER_CLAIM"),
    (
        token(EMAIL, email="no@example.com", email_verified=True),
        "no user has its claim 'email' as email; see OAUTH_USER_CLAIM",
    ),
    (
        token(EMAIL, email="run@example.com"),
        "the issuer does not vouch for the address in its claim 'email'; "
        "see OAUTH_USER_CLAIM and OAUTH_EMAIL_VERIFIED",
    ),
    (
        token(EMAIL, email="twin@example.com", email_verified=True),
        "several users have its claim 'email' as email: `store check` counts them; "
        "OAUTH_USER_CLAIM can name a claim that holds the _id",
    ),
    (
        token(UserClaim("email", "email", "assumed", "NEXTAUTH_USER_CLAIM")),
        "its claim 'email' is missing or no text; see NEXTAUTH_USER_CLAIM",
    ),
    (token(sub="odd"), "the user with its claim 'sub' as _id has no known role"),
]


@pytest.mark.parametrize(("user", "why"), REFUSED, ids=[why for _, why in REFUSED])
def test_a_refusal_is_logged_once_with_the_setting_and_without_the_value(
    user: TokenUser, why: str, caplog: pytest.LogCaptureFixture
) -> None:
    twins = [kit.user(id_, email="twin@example.com") for id_ in ("a", "b")]
    clock = kit.Clock()
    users = kit.FakeUsers(RUNNER, kit.user("odd", role="x"), *twins)
    callers = CallerResolver(users, cache_seconds=30, clock=clock)
    for _ in range(3):
        with pytest.raises(CallerRefused):
            callers.resolve(user)
    (line,) = caplog.messages
    assert line.startswith(f"a valid token is refused: {why}")
    if user.value:
        assert user.value not in line
        assert hashlib.sha256(user.value.encode()).hexdigest() in line
    clock.advance(LOG_PAUSE_SECONDS)
    with pytest.raises(CallerRefused):
        callers.resolve(user)
    assert len(caplog.messages) == 2


@pytest.mark.parametrize("verified", [None, False, "true", 1, "yes"], ids=repr)
def test_an_unverified_address_is_refused(verified: object) -> None:
    claims = {"email": "run@example.com", "email_verified": verified}
    with pytest.raises(UnverifiedEmail):
        resolve(token(EMAIL, **claims), RUNNER)


@pytest.mark.parametrize(
    "sub", ["nobody", "drafts.runner", "-x", "a b", "", "x" * 129, "*", 7, None]
)
def test_a_subject_without_a_user_is_unknown(sub: object) -> None:
    with pytest.raises(UnknownUser):
        resolve(token(sub=sub), RUNNER)


@pytest.mark.parametrize(
    "email", ["nobody@example.com", "", "x" * 255, "\ud800@example.com", None, ["a@b"]]
)
def test_an_address_without_a_user_is_unknown(email: object) -> None:
    with pytest.raises(UnknownUser):
        resolve(token(EMAIL, email=email, email_verified=True), RUNNER)


def test_two_users_with_one_address_are_ambiguous() -> None:
    twin = kit.user("twin", email="RUN@example.com")
    with pytest.raises(AmbiguousUser):
        resolve(token(EMAIL, email="run@example.com", email_verified=True), RUNNER, twin)


@pytest.mark.parametrize("role", ["Runner", "owner", "", None, 3, ["coach"], {"a": 1}], ids=repr)
def test_an_unknown_role_is_refused(role: object) -> None:
    with pytest.raises(UnknownRole):
        resolve(token(sub="odd"), kit.user("odd", role=role))


def test_a_caller_is_remembered_until_the_time_is_over() -> None:
    users, clock = kit.FakeUsers(RUNNER), kit.Clock()
    callers = CallerResolver(users, cache_seconds=30, clock=clock)
    callers.resolve(token(sub="runner"))
    clock.advance(29)
    callers.resolve(token(sub="runner"))
    assert users.asked == 1
    users.users = [kit.user("runner", role="admin")]
    clock.advance(1)
    assert callers.resolve(token(sub="runner")).role is Role.ADMIN
    assert users.asked == 2


def test_with_no_time_nobody_is_remembered() -> None:
    users = kit.FakeUsers(RUNNER)
    callers = CallerResolver(users, cache_seconds=0)
    callers.resolve(token(sub="runner"))
    callers.resolve(token(sub="runner"))
    assert users.asked == 2


def test_an_id_and_an_address_are_remembered_apart() -> None:
    users = kit.FakeUsers(kit.user("same"), kit.user("other", email="same"))
    callers = CallerResolver(users, cache_seconds=30)
    assert callers.resolve(token(sub="same")).id == "same"
    assert callers.resolve(token(EMAIL, email="same", email_verified=True)).id == "other"


@pytest.mark.parametrize(
    ("user", "error"), [(None, UnknownUser), (kit.user("runner", role="x"), UnknownRole)]
)
def test_a_refusal_is_not_remembered(user: StoredUser | None, error: type[CallerRefused]) -> None:
    users = kit.FakeUsers(*([user] if user else []))
    callers = CallerResolver(users, cache_seconds=30)
    with pytest.raises(error):
        callers.resolve(token(sub="runner"))
    users.users = [RUNNER]
    assert callers.resolve(token(sub="runner")).id == "runner"


def test_the_store_s_fault_passes_through() -> None:
    class Down:
        def find_users(self, **_: object) -> list[StoredUser]:
            raise StoreUnavailable

    with pytest.raises(StoreUnavailable):
        CallerResolver(Down(), cache_seconds=30).resolve(token(sub="runner"))
