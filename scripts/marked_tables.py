"""Tables of pages that scripts write anew: of a page in Markdown what stands between a line <!-- table NAME --> and the
next <!-- end -->. Wants nothing but Python."""
import re

from run_metrics import fail

MARKED = re.compile(r"(<!-- table (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def page_with(text, tables, partly=False):
    """The page with other tables, {name: lines}: all that it has, or partly those that are given."""
    places = [match[2] for match in MARKED.finditer(text)]
    if sorted(set(places) & set(tables) if partly else places) != sorted(tables):
        fail(f"the page has the tables {', '.join(sorted(places))}, and not {', '.join(sorted(tables))}")
    lines_of = lambda match: "".join(line + "\n" for line in tables[match[2]])
    return MARKED.sub(lambda match: match[1] + lines_of(match) + match[3] if match[2] in tables else match[0], text)


def put_tables(path, tables, partly=False):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    with open(path, "w", encoding="utf-8") as file:
        file.write(page_with(text, tables, partly))


def check_tables(path, tables, how):
    """Fails, and says how to write them, where the page's tables are others."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    if page_with(text, tables) != text:
        fail(f"{path} has other tables than those of today; run {how}")
