"""The demo's creators and videos, as the platform would send them: CSV files, made from one seed.

The same seed, scale and dates give the same files to the byte, so the demo can be started again after a kill.
Creators are few large and many small ones; a video's views follow its creator's size and grow day by day
while the feed reports it (a week), so that lineups change from day to day.
"""

import csv
import datetime
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CREATORS = 20_000
VIDEOS = 100_000
REPORTED_DAYS = 7
WARM_UP = datetime.timedelta(days=30)
GROWTH_PERCENT = (34, 58, 73, 84, 91, 96, 100)
FIRST_NAMES = (
    "ava ben chloe diego emma finn grace hugo iris jade kai luna maya noah pablo quinn ruby sam tess".split()
)
LAST_NAMES = (
    "archer bloom carter dalton ellis frost garcia hayes ivers keller lopez moore ortiz reyes silva".split()
)
FLAVOURS = "daily bakes plays fit travels styles reads sings drives codes cooks paints moves laughs".split()
PLAIN_TAGS = "fyp foryou trending viral".split()


@dataclass(frozen=True)
class Person:
    handle: str
    name: str
    followers: int
    category: str
    born_on: datetime.date
    market: str
    activity: int


@dataclass(frozen=True)
class Clip:
    platform_id: int
    handle: str
    published: datetime.datetime
    views: int
    hashtags: str
    tier: str


def people(scale: int, hashtags: dict[str, Sequence[str]], seed: int = 4) -> list[Person]:
    """The demo's creators; `hashtags` are the categories' own, by slug."""
    dice = random.Random(seed)  # noqa: S311 - a believable programme, not a secret
    slugs = list(hashtags)
    return [_person(dice, number, slugs) for number in range(CREATORS * scale)]


def _person(dice: random.Random, number: int, slugs: list[str]) -> Person:
    first, last = dice.choice(FIRST_NAMES), dice.choice(LAST_NAMES)
    followers = int(dice.lognormvariate(11.0, 1.7))
    return Person(
        handle=f"{first}.{last}{number}"
        if dice.random() < 0.6
        else f"{first}_{dice.choice(FLAVOURS)}{number}",
        name=f"{first} {last}".title(),
        followers=followers,
        category=dice.choice(slugs),
        born_on=datetime.date(2009, 1, 1) - datetime.timedelta(days=dice.randrange(40 * 365)),
        market="US" if dice.random() < 0.94 else "CA",
        activity=1 + min(followers, 2_000_000) // 40_000,
    )


def clips(
    creators: Sequence[Person],
    hashtags: dict[str, Sequence[str]],
    first: datetime.date,
    last: datetime.date,
    scale: int,
    seed: int = 5,
) -> list[Clip]:
    """The videos published from `first` to `last`, spread evenly, more of them by the larger creators."""
    dice = random.Random(seed)  # noqa: S311
    days = (last - first).days + 1
    authors = dice.choices(creators, weights=[person.activity for person in creators], k=VIDEOS * scale)
    midnight = datetime.datetime.combine(first, datetime.time(), datetime.UTC)
    return [
        _clip(
            dice,
            author,
            hashtags,
            number,
            midnight + datetime.timedelta(seconds=dice.randrange(days * 86_400)),
        )
        for number, author in enumerate(authors)
    ]


def _clip(
    dice: random.Random,
    author: Person,
    hashtags: dict[str, Sequence[str]],
    number: int,
    published: datetime.datetime,
) -> Clip:
    tags = [dice.choice(PLAIN_TAGS)]
    if dice.random() < 0.7:
        tags.append(dice.choice(hashtags[author.category]))
    return Clip(
        platform_id=7_400_000_000_000_000_000 + int(published.timestamp()) * 1_000_000 + number % 1_000_000,
        handle=author.handle,
        published=published,
        views=int(author.followers * dice.lognormvariate(-1.5, 1.2)),
        hashtags=" ".join(tags),
        tier=dice.choices(("limited", "standard", "expanded", "unsuitable"), weights=(30, 60, 7, 3))[0],
    )


def write_followers(path: Path, creators: Iterable[Person]) -> Path:
    return _write(path, ("Handle", "Name", "Followers"), ((p.handle, p.name, p.followers) for p in creators))


def write_videos(path: Path, of: Iterable[Clip], day: datetime.date) -> Path:
    """The videos file of a day: those published up to then, with their counts so far."""
    header = ("id", "handle", "published", "views", "likes", "comments", "shares", "hashtags", "tier")
    return _write(path, header, (_counts(clip, day) for clip in of if clip.published.date() <= day))


def _counts(clip: Clip, day: datetime.date) -> tuple[Any, ...]:
    age = min((day - clip.published.date()).days, len(GROWTH_PERCENT) - 1)
    views = clip.views * GROWTH_PERCENT[age] // 100
    liked = 4 + clip.platform_id % 11
    return (
        clip.platform_id,
        clip.handle,
        clip.published.isoformat(),
        views,
        views * liked // 100,
        views * liked // 4_000,
        views * liked // 2_500,
        clip.hashtags,
        clip.tier,
    )


def reported(of: Iterable[Clip], day: datetime.date) -> Iterator[Clip]:
    """The videos which the feed still reports on `day`: a week from publication."""
    earliest = day - datetime.timedelta(days=REPORTED_DAYS - 1)
    return (clip for clip in of if earliest <= clip.published.date() <= day)


def _write(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
    return path
