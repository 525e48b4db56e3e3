"""The documents of the interfaces, held against the running service."""

import os
import subprocess
import sys

import jsonschema
import pytest
import requests

from device import Client
from waiting import eventually

DIALECT = "https://json-schema.org/draft/2020-12/schema"
EXAMPLES = {"kind": "gate", "position": "1", "command": "c1", "mapping": "porch"}
THINGS = {"alerts": "1", "gates": "home.front", "streams": "home.front", "spots": "A1", "sensors": "dht1", "devices": "esp1"}


#: Without a contact there is no security.txt.
CONTACT = {"GARAGE_HTTP_SECURITY_CONTACTS": "mailto:safety@example.org"}


def fill(garage) -> None:
    with Client(garage, "esp1") as device:
        device.publish("garage/home/gate/front/state", "closed")
        device.publish("garage/home/spot/A1/state", "occupied")
        device.publish("garage/home/spot/A1/state", "free")
        device.publish("garage/home/sensor/dht1", '{"temperature":21.5,"humidity":47}')
        device.publish("garage/home/sensor/dht1/humidity", "nan")
        garage.await_event("sensor.fault-detected")
        answer = garage.post_command("stop", id="c1")
        assert answer.status_code in (202, 409), answer.text
    # What was recorded last is in the views last.
    eventually(lambda: garage.request("GET", "/api/v1/gates/home.front/commands/c1").status_code == 200, "the command")
    eventually(lambda: garage.request("GET", "/readyz").status_code == 200, "readiness")


class Document:
    """openapi.json as the service serves it."""

    def __init__(self, garage):
        self.garage = garage
        self.text = garage.request("GET", "/openapi.json").json()

    def resolve(self, node: dict) -> dict:
        while "$ref" in node:
            target = self.text
            for part in node["$ref"].removeprefix("#/").split("/"):
                target = target[part]
            node = target
        return node

    def operations(self, method: str):
        for path, item in self.text["paths"].items():
            if method in item:
                yield path, item[method]

    def example(self, path: str) -> str:
        thing = next((name for part, name in THINGS.items() if f"/{part}/" in path), "")
        return path.format_map({**EXAMPLES, "id": thing})

    def check(self, value, schema: dict) -> None:
        whole = {**schema, "$schema": DIALECT, "components": self.text["components"]}
        jsonschema.Draft202012Validator(whole).validate(value)

    def check_answer(self, operation: dict, answer: requests.Response) -> None:
        listed = operation["responses"].get(str(answer.status_code))
        assert listed, f"{answer.request.method} {answer.url} gave {answer.status_code}: {answer.text[:300]}"
        content = self.resolve(listed).get("content", {})
        type = answer.headers.get("Content-Type", "").split(";")[0]
        if not content:
            assert not answer.content
        else:
            assert type in content, f"{answer.url} is {type}, documented are {list(content)}"
            if type.endswith("json"):
                self.check(answer.json(), content[type]["schema"])


def test_every_answer_is_as_the_document_says(make_garage):
    garage = make_garage(environment=CONTACT).start()
    fill(garage)
    document = Document(garage)
    for path, operation in document.operations("get"):
        # A garage in order has no alert; their form is checked where alerts are raised.
        if path.endswith("/stream") or path == "/api/v1/alerts/{id}":
            continue
        listed = [document.resolve(node) for node in operation.get("parameters", [])]
        needed = {node["name"]: node["example"] for node in listed if node["in"] == "query" and node.get("required")}
        plain = garage.request("GET", document.example(path), params=needed)
        assert plain.status_code == 200, f"{path}: {plain.text}"
        document.check_answer(operation, plain)
        parameters = [document.resolve(node) for node in operation.get("parameters", [])]
        query = {node["name"]: node["example"] for node in parameters if node["in"] == "query" and "example" in node}
        if query:
            document.check_answer(operation, garage.request("GET", document.example(path), params=query))
        if path.startswith("/api/"):
            document.check_answer(operation, garage.request("GET", document.example(path) + "?no_such_parameter=1"))
        if "{" in path and "{kind}" not in path and "{position}" not in path:
            document.check_answer(operation, garage.request("GET", path.format_map({"id": "home.none", "command": "x"})))
        tag = plain.headers.get("ETag")
        if tag and "304" in operation["responses"]:
            answers = []

            def unchanged() -> bool:
                # A late event, of a client that has gone for example, may come between the two.
                tag = garage.request("GET", document.example(path), params=needed).headers["ETag"]
                known = {"If-None-Match": tag}
                answers.append(garage.request("GET", document.example(path), params=needed, headers=known))
                document.check_answer(operation, answers[-1])
                return answers[-1].status_code == 304

            eventually(unchanged, f"304 for {path}")


