"""What only lists show: any `_createdAt`, the day of a session, feedback. Alike on every store."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from app.service.cursor import position_of
from app.service.days import UTC_ZONE, TimeZone
from app.service.documents import reference
from app.service.external_links import ExternalLinks
from app.service.reading import LogReader
from app.service.stores.port import LogQuery, Position, Store
from tests import world
from tests.conftest import OpenStore
from tests.world import RUNNER, TEAMMATE, document, log, log_of, session_of

BANGKOK, ST_JOHNS = TimeZone("Asia/Bangkok"), TimeZone("America/St_Johns")
ANYBODYS = (None, [RUNNER, TEAMMATE], [RUNNER])


def ids(store: Store, query: LogQuery) -> list[str]:
    return [row.document.id for row in store.list_logs(query).rows]


class TestAnyCreationTime:
    """Newest first; logs whose `_createdAt` is no instant come last; ties by id, descending."""

    NEWEST_FIRST: tuple[Any, ...] = (
        "9999-12-31T23:59:59.999Z",
        "2026-01-02T12:00:00+02:00",
        "2026-01-02T09:59:59.999999Z",
        "2026-01-02T09:59:59.5Z",
        "2026-01-02T09:59:59Z",
        "2026-01-02T00:00:00-09:30",
        "2026-01-02T00:00:00-00:00",
        "2026-01-01T23:59:59.123456789012345678901234567890123456789012345678901234567890Z",
        "2026-01-01T24:00:00+00:01",
        "2000-02-29T12:00:00Z",
        "0001-01-01T00:00:00Z",
        "0000-03-01T00:00:00Z",
        # From here on, none is an instant.
        None,
        "",
        "2026-01-03",
        "2026-01-03T10:00:00",
        "2026-01-03T10:00Z",
        "2026-01-03 10:00:00Z",
        "2026-01-03T10:00:00z",
        "2016-12-31T23:59:60Z",
        "2026-01-03T24:00:01Z",
        "2026-13-03T10:00:00Z",
        "2026-01-32T10:00:00Z",
        "2026-01-03T10:00:00+24:00",
        "2026-01-03T10:00:00+02:60",
        "2026-01-03T10:00:00+0200",
        "yesterday",
        20260103,
        {"a": 1},
        "0000-01-01T00:00:00+10:00",
        "9999-12-31T23:59:59-10:00",
    )
    DATED = 12

    @pytest.fixture
    def expected(self) -> list[str]:
        """The ids, so that those without an instant have them in descending order."""
        count = len(self.NEWEST_FIRST)
        dated = [f"log-{(7 * number) % count:02}" for number in range(self.DATED)]
        undated = sorted({f"log-{number:02}" for number in range(count)} - {*dated}, reverse=True)
        return dated + undated

    @pytest.fixture
    def store(self, open_store: OpenStore, expected: list[str]) -> Store:
        runners = [RUNNER if number % 3 else TEAMMATE for number in range(len(expected))]
        logs = [
            {**log(runner, 1, _createdAt=created), "_id": id_}
            for runner, created, id_ in zip(runners, self.NEWEST_FIRST, expected, strict=True)
        ]
        return open_store([*logs, *(each for each in world.club() if "log-" not in each["_id"])])

    def test_has_one_place_in_the_order(self, store: Store, expected: list[str]) -> None:
        assert ids(store, LogQuery(limit=100)) == expected

    @pytest.mark.parametrize("runner_ids", ANYBODYS, ids=str)
    @pytest.mark.parametrize("limit", [1, 2, 5, len(NEWEST_FIRST)])
    def test_is_on_exactly_one_page(
        self, store: Store, expected: list[str], limit: int, runner_ids: Any
    ) -> None:
        every = ids(store, LogQuery(limit=100, runner_ids=runner_ids))
        seen: list[str] = []
        after: Position | None = None
        while True:
            query = LogQuery(runner_ids=runner_ids, limit=limit, after=after, with_total=True)
            page = store.list_logs(query)
            assert page.total == len(every)
            if not page.rows:
                break
            seen += [row.document.id for row in page.rows]
            after = position_of(page.rows[-1])
        assert seen == every
        assert len(every) == (len(expected) if runner_ids != [RUNNER] else len(expected) * 2 // 3)

    def test_of_two_alike_the_greater_id_comes_first(self, open_store: OpenStore) -> None:
        same = ["2026-01-01T10:00:00Z", "2026-01-01T12:00:00.0009+02:00", None, "now"]
        logs = [log(RUNNER, number, _createdAt=each) for number, each in enumerate(same, 1)]
        store = open_store(logs)
        assert ids(store, LogQuery()) == [log_of(RUNNER, number) for number in (2, 1, 4, 3)]


class TestDays:
    """A filter by day finds exactly the logs whose session reads as planned on such a day."""

    PLANNED: tuple[dict[str, Any], ...] = (
        {"date": "2026-01-10"},
        {"date": "2026-01-11T00:30:00"},
        {"date": "2026-01-11T23:30"},
        {"date": "2026-01-10T23:59:59.999999Z"},
        {"date": "2026-01-10T17:00:00Z"},
        {"date": "2026-01-10T16:59:59.999Z"},
        {"date": "2026-01-11T00:00:00+02:00"},
        {"date": "2026-01-10T22:00:00.000-05:00"},
        {"date": "2026-01-09", "scheduledDate": "2026-01-11T12:00:00Z"},
        {"date": None, "scheduledDate": "2026-01-10T18:00:00.000Z"},
        {"scheduledDate": "2026-01-10T18:00:00.000Z"},
        {"scheduledDate": "2026-01-11"},
        {"date": "soon", "scheduledDate": "2026-01-11"},
        {"date": 5, "scheduledDate": "2026-01-11"},
        {"date": "2026-01-10 evening"},
        {"date": "2026-01-10T10"},
        {"date": "2026-01-10Z"},
        {"date": "20260110"},
        {"date": "2026-1-10"},
        {"date": ""},
        {"date": {"_ref": "x"}},
        {},
        {"date": "0001-01-01"},
        {"date": "9999-12-31"},
        {"date": "9999-12-31T10:00:00"},
        # None of these is a day: dateTime() of GROQ lets some run over into the next.
        {"date": "2026-02-30"},
        {"date": "2026-02-30T10:00:00Z"},
        {"date": "2026-01-10T24:00:00Z"},
        {"date": "2026-01-10T24:00:00"},
        {"date": "2026-01-10T24:00"},
        {"date": "2026-01-10T12:00:00+15:00"},
        {"date": "2026-01-10T12:00:00-15:00"},
        {"date": "2026-01-10T10:00+02:00"},
        {"date": "0001-01-01T10:00:00Z"},
        {"date": "9999-12-31T10:00:00Z"},
        {"scheduledDate": "0000-12-31"},
    )

    @pytest.fixture
    def store(self, open_store: OpenStore) -> Store:
        documents = []
        for number, planned in enumerate(self.PLANNED):
            runner = RUNNER if number % 3 else TEAMMATE
            session_id = f"planned-{number:02}"
            documents.append(document(session_id, "trainingSession", **planned))
            link = session_id if number % 2 else reference(session_id)
            documents.append({**log(runner, 1, sessionId=link), "_id": f"log-{number:02}"})
        # Neither a session that is gone nor a document of another type has a day.
        documents.append(document("planned-x", "other", date="2026-01-10"))
        documents += [
            {**log(RUNNER, 1, sessionId=reference(each)), "_id": f"log-{each}"}
            for each in ("planned-x", "gone")
        ]
        return open_store([*documents, *map(world.user, (RUNNER, TEAMMATE), ("runner",) * 2)])

    @pytest.mark.parametrize("zone", [UTC_ZONE, BANGKOK, ST_JOHNS], ids=lambda zone: zone.name)
    @pytest.mark.parametrize("runner_ids", ANYBODYS, ids=str)
    def test_in_the_response_and_in_a_filter_are_the_same(
        self, store: Store, zone: TimeZone, runner_ids: Any
    ) -> None:
        reader = LogReader(ExternalLinks(()), zone)
        every = store.list_logs(LogQuery(runner_ids=runner_ids, limit=100)).rows
        days: dict[str, set[str]] = {}
        for row in every:
            session = reader.read(row).session
            if session and session.date:
                days.setdefault(session.date, set()).add(row.document.id)
        assert len(days) > 2
        first = date(2026, 1, 8)
        asked = [(first + timedelta(days=number)).isoformat() for number in range(6)]
        for day in [*asked, "0001-01-01", "9999-12-31"]:
            query = LogQuery(
                runner_ids=runner_ids, date_from=day, date_to=day, zone=zone, with_total=True
            )
            page = store.list_logs(query)
            assert {row.document.id for row in page.rows} == days.get(day, set()), day
            assert page.total == len(page.rows)
        for first_day, last_day in (("2026-01-11", None), (None, "2026-01-10")):
            query = LogQuery(
                runner_ids=runner_ids,
                date_from=first_day,
                date_to=last_day,
                zone=zone,
                limit=100,
            )
            expected = {
                id_
                for day, those in days.items()
                if (first_day or "") <= day <= (last_day or "9999-12-31")
                for id_ in those
            }
            assert set(ids(store, query)) == expected


class TestFeedback:
    """What is published and refers to a log belongs to it, by reference or by a plain string."""

    @pytest.fixture
    def store(self, open_store: OpenStore) -> Store:
        def feedback(id_: str, on: Any, created: Any) -> dict[str, Any]:
            return {**document(id_, "feedback", workoutLogId=on), "_createdAt": created}

        first, second, third = (log_of(RUNNER, number) for number in (1, 2, 3))
        weak = {**reference(second), "_weak": True}
        return open_store(
            [
                *world.club(),
                feedback("feedback-1", reference(first), "2026-01-05T19:00:00Z"),
                feedback("feedback-2", first, "2026-01-05T19:00:00.5Z"),
                feedback("feedback-3", weak, "2026-01-06T00:00:00+02:00"),
                feedback("feedback-4", second, None),
                feedback("drafts.feedback-5", reference(third), "2026-01-07T19:00:00Z"),
                feedback("feedback-6", 5, "2026-01-07T19:00:00Z"),
                {**feedback("note-7", reference(third), "2026-01-07T19:00:00Z"), "_type": "note"},
            ]
        )

    def test_comes_with_each_log(self, store: Store) -> None:
        reader = LogReader(ExternalLinks(()), UTC_ZONE)
        expected = {
            log_of(RUNNER, 1): (2, "2026-01-05T19:00:00.5Z"),
            log_of(RUNNER, 2): (2, "2026-01-05T22:00:00Z"),
            log_of(RUNNER, 3): (0, None),
        }
        rows = store.list_logs(LogQuery(runner_ids=[RUNNER])).rows
        found = {each.id: each.feedback for each in map(reader.read, rows)}
        assert {id_: (each.count, each.last_at) for id_, each in found.items()} == expected
        for id_, feedback in found.items():
            stored = store.get_log(id_)
            assert stored
            assert reader.read_stored(stored).feedback == feedback

    def test_comes_with_the_existing_logs_of_a_create(self, store: Store) -> None:
        context = store.read_for_create(runner_id=RUNNER, session_id=session_of(RUNNER, 1))
        assert len(context.existing[0].feedback) == 2

    @pytest.mark.parametrize("runner_ids", ANYBODYS, ids=str)
    def test_is_asked_for_by_a_filter(self, store: Store, runner_ids: Any) -> None:
        reviewed = LogQuery(runner_ids=runner_ids, reviewed=True, with_total=True)
        page = store.list_logs(reviewed)
        found = [row.document.id for row in page.rows]
        assert found == [log_of(RUNNER, 2), log_of(RUNNER, 1)]
        assert page.total == 2
        others = ids(store, LogQuery(runner_ids=runner_ids, reviewed=False))
        every = ids(store, LogQuery(runner_ids=runner_ids))
        assert others == [each for each in every if each not in found]
