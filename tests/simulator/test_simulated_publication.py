"""A session is there from its publication on, by the simulator's clock, and never on a closed day."""

from datetime import UTC, date, datetime, time, timedelta
from email.utils import parsedate_to_datetime
from zoneinfo import ZoneInfo

import httpx
import pytest

from simulator.control import Control
from simulator.world import World
from tests.simulator.conftest import SetClock
from tests.simulator.simulated_paths import DAILY, HISTORY, NINETY_DAYS, finra, nse, path_of

KOLKATA, BERLIN, NEW_YORK = ZoneInfo("Asia/Kolkata"), ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("feed", "session", "earliest", "spread", "why"),
    [
        ("nse_equity", date(2026, 2, 2), datetime(2026, 2, 2, 16, 30, tzinfo=KOLKATA), 20, "an hour after the close"),
        ("nse_equity", date(2026, 2, 1), datetime(2026, 2, 1, 16, 30, tzinfo=KOLKATA), 20, "a Sunday with a session"),
        ("nse_equity", date(2026, 11, 8), datetime(2026, 11, 8, 19, tzinfo=KOLKATA), 20, "hours not known"),
        ("ecb_fx", date(2026, 3, 27), datetime(2026, 3, 27, 16, tzinfo=BERLIN), 5, "winter time"),
        ("ecb_fx", date(2026, 3, 30), datetime(2026, 3, 30, 16, tzinfo=BERLIN), 5, "summer time"),
        ("finra_short_volume", date(2026, 3, 2), datetime(2026, 3, 2, 17, 30, tzinfo=NEW_YORK), 30, "by 18:00"),
    ],
)
def test_a_session_is_published_at_its_sources_hour(
    world: World, feed: str, session: date, earliest: datetime, spread: int, why: str
) -> None:
    """At the earliest time or up to `spread` minutes later, always at the same second."""
    published = world.publication(feed, session)
    assert published is not None
    assert earliest <= published <= earliest + timedelta(minutes=spread), why
    assert published == world.publication(feed, session)


def test_sessions_are_published_at_different_minutes(world: World) -> None:
    """As a source does: no schedule may count on a second."""
    sessions = world.sessions("nse_equity", date(2026, 3, 31))[-20:]
    times = [world.publication("nse_equity", session) for session in sessions]
    assert len({published.time() for published in times if published}) > 10


@pytest.mark.parametrize(
    ("feed", "status"), [("nse_equity", 404), ("finra_short_volume", 403)], ids=["nse_equity", "finra_short_volume"]
)
def test_a_file_is_absent_until_the_second_of_its_publication(
    simulator: Control, http: httpx.Client, clock: SetClock, feed: str, status: int
) -> None:
    """NSE says 404 for what is not there, FINRA 403; GET and HEAD alike."""
    session = date(2026, 3, 2)
    published = simulator.publication(feed, session)
    assert published is not None
    clock.at = published.astimezone(UTC) - SECOND
    assert [http.get(path_of(feed, session)).status_code, http.head(path_of(feed, session)).status_code] == [status] * 2
    clock.at += SECOND
    assert http.get(path_of(feed, session)).status_code == 200


@pytest.mark.parametrize("path", [DAILY, NINETY_DAYS])
def test_the_ecb_shows_the_previous_fixing_until_the_next_is_published(
    simulator: Control, http: httpx.Client, clock: SetClock, path: str
) -> None:
    """With status 200: only the date inside tells. On Monday afternoon the newest is still Friday's."""
    published = simulator.publication("ecb_fx", date(2026, 3, 2))
    assert published is not None
    clock.at = published.astimezone(UTC) - SECOND
    friday = http.get(path)
    clock.at += SECOND
    monday = http.get(path)
    assert (friday.status_code, monday.status_code) == (200, 200)
    newest = [answer.text.partition("Cube time=")[2][1:11] for answer in (friday, monday)]
    assert newest == ["2026-02-27", "2026-03-02"]


@pytest.mark.parametrize(
    ("path", "status", "why"),
    [
        (nse(date(2026, 1, 26)), 404, "Republic Day"),
        (nse(date(2026, 1, 31)), 404, "a Saturday"),
        (nse(date(2026, 2, 1)), 200, "a Sunday with a session"),
        (nse(date(2024, 7, 5)), 404, "before the format's first day"),
        (nse(date(2027, 3, 1)), 404, "beyond what the calendar knows"),
        (finra(date(2026, 11, 26)), 403, "Thanksgiving Day"),
        (finra(date(2018, 7, 31)), 403, "before the first file"),
        (finra(date(2018, 8, 1)), 200, "the first file"),
        ("/nsearchives.nseindia.com/content/cm/BhavCopy_NSE_CM_0_0_0_20261301_F_0000.csv.zip", 404, "no date"),
        ("/www.ecb.europa.eu/stats/eurofxref/eurofxref-sdmx.xml", 404, "a file that we do not simulate"),
        ("/example.org/", 404, "a host that we do not simulate"),
    ],
)
def test_a_day_without_a_session_has_no_file(
    simulator: Control, http: httpx.Client, clock: SetClock, path: str, status: int, why: str
) -> None:
    """However late it is."""
    clock.at = datetime(2027, 6, 1, tzinfo=UTC)
    assert http.get(path).status_code == status, why


def test_on_a_holiday_the_ecb_goes_on_showing_the_last_fixing(http: httpx.Client, clock: SetClock) -> None:
    """Good Friday evening: Thursday's."""
    clock.at = datetime.combine(date(2026, 4, 3), time(20), BERLIN)
    assert "time='2026-04-02'" in http.get(DAILY).text


def test_before_the_first_fixing_of_all_the_ecb_has_no_file(http: httpx.Client, clock: SetClock) -> None:
    """404, in the place of an empty file that the ECB never published."""
    clock.at = datetime(2014, 12, 31, tzinfo=UTC)
    assert http.get(HISTORY).status_code == 404


def test_date_and_last_modified_follow_the_simulators_clock(
    simulator: Control, http: httpx.Client, clock: SetClock
) -> None:
    """Both in GMT; Last-Modified is the publication."""
    session = date(2026, 3, 2)
    clock.at = datetime(2026, 3, 3, 12, tzinfo=UTC)
    headers = http.get(finra(session)).headers
    assert parsedate_to_datetime(headers["Date"]) == clock.at
    assert parsedate_to_datetime(headers["Last-Modified"]) == simulator.publication("finra_short_volume", session)


@pytest.mark.parametrize("path", [nse(date(2026, 3, 2)), finra(date(2026, 3, 2)), DAILY, NINETY_DAYS, HISTORY])
def test_head_says_what_get_says_without_the_body(http: httpx.Client, path: str) -> None:
    """Same status, same headers, the length of the body that it leaves out."""
    whole, bare = http.get(path), http.head(path)
    assert bare.content == b""
    assert bare.headers == whole.headers
    assert int(bare.headers["Content-Length"]) == len(whole.content)
