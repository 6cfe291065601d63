"""Looks at pages of scripts/run-page.py in a headless browser: at 400 and 1400 pixels, light and dark, and on paper the
console has nothing to say, nothing is fetched, nothing is wider than the page, no labels of a chart lie on each other.

    look.py PAGE.html ...
    look.py --picture PICTURE.png PAGE.html     the upper part of the page, for docs/
"""
import os
import sys

from browser import Browser

SCREENS = [(400, "screen", False), (400, "screen", True), (1400, "screen", False), (1400, "screen", True),
           (794, "print", False)]  # 794: A4
TOO_WIDE = """
[...document.querySelectorAll("body *")]
    .filter(e => e.getBoundingClientRect().right > innerWidth + 1 && (MEDIA == "print" || !e.closest(".wide")))
    .map(e => e.tagName + " " + e.textContent.slice(0, 60))"""
# Of each chart, texts that lie on each other or leave it.
LABELS = """
[...document.querySelectorAll("figure svg")].flatMap(svg => {
    const edge = svg.getBoundingClientRect(), found = [];
    const texts = [...svg.querySelectorAll("text")].map(t => [t.textContent, t.getBoundingClientRect()]);
    texts.forEach(([text, box], i) => {
        if (box.left < edge.left - 1 || box.right > edge.right + 1) found.push(text + " leaves the chart");
        for (const [other, at] of texts.slice(i + 1))
            if (box.left < at.right && at.left < box.right && box.top + 2 < at.bottom - 2 && at.top + 2 < box.bottom - 2)
                found.push(text + " lies on " + other);
    });
    return found.map(f => svg.getAttribute("aria-label") + ": " + f);
})"""
# Colours that can hardly be told from the paper: a contrast below 3 (WCAG 2, 1.4.11).
PALE = """
[...document.querySelectorAll(".line, .dot, h1, p, td, figcaption, svg text")].flatMap(e => {
    const light = colour => {
        const [r, g, b] = colour.match(/[\\d.]+/g).map(v => v / 255)
            .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05;
    };
    const style = getComputedStyle(e), paper = light(getComputedStyle(document.body).backgroundColor);
    const ink = e.closest("svg") ? (e.matches(".line") ? style.stroke : style.fill) : style.color;
    const contrast = Math.max(light(ink), paper) / Math.min(light(ink), paper);
    return contrast < 3 ? [`${e.tagName} ${e.className.baseVal ?? e.className} ${ink}: ${contrast.toFixed(1)}`] : [];
})"""


def faults(browser, page, width, media, dark):
    browser.open(page, width, media, dark)
    found = browser.complaints()
    if browser.value("document.querySelectorAll('figure svg path.line').length") == 0:
        found.append("there are no curves")
    wide = browser.value("document.documentElement.scrollWidth")
    if wide > width:
        found.append(f"the page is {wide} pixels wide")
    found += browser.value(TOO_WIDE.replace("MEDIA", f'"{media}"')) + browser.value(LABELS) + browser.value(PALE)
    return [f"{page}, {width} pixels, {media}{', dark' if dark else ''}: {fault}" for fault in found]


def main():
    words = sys.argv[1:]
    with Browser() as browser:
        if words[:1] == ["--picture"]:
            browser.open(words[2], 1300, "screen", False)
            browser.picture(words[1], 0, 900)
            return
        found = [fault for page in words for screen in SCREENS for fault in faults(browser, page, *screen)]
    print("\n".join(found))
    sys.exit(1 if found else 0)


main()
