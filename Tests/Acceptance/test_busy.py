"""More passwords than can be checked: who is turned away is told when to come again, and counted."""

import itertools
import json
import re
import threading
import urllib.parse

import pytest

from people import PASSWORD
from proxy import header
from test_http_limits import ask, metric, status
from test_proxy_protocol import TRUSTED, connection, sign_in
from waiting import eventually

PIN = "4711"
ADMIN = "203.0.113.9"
# More than may wait.
GUESSERS = 72


@pytest.fixture
def site(make_garage, tmp_path):
    """A service behind a balancer, so that guesses can come from many addresses; with one person and a gate."""
    file = tmp_path / "garage.yaml"
    file.write_text(f"http:\n  {TRUSTED}\n")
    garage = make_garage("--config", str(file)).start()
    added = garage.command("users", "add", "ana", "--role", "admin", stdin_text=PASSWORD + "\n")
    assert added.returncode == 0, added.stderr
    eventually(lambda: sign_in(garage, ADMIN, "ana")[0] == "303", "the person to be known")
    return garage


def post(garage, path: str, body: str, type: str, *headers: str, address: str = ADMIN) -> str:
    """The answer to what a page of the service's own posts."""
    with connection(garage, header(address)) as client:
        client.settimeout(60)
        client.sendall(
            "\r\n".join([
                f"POST {path} HTTP/1.1", "Host: localhost", "Origin: http://localhost", "Sec-Fetch-Site: same-origin",
                f"Content-Type: {type}", f"Content-Length: {len(body)}", "Connection: close", *headers, "", body,
            ]).encode()
        )
        return b"".join(iter(lambda: client.recv(65536), b"")).decode(errors="replace")


def retry_after(answer: str) -> str | None:
    found = re.search(r"(?i)\r\nretry-after: (\S+)\r\n", answer)
    return found and found.group(1)


def counted(garage, secret: str) -> float:
    return metric(garage, f'garage_http_checks_refused_total{{secret="{secret}"}}')


@pytest.fixture
def flood(site):
    """Guesses from many addresses, as many as wait to be checked and more, for as long as the test runs. Gives the
    answers that said to come again."""
    numbers, turned_away, over = itertools.count(), [], threading.Event()

    def guess() -> None:
        while not over.is_set():
            number = next(numbers)
            body = urllib.parse.urlencode({"name": f"nobody{number}", "password": "guess"})
            address = f"198.{18 + number // 65536}.{number // 256 % 256}.{number % 256}"
            try:
                answer = post(
                    site, "/login", body, "application/x-www-form-urlencoded", "Accept: text/html", address=address
                )
            except OSError:
                continue
            if status(answer) == "503":
                turned_away.append(answer)
                # Not to keep the machine from everything else.
                over.wait(0.2)

    def start() -> list[str]:
        for thread in threads:
            thread.start()
        return turned_away

    threads = [threading.Thread(target=guess, daemon=True) for _ in range(GUESSERS)]
    yield start
    # Each ends with its last answer, or with the service.
    over.set()


def test_who_is_not_checked_is_told_when_to_come_again(site, flood):
    cookie = f"Cookie: {sign_in(site, ADMIN, 'ana')[1]}"
    with connection(site, header(ADMIN)) as client:
        token = re.search(r'name="form_token" value="([^"]+)"', ask(client, "/account", cookie, "Accept: text/html"))
    body = urllib.parse.urlencode({"pin": PIN, "form_token": token.group(1)})
    form = "application/x-www-form-urlencoded"
    assert status(post(site, "/account/pin", body, form, cookie, "Accept: text/html")) == "200"

    def opened() -> str:
        command = json.dumps({"action": "open"})
        return post(
            site, "/api/v1/gates/home.front/commands", command, "application/json", cookie, f"Garage-PIN: {PIN}"
        )

    assert status(opened()) != "503" and counted(site, "pin") == counted(site, "password") == 0
    turned_away = flood()
    eventually(lambda: turned_away, "a sign-in to be turned away", 60)
    answer = eventually(lambda: status(answer := opened()) == "503" and answer, "a PIN to be turned away", 60)
    assert '"urn:garage:problem:busy"' in answer and PIN not in answer
    assert retry_after(answer) == retry_after(turned_away[0]) == "3"
    assert counted(site, "pin") >= 1 and counted(site, "password") >= len(turned_away) > 0
    # Whoever changes the password hears the same.
    fields = {"current": "guess", "password": PASSWORD, "repeated": PASSWORD, "form_token": token.group(1)}

    def changed() -> str:
        return post(site, "/account/password", urllib.parse.urlencode(fields), form, cookie, "Accept: text/html")

    answer = eventually(lambda: status(answer := changed()) == "503" and answer, "a change to be turned away", 60)
    assert retry_after(answer) == "3"
