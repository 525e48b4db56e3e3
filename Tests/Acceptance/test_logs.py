"""The lines on standard error, as what collects them reads them."""

import json
import re
from datetime import datetime, timedelta, timezone


def lines_of(make_garage, **environment: str) -> list[str]:
    service = make_garage(environment={"GARAGE_LOG_LEVEL": "info", **environment}).start()
    assert service.stop() == 0
    lines = service.log().splitlines()
    assert lines
    return lines


def test_every_line_tells_the_time_with_its_zone(make_garage):
    began = datetime.now(timezone.utc)
    lines = [json.loads(line) for line in lines_of(make_garage, GARAGE_LOG_FORMAT="json", TZ="America/Sao_Paulo")]
    for line in lines:
        written = datetime.strptime(line["ts"], "%Y-%m-%dT%H:%M:%S.%f%z")
        assert began - timedelta(milliseconds=1) <= written <= datetime.now(timezone.utc)


def test_in_json_every_line_is_an_object(make_garage):
    lines = [json.loads(line) for line in lines_of(make_garage, GARAGE_LOG_FORMAT="json")]
    assert all({"ts", "level", "component", "msg"} <= line.keys() for line in lines)
    # The address of the first account too, whose code is nowhere else.
    told = [line for line in lines if "code=" in json.dumps(line)]
    assert [line["msg"] for line in told] == ["first account"]
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/setup\?code=[\w-]{20,}", told[0]["address"])


def test_the_address_of_the_first_account_is_told_at_any_level(make_garage):
    (line,) = lines_of(make_garage, GARAGE_LOG_FORMAT="json", GARAGE_LOG_LEVEL="critical")
    assert "/setup?code=" in json.loads(line)["address"]


def test_for_people_the_address_of_the_first_account_is_a_line_of_its_own(make_garage):
    lines = lines_of(make_garage, GARAGE_LOG_FORMAT="logfmt", JOURNAL_STREAM="8:1")
    assert [line.startswith("first account: http://") for line in lines if "code=" in line] == [True]


def test_for_journald_every_line_begins_with_its_priority(make_garage):
    priorities = {"info": "6", "notice": "5", "warning": "4", "error": "3"}
    for line in lines_of(make_garage, GARAGE_LOG_FORMAT="json", JOURNAL_STREAM="8:1"):
        priority, rest = re.fullmatch(r"<(\d)>(.*)", line).groups()
        assert priority == priorities[json.loads(rest)["level"]]


def test_elsewhere_no_priority_is_in_the_way(make_garage):
    assert not any(line.startswith("<") for line in lines_of(make_garage, GARAGE_LOG_FORMAT="logfmt"))
