"""What a test reads off the page, and off its address."""

import re
import urllib.parse


def numbers(text):
    return [int(number) for number in re.findall(r"\d+", text)]


def lit_points(page, run="circle"):
    shown = page.get_by_role("article", name=f"run {run}", exact=True).locator(".lit-points .chip")
    return numbers(" ".join(shown.all_inner_texts()))


def address_has(page, **parts):
    """Wait until the address says it."""
    wanted = [f"{name}={urllib.parse.quote(str(value))}" for name, value in parts.items()]
    page.wait_for_function(
        "wanted => wanted.every(part => location.hash.slice(1).split('&').includes(part))",
        arg=[part.replace("/", "%2F") for part in wanted],
    )
