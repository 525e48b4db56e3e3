"""People of a garage, and what their browsers do."""

import re

import requests

PASSWORD = "correct horse battery"


class Visitor:
    """A browser's HTTP session, as far as forms go."""

    def __init__(self, service):
        self.service = service
        self.http = requests.Session()
        self.http.headers["Accept"] = "text/html"

    def get(self, path: str, **options) -> requests.Response:
        return self.http.get(self.service.url + path, timeout=10, **options)

    def post(self, path: str, fields: dict, token: str | None = None, origin: str | None = None) -> requests.Response:
        data = dict(fields)
        if token is not None:
            data["form_token"] = token
        return self.http.post(
            self.service.url + path,
            data=data,
            headers={"Origin": origin or self.service.url},
            allow_redirects=False,
            timeout=10,
        )

    def sign_in(self, name: str, password: str = PASSWORD) -> requests.Response:
        return self.post("/login", {"name": name, "password": password})

    def token(self, path: str = "/account") -> str:
        page = self.get(path).text
        return re.search(r'name="form_token" value="([^"]+)"', page).group(1)


def staff(garage, name: str = "ana", topic: str = "garage/#") -> dict[str, dict[str, str]]:
    """An admin, an operator, a token and a device. Gives the cookies of both people."""
    code = re.search(r"/setup\?code=(\S+)", garage.log()).group(1)
    admin, operator = Visitor(garage), Visitor(garage)
    made = admin.post("/setup", {"code": code, "name": name, "password": PASSWORD, "repeated": PASSWORD})
    assert made.status_code == 303, made.text
    for path, fields in [
        ("/settings/people", {
            "name": "bia", "role": "operator", "password": PASSWORD, "gates": "home.front",
            "schedule": "mon-fri 07:00-19:00",
        }),
        ("/settings/tokens", {"name": "panel", "scope": "read", "days": "30"}),
        ("/settings/devices", {"name": "esp9", "topics": topic}),
        ("/account/pin", {"pin": "4711"}),
    ]:
        answer = admin.post(path, fields, token=admin.token())
        assert answer.status_code in (200, 303), f"{path}: {answer.text}"
    signed_in = operator.sign_in("bia")
    assert signed_in.status_code == 303, signed_in.text
    return {name: admin.http.cookies.get_dict(), "bia": operator.http.cookies.get_dict()}
