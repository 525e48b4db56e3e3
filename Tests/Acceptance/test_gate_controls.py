"""What people decide on a gate's page: its mode, and whether it may be closed when nobody sees it."""

import pytest

from device import Client, GateDevice
from selenium.webdriver.common.by import By
from waiting import eventually

from browser import Browser

UNSEEN_OFF = {"GARAGE_GATE_UNATTENDED_CLOSE": "off"}


@pytest.fixture
def gate(make_garage):
    garage = make_garage(environment=UNSEEN_OFF).start()
    device = GateDevice(garage, "front").start()
    eventually(lambda: garage.gate(), "the gate")
    yield garage
    device.stop()


@pytest.mark.parametrize("javascript", [True, False])
def test_a_gate_is_locked_and_unlocked_on_its_page(gate, javascript):
    browser = Browser(javascript=javascript)
    try:
        browser.open(gate.url + "/gates/home.front?lang=en")
        form = browser.driver.find_element(By.CSS_SELECTOR, 'form[action="/gates/home.front/mode"]')
        form.find_element(By.NAME, "reason").send_keys("holiday")
        form.find_element(By.CSS_SELECTOR, 'button[value="locked"]').click()
        changed = gate.await_event("gate.mode-changed")
        assert changed["data"] == {"mode": "locked", "reason": "holiday"}
        eventually(lambda: "Locked" in browser.driver.find_element(By.ID, "gate-mode").text, "the new mode")
        refused = gate.post_command("open")
        assert refused.status_code == 409 and "locked" in refused.text
        browser.driver.find_element(By.CSS_SELECTOR, 'button[value="normal"]').click()
        gate.await_event("gate.mode-changed", count=2)
        assert gate.post_command("open").status_code == 202
    finally:
        browser.close()


@pytest.mark.parametrize("language, word", [("en", "Allowed after a warning"), ("pt-BR", "Permitido depois de um aviso")])
def test_closing_unseen_is_enabled_on_the_page_and_warned(gate, language, word):
    browser = Browser(javascript=False)
    try:
        browser.open(gate.url + f"/gates/home.front?lang={language}")
        page = browser.driver.find_element(By.CSS_SELECTOR, ".controls")
        page.find_element(By.TAG_NAME, "summary").click()
        assert word in page.text
        page.find_element(By.CSS_SELECTOR, 'input[value="warn"]').click()
        page.find_element(By.CSS_SELECTOR, 'form[action$="/setting"] button').click()
        assert gate.await_event("gate.unattended-close-changed")["data"] == {"mode": "warn"}
        with Client(gate, "siren") as siren:
            siren.subscribe("garage/home/gate/front/warning")
            assert gate.post_command("open").status_code == 202
            gate.await_event("gate.opened")
            assert gate.post_command("close").status_code == 202
            eventually(lambda: siren.messages, "the warning")
            assert siren.messages[0].payload == b"5"
            eventually(lambda: gate.gate()["last_command"]["status"] == "warned", "the command's state")
            gate.await_event("gate.closed", seconds=20, count=2)
    finally:
        browser.close()


def test_the_setting_outlives_a_restart_and_the_api_tells_it(gate):
    answer = gate.request("POST", "/api/v1/gates/home.front/unattended-close/setting", json={"mode": "warn"})
    assert answer.status_code == 200 and answer.json()["changed"] is True
    again = gate.request("POST", "/api/v1/gates/home.front/unattended-close/setting", json={"mode": "warn"})
    assert again.json()["changed"] is False
    gate.restart()
    controls = gate.get("/gates/home.front/controls")
    assert controls["unattended_close"] == "warn" and controls["warning_seconds"] == 5
    wrong = gate.request("POST", "/api/v1/gates/home.front/unattended-close/setting", json={"mode": "always"})
    assert wrong.status_code == 422
