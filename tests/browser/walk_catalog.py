"""Run by the Python of the browser's driver: goes through the catalog as a newcomer does.

`walk_catalog.py CHROMIUM URL FOLDER`: from a question to a mart to a column, and to a definition.
Prints what was read there, and what the browser complained about, as JSON; FOLDER gets pictures.
"""

import json
import sys
from typing import Any

from playwright.sync_api import Page, sync_playwright

WIDTHS = (1280, 1680)  # a 13-inch screen, a desk


def walk(page: Page, url: str, pictures: str) -> dict[str, Any]:
    """Returns what the pages say on the way."""
    read: dict[str, Any] = {}
    page.goto(url)
    page.get_by_role("heading", name="campuslake").wait_for()
    read["title"] = page.title()
    read["icon"] = page.locator("link[rel='shortcut icon']").get_attribute("href")
    page.screenshot(path=f"{pictures}/overview.png")
    page.get_by_role("link", name="Q1: Who are the best students?").click()
    page.get_by_role("heading", name="Q1: best students").wait_for()
    read["query"] = page.locator("pre").first.inner_text()
    page.screenshot(path=f"{pictures}/question.png")
    page.locator("reference-list").get_by_text("students", exact=True).click()
    page.get_by_role("heading", name="students table").wait_for()
    read["details"] = details(page)
    page.screenshot(path=f"{pictures}/mart.png")
    rows = page.locator("tr.column-row")
    rows.filter(has_text="average_grade").first.click()
    opened = page.locator("td.column-expanded:visible")
    read["column"] = opened.inner_text()
    opened.scroll_into_view_if_needed()
    page.screenshot(path=f"{pictures}/column.png")
    rows.filter(has_text="average_grade").first.click()
    rows.first.focus()
    page.keyboard.press("Enter")
    read["column_by_key"] = opened.inner_text()
    page.get_by_role("link", name="grade rank").click()
    heading = page.locator("#grade-rank")
    heading.wait_for()
    page.wait_for_timeout(500)  # the page scrolls there by itself
    read["definition_top"] = heading.bounding_box()["y"]
    read["definition"] = heading.locator("xpath=following-sibling::p[1]").inner_text()
    page.screenshot(path=f"{pictures}/definition.png")
    return read


def details(page: Page) -> dict[str, str]:
    """Returns what stands under "Details" of the page of a mart, by its label."""
    pairs = page.locator("table-details dl.detail:visible")
    pairs.filter(has_text="published run").wait_for()
    texts = [text.partition("\n") for text in pairs.all_inner_texts()]
    return {label.strip().lower(): value.strip() for label, _, value in texts}


def main(chromium: str, url: str, pictures: str) -> None:
    """Walks at both widths."""
    told: dict[str, Any] = {"complaints": [], "requests": []}
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        for width in WIDTHS:
            page = browser.new_page(viewport={"width": width, "height": 800})
            page.on("console", lambda said: told["complaints"].append(f"{said.type}: {said.text}"))
            page.on("pageerror", lambda error: told["complaints"].append(str(error)))
            page.on("request", lambda request: told["requests"].append(request.url))
            told[str(width)] = walk(page, url, f"{pictures}/{width}")
            wide = "document.documentElement.scrollWidth"
            told[str(width)]["fits"] = page.evaluate(wide) <= width
        browser.close()
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main(**json.load(sys.stdin))
