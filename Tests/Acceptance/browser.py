"""Headless Chromium through WebDriver."""

import shutil
import tempfile

from selenium import webdriver
from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By

from waiting import eventually


class Browser:
    """A window of 1280 × 900 unless told otherwise."""

    def __init__(self, javascript: bool = True, dark: bool = False, width: int = 1280, height: int = 900):
        self._profile = tempfile.mkdtemp(prefix="garage-browser-")
        options = Options()
        options.binary_location = shutil.which("chromium") or "chromium"
        for argument in (
            "--headless=new",
            "--no-sandbox",
            "--disable-dev-shm-usage",
            "--disable-gpu",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--mute-audio",
            "--hide-scrollbars",
            "--lang=en",
            f"--user-data-dir={self._profile}",
            f"--window-size={width},{height}",
            *(["--force-dark-mode"] if dark else []),
        ):
            options.add_argument(argument)
        preferences: dict = {"intl.accept_languages": "en"}
        if not javascript:
            preferences["profile.managed_default_content_settings.javascript"] = 2
        options.add_experimental_option("prefs", preferences)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
        self.driver.set_page_load_timeout(30)
        self.size(width, height)
        self.colours("dark" if dark else "light")

    def reset(self) -> None:
        self.driver.get("about:blank")
        self.driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
        self.size(1280, 900)
        self.console()

    def size(self, width: int, height: int, scale: float = 1) -> None:
        """The size of the page in CSS pixels, whatever the window's frame."""
        self.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": width < 600},
        )

    def colours(self, scheme: str) -> None:
        """`light` or `dark`, as the system of the reader would say."""
        self.driver.execute_cdp_cmd(
            "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
        )

    def open(self, url: str) -> "Browser":
        self.driver.get(url)
        return self

    def text(self) -> str:
        """What a reader sees: nothing while one page takes the place of another."""
        try:
            return self.driver.find_element(By.TAG_NAME, "body").text
        except (NoSuchElementException, StaleElementReferenceException):
            return ""

    def shows(self, text: str) -> bool:
        """Whether a reader sees this text, in capitals or not: sentences begin with a capital."""
        return text.lower() in self.text().lower()

    def await_text(self, text: str, seconds: float = 10) -> None:
        try:
            eventually(lambda: self.shows(text), f"{text!r} on the page", seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}\nThe page shows:\n{self.text()}") from None

    def find(self, selector: str) -> list:
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def console(self) -> list[str]:
        """Errors, broken requests and policy violations since the last call."""
        return [
            f"{entry['source']}: {entry['message']}"
            for entry in self.driver.get_log("browser")
            if entry["level"] in ("SEVERE", "WARNING")
        ]

    def screenshot(self, file: str) -> None:
        self.driver.save_screenshot(file)

    def close(self) -> None:
        self.driver.quit()
        shutil.rmtree(self._profile, ignore_errors=True)
