"""The one validator: kinds by format, and what it remembers."""

import pytest

from app.auth.errors import IssuerUnavailable, TokenRefused
from app.auth.tokens import (
    MAX_REMEMBERED,
    AccessToken,
    TokenFormat,
    TokenValidator,
    token_format_of,
)
from tests.auth import kit


class Kind:
    """A kind that finds every token valid, unless told otherwise."""

    name = "any"
    checks = ("mood",)
    cache_seconds = 60.0

    def __init__(self, expires_at: float = kit.LATER) -> None:
        self.generation = 1
        self.refusing: Exception | None = None
        self.expires_at = expires_at
        self.checked: list[str] = []

    def check(self, token: str) -> AccessToken:
        self.checked.append(token)
        if self.refusing:
            raise self.refusing
        return AccessToken(kit.subject(token), frozenset(), self.expires_at)


@pytest.fixture
def clock() -> kit.Clock:
    return kit.Clock()


@pytest.fixture
def kind() -> Kind:
    return Kind()


@pytest.fixture
def validator(kind: Kind, clock: kit.Clock) -> TokenValidator:
    return TokenValidator({"JWT": kind}, clock=clock)


@pytest.mark.parametrize(
    ("token", "token_format"),
    [("a.b.c", "JWT"), ("a.b.c.d.e", "JWE"), ("abc", "opaque"), ("a.b", "opaque")],
)
def test_the_format_tells_the_kind(token: str, token_format: str) -> None:
    assert token_format_of(token) == token_format


def test_each_kind_checks_its_own(clock: kit.Clock) -> None:
    kinds: dict[TokenFormat, Kind] = {"JWT": Kind(), "JWE": Kind(), "opaque": Kind()}
    validator = TokenValidator(kinds, clock=clock)
    for token in ("a.b.c", "a.b.c.d.e", "abc"):
        assert validator.authenticate_token(token).user == kit.subject(token)
    assert [each.checked for each in kinds.values()] == [["a.b.c"], ["a.b.c.d.e"], ["abc"]]


@pytest.mark.parametrize("token", ["a.b.c.d.e", "abc"])
def test_a_kind_that_is_switched_off_is_refused(validator: TokenValidator, token: str) -> None:
    with pytest.raises(TokenRefused):
        validator.authenticate_token(token)


def test_a_valid_token_is_checked_once_a_minute(
    validator: TokenValidator, kind: Kind, clock: kit.Clock
) -> None:
    for _ in range(3):
        validator.authenticate_token("a.b.c")
        clock.advance(29)
    assert len(kind.checked) == 1
    validator.authenticate_token("a.b.c")
    assert len(kind.checked) == 2


def test_a_token_is_not_remembered_beyond_its_end(
    validator: TokenValidator, kind: Kind, clock: kit.Clock
) -> None:
    kind.expires_at = kit.NOW + 5
    validator.authenticate_token("a.b.c")
    clock.advance(5)
    validator.authenticate_token("a.b.c")
    assert len(kind.checked) == 2


def test_new_keys_mean_a_new_look(validator: TokenValidator, kind: Kind) -> None:
    validator.authenticate_token("a.b.c")
    kind.generation += 1
    validator.authenticate_token("a.b.c")
    validator.authenticate_token("a.b.c")
    assert len(kind.checked) == 2


def test_keys_that_change_during_a_check_mean_a_new_look(clock: kit.Clock) -> None:
    class Rotating(Kind):
        def check(self, token: str) -> AccessToken:
            found_by_the_old_keys = super().check(token)
            self.generation += len(self.checked) == 1
            return found_by_the_old_keys

    kind = Rotating()
    validator = TokenValidator({"JWT": kind}, clock=clock)
    for _ in range(3):
        validator.authenticate_token("a.b.c")
    assert len(kind.checked) == 2


@pytest.mark.parametrize("error", [TokenRefused("mood", "No."), IssuerUnavailable(5)])
def test_a_failure_is_not_remembered(
    validator: TokenValidator, kind: Kind, error: Exception
) -> None:
    kind.refusing = error
    with pytest.raises(type(error)):
        validator.authenticate_token("a.b.c")
    kind.refusing = None
    assert validator.authenticate_token("a.b.c")


def test_garbage_does_not_push_good_tokens_out(validator: TokenValidator, kind: Kind) -> None:
    validator.authenticate_token("a.b.c")
    kind.refusing = TokenRefused("mood", "No.")
    for number in range(MAX_REMEMBERED + 1):
        with pytest.raises(TokenRefused):
            validator.authenticate_token(f"a.b.{number}")
    assert validator.authenticate_token("a.b.c")


def test_what_is_remembered_is_bounded(validator: TokenValidator, kind: Kind) -> None:
    for number in range(MAX_REMEMBERED + 1):
        validator.authenticate_token(f"a.b.{number}")
    kind.checked.clear()
    for number in range(MAX_REMEMBERED + 1):
        validator.authenticate_token(f"a.b.{number}")
    assert kind.checked
