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

PAGES = {"dashboard": "/", "events": "/events"}
SIZES = {"": (1280, 800, 1), "-phone": (390, 844, 2)}


def main() -> None:
    minutes = float(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        garage = Garage(pathlib.Path(folder), "--demo").start()
        browser = Browser()
        try:
            # The demo's day has to pass for there to be something to see.
            time.sleep(minutes * 60)
            eventually(lambda: garage.get("/sensors")["sensors"], "the sensors of the demo")
            for page, path in PAGES.items():
                for scheme in ("light", "dark"):
                    for suffix, size in SIZES.items():
                        browser.size(*size)
                        browser.colours(scheme)
                        browser.open(garage.url + path)
                        browser.await_text("home" if page == "events" else "°C")
                        file = HERE / f"{page}-{scheme}{suffix}.png"
                        browser.screenshot(str(file))
                        print(file)
        finally:
            browser.close()
            garage.close()


if __name__ == "__main__":
    main()
