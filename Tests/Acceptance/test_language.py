"""Nothing on a page in Portuguese is in English, whatever happened before."""

import html
import re

import pytest

from device import Client
from test_look import fill
from waiting import eventually

# Words that no Portuguese sentence has, and that hardly any English one does without.
ENGLISH = re.compile(r"\b(the|with|of|and|is|was|were|been|has|not|opened|closed|refused|unknown|wrong|from)\b", re.I)
PAGES = (
    "/",
    "/events",
    "/events?readings=1",
    "/events?type=access.*",
    "/events?type=gate.*&q=front",
    "/events/1",
    "/gates/home.front",
    "/gates/home.back",
    "/sensors/home.dht1",
    "/sensors/home.dht1?range=year",
    "/spots",
    "/devices",
    "/devices/unmapped",
    "/broker",
    "/broker?q=nobody",
    "/api",
    "/setup",
    "/login",
    "/settings",
    "/account",
    "/nothing",
)


def shown(page: str) -> list[str]:
    """The texts of a page, without what devices and programs said and what is marked as English."""
    page = re.sub(r"<(script|style|svg|code|pre|title)\b.*?</\1>", "", page, flags=re.S)
    page = re.sub(r'<(p|span|td)\b[^>]* lang="en"[^>]*>.*?</\1>', "", page, flags=re.S)
    said = re.findall(r'(?:aria-label|placeholder|title|alt)="([^"]*)"', page)
    return [html.unescape(text).strip() for text in [*said, *re.sub(r"<[^>]+>", "\n", page).split("\n")] if text.strip()]


@pytest.fixture(scope="module")
def lived_in(tmp_path_factory):
    from service import Garage

    garage = Garage(tmp_path_factory.mktemp("language")).start()
    fill(garage)
    with Client(garage, "esp1") as device:
        device.publish("garage/home/device/esp1/status", "offline")
    refused = garage.request("GET", "/api/v1/gates", headers={"Authorization": "Bearer garage_nothing"})
    assert refused.status_code == 401, refused.text
    garage.await_event("access.denied")
    yield garage
    garage.close()


@pytest.mark.parametrize("path", PAGES)
def test_a_portuguese_page_says_nothing_in_english(lived_in, path):
    answer = lived_in.request("GET", path, headers={"Accept-Language": "pt-BR"})
    texts = shown(answer.text)
    assert len(texts) > 5 and 'lang="pt-BR"' in answer.text
    assert [text[:200] for text in texts if ENGLISH.search(text) and "WWWW" not in text] == []


def test_a_refusal_is_told_in_both_languages(lived_in):
    def of(language: str) -> str:
        return lived_in.request("GET", "/events?type=access.denied", headers={"Accept-Language": language}).text

    eventually(lambda: "o uso de um token desconhecido" in of("pt-BR"), "the refusal in Portuguese")
    assert "the use of an unknown token" in of("en")


def test_the_page_of_the_interfaces_shows_no_markdown(lived_in):
    page = lived_in.request("GET", "/api", headers={"Accept-Language": "pt-BR"}).text
    assert "`" not in page and "<code>If-None-Match</code>" in page
    assert "Parâmetro" in page and "para o serviço" in page and "Leituras" in page


def test_a_broken_bridge_is_told_in_portuguese(make_garage, tmp_path):
    file = tmp_path / "garage.yaml"
    file.write_text(
        "bridges:\n  house:\n    address: 127.0.0.1:9\n    reconnect_maximum_seconds: 1\n"
        "    topics:\n      - {topic: out/#}\n"
    )
    garage = make_garage("--config", str(file)).start()

    def page() -> str:
        return garage.request("GET", "/broker", headers={"Accept-Language": "pt-BR"}).text

    eventually(lambda: "Último problema" in page(), "the problem of the bridge")
    assert [text for text in shown(page()) if ENGLISH.search(text)] == []
