"""Pictures of the demo's pages. Run by deploy/screenshot; the argument says how many minutes the demo runs first."""

import pathlib
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1] / "Tests" / "Acceptance"))

from browser import Browser  # noqa: E402
from service import Garage  # noqa: E402
from waiting import eventually  # noqa: E402

DESKTOP = (1280, 800, 1)
PHONE = (390, 844, 2)

# File, page, a word that it must show, colours, size.
PICTURES = [
    ("dashboard-light.png", "/", "°C", "light", DESKTOP),
    ("dashboard-dark-phone.png", "/", "°C", "dark", PHONE),
    ("events-dark.png", "/events", "front", "dark", DESKTOP),
    ("events-light-phone.png", "/events", "front", "light", PHONE),
]


def main() -> None:
    minutes = float(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        garage = Garage(pathlib.Path(folder), "--demo").start()
        browser = Browser()
        try:
            # The demo's day has to pass for there to be something to see.
            time.sleep(minutes * 60)
            # Commands beside the movements of the demo, so that the pictures show who asked.
            eventually(lambda: garage.post_command("open").status_code == 202, "an accepted command", 120, 1)
            garage.await_event("gate.command-completed", 60)
            garage.command("gate", "close", "front", "--no-wait")
            for name, path, word, scheme, size in PICTURES:
                browser.size(*size)
                browser.colours(scheme)
                browser.open(garage.url + path)
                browser.await_text(word)
                browser.screenshot(str(HERE / name))
                print(HERE / name)
        finally:
            browser.close()
            garage.close()


if __name__ == "__main__":
    main()
