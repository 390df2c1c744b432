"""Run by the Python of the browser's driver: opens dashboards in headless Chromium and looks.

On standard input as JSON: `chromium`, `url`, `user`, `password`, `slugs`; perhaps `width` and
`height`, `pictures` (a folder) and their number of `colours`, `choose` (column -> value). Prints
JSON by slug: `title`, `seconds` until every chart was there, `charts` (title -> its text),
`numbers` (title -> the one number that it shows), `empty` (titles of charts without data),
`errors`, and of each answer whether it was `cached`.
"""

import json
import sys
import time
from pathlib import Path

from PIL import Image, ImageChops
from playwright.sync_api import Browser, Page, sync_playwright

CHART = ".dashboard-chart-id-container, [data-test='chart-grid-component']"
LOADING = "[data-test='loading-indicator'], .loading"
ERRORS = "[data-test='alert-error'], .ant-alert-error, .error-message"
DRAWN = ".slice_container :is(canvas, svg, table, .header-line), .ant-empty, .ant-alert-error"
EMPTY = "[data-test='empty-state'], .ant-empty"
WAIT = 60_000
DONE = """
([chart, loading, drawn]) => {
    const charts = [...document.querySelectorAll(chart)];
    return charts.length > 0
        && document.querySelectorAll(loading).length === 0
        && charts.every(one => one.querySelector(drawn));
}
"""
SEEN = """
([chart, empty]) => [...document.querySelectorAll(chart)].map(one => ({
    title: one.querySelector("[data-test='editable-title'], .header-title").innerText.trim(),
    text: one.innerText.trim(),
    number: one.querySelector('.header-line')?.innerText.trim(),
    isEmpty: one.querySelector(empty) !== null,
}))
"""


def log_in(page: Page, task: dict) -> None:
    """Logs in by the page that everybody uses."""
    page.goto(f"{task['url']}/login/")
    page.fill("#username", task["user"])
    page.fill("#password", task["password"])
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/login" not in url, timeout=WAIT)


def look(page: Page, task: dict, slug: str) -> dict:
    """Opens one dashboard and returns what is to be seen."""
    answers = []

    def hear(response) -> None:
        if "/api/v1/chart/data" in response.url:  # the options of filters come by it too
            answers.append(response)

    page.on("response", hear)
    begun = time.monotonic()
    page.goto(f"{task['url']}/superset/dashboard/{slug}/")
    wait(page)
    seconds = time.monotonic() - begun
    for column, value in task.get("choose", {}).items():
        choose(page, column, value)
    charts = page.evaluate(SEEN, [CHART, EMPTY])
    seen = {
        "title": page.title(),
        "seconds": round(seconds, 2),
        "charts": {chart["title"]: chart["text"] for chart in charts},
        "numbers": {chart["title"]: chart["number"] for chart in charts if chart.get("number")},
        "empty": [chart["title"] for chart in charts if chart["isEmpty"]],
        "errors": page.locator(ERRORS).all_inner_texts(),
        "fits": page.evaluate("document.documentElement.scrollWidth")
        <= page.viewport_size["width"],
        "cached": [bool(one["is_cached"]) for a in answers if a.ok for one in a.json()["result"]],
    }
    page.remove_listener("response", hear)
    if folder := task.get("pictures"):
        page.wait_for_timeout(1500)  # bars grow
        picture = Path(folder) / f"{slug}.png"
        page.screenshot(path=picture)
        if colours := task.get("colours"):
            page_only = without_what_is_below(Image.open(picture).convert("RGB"))
            page_only.quantize(colours).save(picture, optimize=True)
    return seen


def without_what_is_below(picture: Image.Image, margin: int = 16) -> Image.Image:
    """Returns a picture without the empty ground below the last chart."""
    ground = Image.new("RGB", picture.size, picture.getpixel((0, picture.height - 1)))
    box = ImageChops.difference(picture, ground).getbbox()
    below = box[3] + margin if box else picture.height
    return picture.crop((0, 0, picture.width, min(picture.height, below)))


def wait(page: Page) -> None:
    """Waits until every chart is drawn."""
    page.wait_for_function(DONE, arg=[CHART, LOADING, DRAWN], timeout=WAIT)
    page.wait_for_timeout(500)  # what is drawn settles: charts move in
    page.wait_for_function(DONE, arg=[CHART, LOADING, DRAWN], timeout=WAIT)


def choose(page: Page, column: str, value: str) -> None:
    """Chooses a value of the filter of a column."""
    page.locator(f"[data-test='NATIVE_FILTER-{column}']").click()
    page.locator(".ant-select-item-option").filter(has_text=value).first.click()
    page.keyboard.press("Escape")
    page.locator("[data-test='filter-bar__apply-button']").click()
    page.wait_for_timeout(500)  # until the charts begin to load
    wait(page)


def main(browser: Browser, task: dict) -> dict:
    """Logs in and looks at each dashboard."""
    size = {"width": task.get("width", 1280), "height": task.get("height", 2600)}
    page = browser.new_page(viewport=size, locale="fr-FR", timezone_id="Europe/Paris")
    log_in(page, task)
    return {slug: look(page, task, slug) for slug in task["slugs"]}


if __name__ == "__main__":
    task = json.load(sys.stdin)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=task["chromium"], args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        json.dump(main(browser, task), sys.stdout)
        browser.close()
