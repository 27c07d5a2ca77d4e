"""The people of the sample club, how they train and how they write. `app.development.sample` makes
Sanity documents of it.
"""

from __future__ import annotations

from typing import NamedTuple

from app.service.model import Role, SessionType, Status


class Person(NamedTuple):
    """Somebody of the club; `coach` is the key of a runner's coach."""

    key: str
    name: str
    role: Role
    coach: str = ""

    @property
    def id(self) -> str:
        """The `_id` of the person's `user` document."""
        return f"user-{self.key}"

    @property
    def email(self) -> str:
        """An address that nobody can have (RFC 2606)."""
        return f"{self.key}@club.example"


PEOPLE = (
    Person("somchai", "สมชาย ใจดี (Somchai Jaidee)", Role.RUNNER, "mali"),
    Person("zoe", "Zoë Lindqvist", Role.RUNNER, "mali"),
    Person("niran", "Niran Wongsa", Role.RUNNER, "mali"),
    Person("jose", "José Álvarez", Role.RUNNER, "ines"),
    Person("amelie", "Amélie Dupont", Role.RUNNER, "ines"),
    Person("kanya", "กัญญา แสงทอง (Kanya Saengthong)", Role.RUNNER, "ines"),
    Person("mali", "มะลิ ศรีสุข (Mali Srisuk)", Role.COACH),
    Person("ines", "Inés Márquez", Role.COACH),
    Person("ploy", "Ploy Thanakit", Role.ADMIN),
)
RUNNERS = tuple(person for person in PEOPLE if person.role is Role.RUNNER)

RUNNER = "user-somchai"
RUNNER2 = "user-jose"
"""A runner whom the first runner's coach does not coach."""
COACH = "user-mali"
"""The first runner's coach."""
ADMIN = "user-ploy"

UNLOGGED = ("w3-3", "w5-2")
"""Two past sessions that no runner has written a log for, so that there is always one to log."""
COMMENTED = ("w4-6", "w5-6")
"""Two long runs that every runner has logged and the coach has given feedback on."""


class Planned(NamedTuple):
    """A session of every week; the distance is a share of that week's long run."""

    weekday: int
    type: SessionType
    share: float
    pace_offset: int
    notes: str


WEEK = (
    Planned(0, SessionType.EASY, 0.5, 0, "You should be able to talk all the way."),
    Planned(1, SessionType.INTERVAL, 0.45, -50, "8 × 400 m fast, 200 m jog in between."),
    Planned(3, SessionType.TEMPO, 0.55, -28, "Twenty minutes comfortably hard in the middle."),
    Planned(4, SessionType.REST, 0, 0, "วันพัก – stretch, sleep, eat well."),
    Planned(5, SessionType.RECOVERY, 0.35, 30, "Very slow, soft ground if you can."),
    Planned(6, SessionType.LONG, 1, 12, "Start slower than you want to."),
)
LOAD = (0.8, 0.87, 0.95, 0.7, 0.9, 1, 0.85, 0.6)
"""Each week's share of the longest run: build up, ease off, race."""


class Voice(NamedTuple):
    """How somebody writes: notes for each status, injuries, the weather."""

    notes: dict[Status, tuple[str, ...]]
    injuries: tuple[str, ...]
    weather: tuple[tuple[str, float], ...]


