"""The peer's shapes: pydantic models that check what the product's schemas and rules check."""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    computed_field,
    model_validator,
)
from pydantic.alias_generators import to_camel

Status = Literal["completed", "dnf", "undone"]
Feeling = Literal["excellent", "good", "okay", "tired", "exhausted"]
FEELINGS = ("excellent", "good", "okay", "tired", "exhausted")
SessionType = Literal["easy", "interval", "tempo", "long", "recovery", "rest"]

_control = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_link = re.compile(r"https://(connect\.garmin\.com|www\.garmin\.com|(www\.)?strava\.com)(/\S*)?")
_duration = re.compile(r"(?:(\d{1,2}):)?(\d{1,2}):([0-5]\d)")


def _normal(text: str) -> str | None:
    return _control.sub("", unicodedata.normalize("NFC", text)).strip() or None


def _allowed(link: str) -> str:
    if not _link.fullmatch(link):
        raise ValueError("not a link to Garmin or Strava")
    return link


def seconds_of(text: str) -> int:
    """Seconds of `H:MM:SS` or `M:SS`."""
    match = _duration.fullmatch(text)
    if not match:
        raise ValueError("not H:MM:SS or M:SS")
    hours, minutes, seconds = (int(each or 0) for each in match.groups())
    return hours * 3600 + minutes * 60 + seconds


def duration_text(text: str) -> str:
    """`H:MM:SS`."""
    seconds = seconds_of(text)
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def _text(most: int) -> Any:
    return Annotated[str, Field(max_length=most), AfterValidator(_normal)]


class LogFields(BaseModel):
    """What a client may send."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", strict=True)

    external_link: Annotated[str, Field(max_length=2048), AfterValidator(_allowed)] | None = None
    actual_distance: Annotated[float, Field(gt=0, le=1000)] | None = None
    actual_duration: Annotated[str, AfterValidator(duration_text)] | None = None
    actual_pace: str | None = None
    notes: _text(2000) | None = None
    feeling: Feeling | None = None
    injuries: Annotated[list[_text(200)], Field(max_length=20)] | None = None
    weather: _text(100) | None = None
    temperature: Annotated[float, Field(ge=-50, le=60)] | None = None


class NewLog(LogFields):
    """The body of a create."""

    session_id: str
    status: Status

    @model_validator(mode="after")
    def _rules(self) -> NewLog:
        check_rules(self.model_dump(by_alias=True))
        return self


class Changes(LogFields):
    """The body of an update: what was sent is in `model_fields_set`."""

    status: Status = "completed"


def check_rules(log: dict[str, Any]) -> None:
    """The rules across fields. Raises ValueError."""
    done = [log.get(name) for name in ("actualDistance", "actualDuration", "actualPace")]
    if log["status"] == "completed" and done[0] is None and done[1] is None:
        raise ValueError("a completed log needs a distance or a duration")
    if log["status"] == "undone" and any(each is not None for each in done):
        raise ValueError("an undone log has no figures")


def derive_pace(log: dict[str, Any]) -> str | None:
    """`M:SS` per km, when distance and duration are known."""
    if not log.get("actualDistance") or not log.get("actualDuration"):
        return None
    seconds = round(seconds_of(log["actualDuration"]) / log["actualDistance"])
    return f"{seconds // 60}:{seconds % 60:02}"


def _reference(value: Any) -> Any:
    return value.get("_ref") if isinstance(value, dict) else value


class Out(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, extra="ignore", validate_by_name=True)


class Session(Out):
    id: str = Field(validation_alias="_id", serialization_alias="id")
    date: str | None = None
    day: str | None = None
    type: SessionType | None = None
    distance: str | None = None
    duration: str | None = None
    pace: str | None = None


class Runner(Out):
    id: str = Field(validation_alias="_id", serialization_alias="id")
    name: str | None = None


class Log(Out):
    """The log on the wire, read from a Sanity document with its session and runner joined."""

    id: str = Field(validation_alias="_id", serialization_alias="id")
    session_id: Annotated[str | None, BeforeValidator(_reference)]
    runner_id: Annotated[str | None, BeforeValidator(_reference)]
    status: Status | None
    external_link: str | None = None
    actual_distance: float | None = None
    actual_duration: str | None = None
    actual_pace: str | None = None
    notes: str | None = None
    feeling: Feeling | None = None
    injuries: list[str] = []
    weather: str | None = None
    temperature: float | None = None
    created_at: str = Field(validation_alias=AliasChoices("_createdAt", "createdAt"))
    updated_at: str = Field(validation_alias=AliasChoices("_updatedAt", "updatedAt"))
    session: Session | None = None
    runner: Runner | None = None

    @computed_field(alias="actualDurationSeconds")
    def actual_duration_seconds(self) -> int | None:
        return seconds_of(self.actual_duration) if self.actual_duration else None

    @computed_field(alias="actualPaceSeconds")
    def actual_pace_seconds(self) -> int | None:
        return seconds_of(self.actual_pace) if self.actual_pace else None


class Pagination(Out):
    limit: int
    next_cursor: str | None
    total: int | None = None


class LogResponse(BaseModel):
    data: Log


class LogPage(BaseModel):
    data: list[Log]
    pagination: Pagination
