"""The lines on standard error, as what collects them reads them."""

import json
import re


def lines_of(make_garage, **environment: str) -> list[str]:
    service = make_garage(environment={"GARAGE_LOG_LEVEL": "info", **environment}).start()
    assert service.stop() == 0
    # The address of the first account is for people: a plain line on standard error, beside the log.
    lines = [line for line in service.log().splitlines() if not line.startswith("first account:")]
    assert lines
    return lines


def test_in_json_every_line_is_an_object(make_garage):
    for line in lines_of(make_garage, GARAGE_LOG_FORMAT="json"):
        assert {"ts", "level", "component", "msg"} <= json.loads(line).keys()


def test_for_journald_every_line_begins_with_its_priority(make_garage):
    priorities = {"info": "6", "notice": "5", "warning": "4", "error": "3"}
    for line in lines_of(make_garage, GARAGE_LOG_FORMAT="json", JOURNAL_STREAM="8:1"):
        priority, rest = re.fullmatch(r"<(\d)>(.*)", line).groups()
        assert priority == priorities[json.loads(rest)["level"]]


def test_elsewhere_no_priority_is_in_the_way(make_garage):
    assert not any(line.startswith("<") for line in lines_of(make_garage, GARAGE_LOG_FORMAT="logfmt"))