THAI = Voice(
    {
        Status.COMPLETED: (
            "วิ่งรอบสวนลุมพินี ลมเย็นสบาย ขาสดมาก",
            "ตื่นตีห้า วิ่งกับเพื่อนชมรม",
            "ร้อนมาก แต่จบได้ตามแผน",
        ),
        Status.DNF: ("ฝนตกหนัก ต้องหยุดกลางทาง", "เจ็บเข่าซ้าย เดินกลับบ้าน"),
        Status.UNDONE: ("ไม่สบาย พักก่อน", "งานเลิกดึก"),
    },
    ("เข่าซ้าย", "เอ็นร้อยหวาย", "น่องขวา"),
    (("แดดจัด", 33), ("ฝนฟ้าคะนอง", 26), ("เมฆมาก", 28.5)),
)
ENGLISH = Voice(
    {
        Status.COMPLETED: (
            "Felt strong on the hills.",
            "Negative split!\nLast kilometre was the fastest.",
            "Easy legs.",
        ),
        Status.DNF: ("Stopped early, calf tightened after the warm-up.", "Stitch, walked home."),
        Status.UNDONE: ("Late at work.", "A cold – better not."),
    },
    ("left knee", "right calf", "shin splints"),
    (("sunny", 29), ("light rain", 22.5), ("cool and cloudy", 17)),
)
SPANISH = Voice(
    {
        Status.COMPLETED: (
            "Mañana húmeda, pero buenas piernas.",
            "¡Último kilómetro el más rápido!",
            "Rodaje cómodo.",
        ),
        Status.DNF: ("Estómago revuelto, caminé a casa.", "Tirón en el gemelo."),
        Status.UNDONE: ("Viaje, sin tiempo.", "Niño enfermo."),
    },
    ("rodilla izquierda", "gemelo derecho"),
    (("soleado", 30), ("lluvia débil", 21), ("viento", 16.5)),
)
FRENCH = Voice(
    {
        Status.COMPLETED: (
            "Première moitié trop rapide, fini en gérant.",
            "Belles sensations.",
            "Forêt, très agréable.",
        ),
        Status.DNF: ("Arrêt à mi-parcours, mollet douloureux.", "Orage, demi-tour."),
        Status.UNDONE: ("Déplacement, pas de temps.", "Fièvre."),
    },
    ("mollet gauche", "périostite"),
    (("ensoleillé", 26), ("averses", 18), ("brouillard", 9.5)),
)


class Words(NamedTuple):
    """How a coach writes distances and durations in a plan: formats of whole km and minutes."""

    distance: str = "{km} km"
    duration: str = "{minutes} min"
    interval: str = ""
    """The distance of intervals, where that is written in another way."""

    def distance_of(self, kind: SessionType, km: int) -> str:
        """A session's distance."""
        if kind is SessionType.INTERVAL and self.interval:
            return self.interval
        return self.distance.format(km=km, metres=km * 1000)

    def duration_of(self, minutes: int) -> str:
        """A session's duration."""
        hours, rest = divmod(minutes, 60)
        return self.duration.format(minutes=minutes, hours=hours, rest=rest)


class Training(NamedTuple):
    """What a runner works towards: paces in seconds per km, distances in km."""

    goal: str
    easy_pace: int
    longest_run: int
    voice: Voice
    words: Words = Words()


TRAINING = {
    "somchai": Training("Half marathon", 372, 18, THAI),
    "zoe": Training(
        "10 km under 50", 345, 14, ENGLISH, Words("{km}k", "{hours}h {rest:02}m", "8 x 400m")
    ),
    "niran": Training("First marathon", 398, 28, ENGLISH, Words("{km} กม.", "{minutes} นาที")),
    "jose": Training("Marathon under 3:30", 322, 30, SPANISH, Words("{km}", "{minutes}")),
    "amelie": Training(
        "Half marathon", 360, 17, FRENCH, Words("{km},5 km", "{hours}:{rest:02}:00")
    ),
    "kanya": Training("Back to 5 km", 425, 8, THAI, Words("{metres} m", "{minutes}'", "4-5 กม.")),
}

LINKS = (
    "https://connect.garmin.com/modern/activity/{}",
    "https://www.strava.com/activities/{}",
)
FEEDBACK = {
    "mali": ("ดีมากค่ะ พักให้พอก่อนซ้อมครั้งหน้า", "Well paced. Keep the next one just as easy."),
    "ines": ("¡Muy bien! Bebe más antes de salir.", "Good finish – now sleep."),
}
