"""Command positions that the owner names in garage.yaml, and retained commands in an older store."""

import json

import pytest

import mosquitto
from device import Client
from service import run
from waiting import eventually

RULE = """
devices:
  command_topics: [shop/+/relay]
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "garage.yaml"
    path.write_text(RULE)
    return path


def test_a_retained_message_on_a_named_topic_is_refused(make_garage, file):
    garage = make_garage("--config", str(file)).start()
    with Client(garage, "relay") as relay:
        relay.subscribe("shop/a/relay")
        mosquitto.publish(garage, "shop/a/relay", "PULSE", "-r", "-q", "1")
        assert "shop/a/relay" in garage.await_event("access.denied")["data"]["attempt"]
        mosquitto.publish(garage, "shop/a/relay", "NOW", "-q", "1")
        eventually(lambda: relay.messages, "the command that is not retained")
        assert [message.payload for message in relay.messages] == [b"NOW"]
    with Client(garage, "later") as later:
        later.subscribe("shop/#")
        mosquitto.publish(garage, "shop/end", "1", "-q", "1")
        eventually(lambda: later.messages, "the last message")
        assert [message.topic for message in later.messages] == ["shop/end"]


def test_retained_commands_of_an_older_store_are_gone_at_the_start(make_garage, file, tmp_path):
    garage = make_garage("--config", str(tmp_path / "plain.yaml"))
    (tmp_path / "plain.yaml").write_text("log:\n  level: info\n")
    garage.start()
    mosquitto.publish(garage, "shop/a/relay", "PULSE", "-r", "-q", "1")
    mosquitto.publish(garage, "shop/a/state", "ON", "-r", "-q", "1")
    assert garage.stop() == 0
    # From now on the topic is known to move something.
    (tmp_path / "plain.yaml").write_text(RULE)
    garage.start()
    denied = garage.await_event("access.denied")
    assert "shop/a/relay" in denied["data"]["attempt"] and denied["actor"] == "garage"
    with Client(garage, "later") as later:
        later.subscribe("shop/#")
        eventually(lambda: later.messages, "the retained state")
        mosquitto.publish(garage, "shop/end", "1", "-q", "1")
        eventually(lambda: len(later.messages) == 2, "the last message")
        assert [message.topic for message in later.messages] == ["shop/a/state", "shop/end"]
    garage.restart()
    assert len(garage.events(type="access.denied")) == 1


def test_a_wrong_filter_is_named(tmp_path):
    file = tmp_path / "wrong.yaml"
    file.write_text("devices:\n  command_topics: ['shop/#/relay']\n")
    answer = run("serve", "--config", str(file), "--data", str(tmp_path / "d"), "--mqtt", "127.0.0.1:0")
    assert answer.returncode == 2 and "shop/#/relay" in answer.stderr


def test_explain_knows_the_rules_that_were_made_on_the_page(garage):
    form = {"topic": "oficina/{lugar}/t", "property": "temperature", "name": "{lugar}", "scale": "0.1"}
    assert garage.request("POST", "/devices/mappings", data=form, allow_redirects=False).status_code == 303
    question = ("devices", "explain", "oficina/a/t", "234")
    running = garage.command(*question)
    assert garage.stop() == 0
    stopped = garage.command(*question)
    for answer in (running, stopped):
        assert answer.returncode == 0, answer.stderr
        assert "rule oficina-lugar-t" in answer.stdout and "23.4" in answer.stdout


def test_a_device_behind_a_bridge_goes_with_it_and_by_its_own_word(garage):
    def config(name: str) -> str:
        return json.dumps(
            {
                "availability": [
                    {"topic": "zigbee2mqtt/bridge/state", "value_template": "{{ value_json.state }}"},
                    {"topic": f"zigbee2mqtt/{name}/availability", "value_template": "{{ value_json.state }}"},
                ],
                "availability_mode": "all", "device_class": "garage", "command_topic": f"zigbee2mqtt/{name}/set",
                "state_topic": f"zigbee2mqtt/{name}", "value_template": "{{ value_json.state }}",
                "state_open": "OPEN", "state_closed": "CLOSE",
                "device": {"identifiers": [name], "name": name, "via_device": "zigbee2mqtt_bridge"},
            }
        )

    def online(name: str) -> bool:
        state = (garage.one("devices", f"home.{name}") or {}).get("state")
        return {"online": True, "offline": False}.get(state)

    with Client(garage, "z2m") as bridge:
        bridge.publish("zigbee2mqtt/bridge/state", '{"state":"online"}', retain=True)
        for name in ("portao", "lateral"):
            bridge.publish(f"homeassistant/cover/{name}/cover/config", config(name), retain=True)
            bridge.publish(f"zigbee2mqtt/{name}/availability", '{"state":"online"}', retain=True)
            bridge.publish(f"zigbee2mqtt/{name}", '{"state":"CLOSE"}', qos=1)
        eventually(lambda: online("portao") and online("lateral"), "both devices")
        bridge.publish("zigbee2mqtt/portao/availability", '{"state":"offline"}', retain=True)
        eventually(lambda: online("portao") is False, "the device by its own word")
        assert online("lateral") is True
        refused = garage.post_command("open", gate="home.portao")
        assert refused.status_code == 409 and "offline" in refused.text
        bridge.publish("zigbee2mqtt/bridge/state", '{"state":"offline"}', retain=True)
        eventually(lambda: online("lateral") is False, "the device that goes with its bridge")
        bridge.publish("zigbee2mqtt/bridge/state", '{"state":"online"}', retain=True)
        eventually(lambda: online("lateral") is True, "the device that comes back with it")
        assert online("portao") is False
