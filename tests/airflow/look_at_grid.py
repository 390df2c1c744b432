"""Run by the Python of the browser's driver: looks at the grid of a DAG in headless Chromium.

Given as JSON on standard input: chromium, url, password, dag, run, picture. Prints the colour of
each task's cell as JSON, and keeps a picture of the page.
"""

import json
import sys

from playwright.sync_api import Page, sync_playwright

# As red, green and blue, whatever colour space the page is written in.
COLOURS = """
cells => {
    const brush = document.createElement('canvas').getContext('2d');
    return Object.fromEntries(cells.map(cell => {
        const badge = cell.querySelector('[data-testid="task-state-badge"]');
        brush.fillStyle = getComputedStyle(badge).backgroundColor;
        brush.fillRect(0, 0, 1, 1);
        return [cell.dataset.testid, [...brush.getImageData(0, 0, 1, 1).data].slice(0, 3)];
    }));
}
"""


def look(
    page: Page, url: str, password: str, dag: str, run: str, picture: str
) -> dict[str, list[int]]:
    """Returns the colour of each task's cell."""
    page.goto(f"{url}/dags/{dag}")
    page.fill("input[name=username]", "admin")
    page.fill("input[name=password]", password)
    page.keyboard.press("Enter")
    cells = page.locator(f'[data-testid^="grid-{run}-"]')
    cells.first.wait_for(timeout=30_000)
    page.wait_for_load_state("networkidle")
    page.screenshot(path=picture)
    found = cells.evaluate_all(COLOURS)
    return {name.removeprefix(f"grid-{run}-"): colour for name, colour in found.items()}


if __name__ == "__main__":
    task = json.load(sys.stdin)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=task.pop("chromium"), args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        page = browser.new_page(viewport={"width": 1400, "height": 900})
        json.dump(look(page, **task), sys.stdout)
        browser.close()