def test_the_examples_of_requests_work(garage):
    fill(garage)
    document = Document(garage)
    for path, operation in document.operations("post"):
        # Webhooks are off until they have a secret, and take anything that their networks may add: see below.
        if "requestBody" not in operation or path.startswith("/api/v1/ingest/"):
            continue
        body = operation["requestBody"]["content"]["application/json"]
        document.check(body["example"], body["schema"])
        answer = garage.request("POST", document.example(path), json=body["example"])
        assert answer.status_code in (200, 201, 202, 409), answer.text
        document.check_answer(operation, answer)
        for wrong, status in [
            ({"json": {}}, 422),
            ({"json": {**body["example"], "no_such_member": 1}}, 422),
            ({"data": "{", "headers": {"Content-Type": "application/json"}}, 400),
            ({"data": "x", "headers": {"Content-Type": "text/plain"}}, 415),
            ({"data": b"x" * 20_000, "headers": {"Content-Type": "application/json"}}, 413),
        ]:
            refused = garage.request("POST", document.example(path), **wrong)
            assert refused.status_code == status, f"{path} {wrong.keys()}: {refused.status_code} {refused.text}"
            document.check_answer(operation, refused)
        pointers = garage.request("POST", document.example(path), json={"no/such~member": 1}).json()["errors"]
        assert "/no~1such~0member" in [error.get("pointer") for error in pointers]


def test_the_examples_of_webhooks_work(make_garage):
    secret = "0123456789abcdef"
    names = ("GARAGE_WEBHOOKS_TTN_SECRET", "GARAGE_WEBHOOKS_CHIRPSTACK_SECRET")
    garage = make_garage(environment=dict.fromkeys(names, secret)).start()
    document = Document(garage)
    webhooks = [(path, item) for path, item in document.operations("post") if path.startswith("/api/v1/ingest/")]
    assert len(webhooks) == 2
    for path, operation in webhooks:
        example = operation["requestBody"]["content"]["application/json"]["example"]
        for headers, status in (({"Authorization": f"Bearer {secret}"}, 202), ({}, 401)):
            answer = garage.request("POST", path, json=example, headers=headers)
            assert answer.status_code == status, answer.text
            document.check_answer(operation, answer)
    # What an answer says is stored comes to the list a moment later.
    wanted = {"spot.occupied", "spot.freed"}
    eventually(lambda: {event["type"] for event in garage.events(kind="spot")} == wanted, "both states")


def test_a_method_that_is_not_documented_is_not_allowed(make_garage):
    garage = make_garage(environment=CONTACT).start()
    document = Document(garage)
    for path, item in document.text["paths"].items():
        allowed = {method.upper() for method in item} | ({"HEAD"} if "get" in item else set()) | {"OPTIONS"}
        for method in {"DELETE", "PUT", "PATCH"} - allowed:
            answer = garage.request(method, document.example(path))
            assert answer.status_code == 405, f"{method} {path}"
            assert set(answer.headers["Allow"].split(", ")) == allowed
        answer = garage.request("OPTIONS", document.example(path))
        assert answer.status_code == 204
        assert set(answer.headers["Allow"].split(", ")) == allowed


def test_pages_and_lists_are_small_on_the_wire(garage):
    fill(garage)
    for path in ("/", "/events", "/sensors/home.dht1", "/gates/home.front", "/spots"):
        page = garage.request("GET", path, stream=True, headers={"Accept-Encoding": "gzip"})
        assert page.headers["Content-Encoding"] == "gzip", path
        size = len(page.raw.read(decode_content=False))
        parts = {"/favicon.ico"}
        text = requests.get(garage.url + path, timeout=10).text
        for part in text.split('"'):
            if part.startswith("/static/") and not part.count("#"):
                parts.add(part)
        for part in parts:
            asset = garage.request("GET", part, stream=True, headers={"Accept-Encoding": "gzip"})
            size += len(asset.raw.read(decode_content=False))
        assert size < 60_000, f"{path} takes {size} bytes with all its parts"


def test_a_foreign_name_is_refused(garage):
    answer = garage.request("GET", "/", headers={"Host": "evil.example"})
    assert answer.status_code == 421
    assert "Access-Control-Allow-Origin" not in garage.request(
        "GET", "/api/v1/events", headers={"Origin": "https://evil.example"}
    ).headers


def test_names_and_origins_can_be_allowed(make_garage):
    garage = make_garage(
        environment={"GARAGE_HTTP_ALLOWED_HOSTS": "garage.lan", "GARAGE_HTTP_ALLOWED_ORIGINS": "https://panel.example"}
    ).start()
    assert garage.request("GET", "/", headers={"Host": "garage.lan:8080"}).status_code == 200
    answer = garage.request("GET", "/api/v1/events", headers={"Origin": "https://panel.example"})
    assert answer.headers["Access-Control-Allow-Origin"] == "https://panel.example"


def test_a_long_request_target_is_refused(garage):
    assert garage.request("GET", "/api/v1/events?q=" + "x" * 9000).status_code == 414


@pytest.mark.skipif(not os.environ.get("GARAGE_LONG"), reason="long: set GARAGE_LONG=1")
def test_generated_requests_find_no_surprise(make_garage, tmp_path):
    """schemathesis makes requests from the document, right and wrong ones, and holds every answer against it."""
    garage = make_garage(environment=CONTACT).start()
    fill(garage)
    report = subprocess.run(
        [
            sys.executable, "-m", "schemathesis.cli", "run", garage.url + "/openapi.json",
            "--exclude-path", "/api/v1/events/stream", "--max-examples", "60", "--seed", "1", "--workers", "1",
            # What parameters have to do with each other, and which things exist, no schema can say.
            "--request-timeout", "10", "--exclude-checks", "positive_data_acceptance",
        ],
        capture_output=True, text=True, timeout=1500, cwd=tmp_path,
    )
    assert report.returncode == 0, report.stdout[-20_000:] + report.stderr[-2000:]
