"""The panel as somebody at a browser uses it: what is written on a page, and what is clicked."""

import base64
import re
from dataclasses import dataclass
from pathlib import Path

from selenium.common.exceptions import TimeoutException
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support import expected_conditions
from selenium.webdriver.support.select import Select
from selenium.webdriver.support.wait import WebDriverWait

SECONDS = 20


@dataclass
class Panel:
    """One browser, looking at one installation."""

    browser: Chrome
    base: str
    pictures: Path | None
    """A directory for pictures, where somebody wants to look at them."""

    def open(self, path: str = "") -> None:
        """Type an address."""
        self.browser.get(self.base + path)

    def log_in(self, password: str, user: str = "admin") -> None:
        """Open the panel and log in, right or wrong."""
        self.open()
        self.fill("username", user)
        self.fill("password", password)
        self.click("button[type=submit]")

    def log_out(self) -> None:
        """Log out by the user's menu."""
        self._find(By.CSS_SELECTOR, "#user-button[aria-expanded]").click()  # only now the script listens
        self.click("#logout-form button")

    def fill(self, name: str, text: str) -> None:
        """Type a text into a field."""
        field = self._find(By.NAME, name)
        field.clear()
        field.send_keys(text)

    def paste(self, name: str, text: str) -> None:
        """Put a long text into a field at once."""
        self.browser.execute_script("arguments[0].value = arguments[1]", self._find(By.NAME, name), text)

    def send(self, form: str, **values: str | bool | Path) -> None:
        """Fill in the form of this name and send it, as a person does: each value by the name of its field.

        A path is a file that is chosen, True a box that is ticked.
        """
        place = self._find(By.XPATH, f"//form[.//input[@name='do' and @value='{form}']]//button[@type='submit']")
        place = place.find_element(By.XPATH, "./ancestor::form")
        for name, value in values.items():
            self._enter(place.find_element(By.CSS_SELECTOR, f"[name='{name}'], [name$='-{name}']"), value)
        button = place.find_element(By.CSS_SELECTOR, "button[type=submit]")
        self.browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", button)
        self._click(button)

    def drop(self, form: str, file: Path) -> None:
        """Drop a file on the place for it in the form of this name."""
        place = self._find(By.XPATH, f"//form[.//input[@name='do' and @value='{form}']]//*[@data-drop]")
        self.browser.execute_script(
            "const data = new DataTransfer();"
            "data.items.add(new File([Uint8Array.from(atob(arguments[1]), c => c.charCodeAt(0))], arguments[2]));"
            "for (const kind of ['dragover', 'drop'])"
            " arguments[0].dispatchEvent(new DragEvent(kind, {dataTransfer: data, bubbles: true, cancelable: true}));",
            place,
            base64.b64encode(file.read_bytes()).decode(),
            file.name,
        )

    def agree(self) -> None:
        """Say yes on the page that asks whether somebody is sure."""
        self.click("input[name=seon_sure] ~ .s-buttons button[type=submit], form:has(input[name=seon_sure]) button")

    def eventually(self, pattern: str, seconds: float = SECONDS) -> None:
        """Wait until the page shows something without being loaded again."""
        WebDriverWait(self.browser, seconds, 0.1).until(
            lambda _: re.search(pattern, self.text), f"{pattern!r} is not seen in:\n{self.text}"
        )

    def _enter(self, field: WebElement, value: str | bool | Path) -> None:
        if isinstance(value, bool):
            if field.is_selected() != value:
                field.click()
        elif isinstance(value, Path):
            field.send_keys(str(value))
        elif field.tag_name == "select":
            Select(field).select_by_value(value)
        elif str(field.get_attribute("type")).startswith("datetime"):  # what is typed depends on the browser's language
            self.browser.execute_script("arguments[0].value = arguments[1]", field, value)
        else:
            self.browser.execute_script("arguments[0].value = ''", field)
            field.send_keys(value)

    def click(self, selector: str) -> None:
        """Click, and wait for the page that follows if the old one goes away."""
        self._click(self._find(By.CSS_SELECTOR, selector))

    def follow(self, text: str) -> None:
        """Click a link of this text and wait for its page."""
        self._click(self._find(By.PARTIAL_LINK_TEXT, text))

    def go(self, title: str) -> None:
        """Click on a page in the side bar."""
        self._click(self._find(By.XPATH, f"//*[@id='nav-sidebar-apps']//a[*[@class='s-name'][.='{title}']]"))

    def add_row(self, text: str) -> None:
        """Click "Add another ..." below a table of a form: the page stays."""
        self._find(By.XPATH, f"//a[contains(., '{text}')]").click()

    @property
    def path(self) -> str:
        """Where we are."""
        return self.browser.current_url.removeprefix(self.base).partition("?")[0]

    @property
    def title(self) -> str:
        """What the browser's tab says."""
        return self.browser.title

    @property
    def text(self) -> str:
        """What the page says."""
        return self._find(By.TAG_NAME, "body").text

    @property
    def rows(self) -> list[str]:
        """The rows of the page's list."""
        return [row.text for row in self.browser.find_elements(By.CSS_SELECTOR, "table tbody tr")]

    @property
    def menu(self) -> dict[str, str]:
        """The side bar: title and address."""
        links = self.browser.find_elements(By.CSS_SELECTOR, "#nav-sidebar-apps ol a")
        names = (link.find_element(By.CSS_SELECTOR, ".s-name").get_property("textContent") for link in links)
        return {str(name).strip(): str(link.get_property("href")) for name, link in zip(names, links, strict=True)}

    def complaints(self) -> list[str]:
        """What the browser's console said since the last question: a policy broken, a file missing, a script failed."""
        return [entry["message"] for entry in self.browser.get_log("browser")]  # type: ignore[no-untyped-call]

    def take_picture(self, name: str) -> None:
        """Keep what is to be seen, for people."""
        if self.pictures:
            self.browser.save_screenshot(str(self.pictures / f"{name}.png"))

    def _find(self, by: str, what: str) -> WebElement:
        condition = expected_conditions.element_to_be_clickable((by, what))
        try:
            element = WebDriverWait(self.browser, SECONDS).until(condition)
        except TimeoutException:
            body = self.browser.find_element(By.TAG_NAME, "body").text
            raise AssertionError(f"{what!r} is not on the page {self.path!r}:\n{body}") from None
        # As a person does: the bar with the buttons lies over the end of a long form.
        self.browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
        return element

    def _click(self, element: WebElement) -> None:
        page = self.browser.find_element(By.TAG_NAME, "html")
        element.click()
        WebDriverWait(self.browser, SECONDS).until(expected_conditions.staleness_of(page))
        WebDriverWait(self.browser, SECONDS).until(lambda browser: browser.execute_script(
            "return document.readyState") == "complete")  # fmt: skip
