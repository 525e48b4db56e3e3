"""The buttons of a gate follow what the service would do now, and say why not; a stop is always there."""

import shutil

import pytest
from selenium.webdriver.common.by import By

from browser import Browser
from device import Client, GateDevice
from service import run
from people import PASSWORD, Visitor
from waiting import eventually

REASONS = {
    "en": {
        "locked": "the gate is locked",
        "maintenance": "someone works on the gate",
        "obstructed": "the gate is obstructed",
        "offline": "the gate’s device is offline",
        "reconnecting": "has only just come back",
        "ambiguous": "the gate has one button",
        "stale": "has reported nothing for too long",
        "unknown": "the gate’s state is not known",
        "not-allowed": "not allowed",
    },
    "pt-BR": {
        "locked": "o portão está bloqueado",
        "maintenance": "alguém está trabalhando no portão",
        "obstructed": "o portão está obstruído",
        "offline": "o dispositivo do portão está offline",
        "reconnecting": "acabou de voltar",
        "ambiguous": "o portão tem um só botão",
        "stale": "não informa nada há tempo demais",
        "unknown": "o estado do portão não é conhecido",
        "not-allowed": "não permitido",
    },
}


def enabled(browser: Browser) -> set[str]:
    return {
        button.get_attribute("value")
        for button in browser.find('.gate button[name="action"]')
        if button.get_attribute("disabled") is None
    }


def reasons(browser: Browser) -> str:
    return " ".join(place.text for place in browser.find(".gate .refusals"))


def await_buttons(browser: Browser, actions: set[str], reason: str = "", seconds: float = 15) -> None:
    def fits() -> bool:
        try:
            told = reasons(browser)
            return enabled(browser) == actions and (reason in told if reason else told == "")
        except Exception:  # the region is being replaced
            return False

    eventually(fits, f"{actions} with {reason!r}, not {enabled(browser)} with {reasons(browser)!r}", seconds)


def look(browser: Browser, javascript: bool, url: str) -> None:
    """Without JavaScript the reader reloads the page; with it the page follows by itself."""
    if not javascript:
        browser.open(url)


@pytest.mark.parametrize("path", ["/", "/gates/home.front"])
@pytest.mark.parametrize("language, javascript", [("en", True), ("pt-BR", False)])
def test_buttons_follow_what_is_allowed(garage, path, language, javascript):
    words = REASONS[language]
    browser = Browser(javascript=javascript)
    device = GateDevice(garage, "front", state="open").start()
    url = f"{garage.url}{path}?lang={language}"
    try:
        garage.await_event("gate.opened")
        browser.open(url)
        await_buttons(browser, {"close", "stop"})
        for mode in ("locked", "maintenance"):
            garage.request("POST", "/api/v1/gates/home.front/mode", json={"mode": mode})
            look(browser, javascript, url)
            await_buttons(browser, {"stop"}, words[mode])
            assert garage.gate()["allowed_commands"] == ["stop"]
        described = browser.find('.gate button[value="close"]')[0].get_attribute("aria-describedby")
        assert words["maintenance"] in browser.driver.find_element(By.ID, described).text
        garage.request("POST", "/api/v1/gates/home.front/mode", json={"mode": "normal"})
        look(browser, javascript, url)
        await_buttons(browser, {"close", "stop"})
        device.client.publish(device.topic + "/obstruction", "obstructed")
        garage.await_event("gate.obstructed")
        look(browser, javascript, url)
        await_buttons(browser, {"stop"}, words["obstructed"])
        assert garage.gate()["allowed_commands"] == ["stop"]
        device.client.publish(device.topic + "/obstruction", "clear")
        garage.await_event("gate.obstruction-cleared")
        look(browser, javascript, url)
        await_buttons(browser, {"close", "stop"})
        device.stop()
        garage.await_event("device.disconnected")
        look(browser, javascript, url)
        await_buttons(browser, {"stop"}, words["offline"])
    finally:
        browser.close()
        device.stop()


def test_a_one_button_opener_is_asked_nothing_while_its_state_is_uncertain(make_garage, tmp_path, browser):
    file = tmp_path / "garage.yaml"
    file.write_text("gates:\n  front:\n    type: toggle\n    stale_seconds: 5\n")
    garage = make_garage("--config", str(file)).start()
    with Client(garage, "opener") as opener:
        opener.publish("garage/home/gate/front/obstruction", "clear")
        opener.publish("garage/home/gate/front/state", "stopped")
        garage.await_event("gate.stopped")
        browser.open(garage.url + "/?lang=en")
        await_buttons(browser, {"stop"}, REASONS["en"]["ambiguous"])
        opener.publish("garage/home/gate/front/state", "closed")
        await_buttons(browser, {"open", "stop"})
        tag = garage.request("GET", "/api/v1/gates/home.front").headers["ETag"]
        # Nothing happens any more: time alone makes the state stale.
        await_buttons(browser, {"stop"}, REASONS["en"]["stale"], seconds=40)
        again = garage.request("GET", "/api/v1/gates/home.front", headers={"If-None-Match": tag})
        assert again.status_code == 200 and again.json()["allowed_commands"] == ["stop"]


def test_a_gate_in_its_blackout_is_asked_nothing(make_garage, tmp_path, browser):
    file = tmp_path / "garage.yaml"
    file.write_text("gates:\n  front:\n    blackout_seconds: 5\n")
    garage = make_garage("--config", str(file)).start()
    device = GateDevice(garage, "front").start()
    try:
        garage.await_event("gate.closed")
        browser.open(garage.url + "/gates/home.front?lang=en")
        await_buttons(browser, {"stop"}, REASONS["en"]["reconnecting"])
        await_buttons(browser, {"open", "stop"}, seconds=40)
    finally:
        device.stop()


def test_a_gate_of_which_only_an_obstacle_is_known_is_not_closed(garage, browser):
    with Client(garage, "opener") as opener:
        opener.publish("garage/home/gate/front/obstruction", "obstructed")
        opener.publish("garage/home/gate/front/obstruction", "clear")
        garage.await_event("gate.obstruction-cleared")
        browser.open(garage.url + "/?lang=en")
        await_buttons(browser, {"open", "stop"}, REASONS["en"]["unknown"])


def test_whoever_has_no_right_is_told_so(make_garage, tmp_path):
    folder = tmp_path / "people"
    for name, role in [("ana", "admin"), ("caio", "viewer")]:
        made = run("users", "add", name, "--role", role, "--data", str(folder), stdin_text=PASSWORD + "\n")
        assert made.returncode == 0, made.stderr
    garage = make_garage()
    garage.data.mkdir()
    shutil.copy(folder / "access.json", garage.data / "access.json")
    garage.start()
    with Client(garage, "opener") as opener:
        opener.publish("garage/home/gate/front/state", "closed")

        def page(name: str, language: str) -> str:
            visitor = Visitor(garage)
            assert visitor.sign_in(name).status_code == 303
            eventually(lambda: 'data-key="home.front"' in visitor.get("/").text, "the gate")
            with visitor.get(f"/live?lang={language}", stream=True) as live:
                streamed = ""
                for line in live.iter_lines(decode_unicode=True):
                    streamed += line + "\n"
                    if 'name="attended:' in streamed:
                        break
            return visitor.get(f"/?lang={language}").text + streamed

        for language in ("en", "pt-BR"):
            seen = page("caio", language)
            # On the page and in its stream alike.
            assert seen.count(REASONS[language]["not-allowed"]) >= 2
            assert seen.count('value="stop"') == 2
            assert REASONS[language]["not-allowed"] not in page("ana", language)
