"""Every client's colour carries text that can be read."""

import itertools

from cyberadmin.console.colour import DARK, LIGHT, contrast, ink


def test_black_on_white_is_the_largest_contrast() -> None:
    assert round(contrast("#000000", "#ffffff"), 1) == 21.0
    assert contrast("#123456", "#123456") == 1.0


def test_every_colour_gets_a_readable_ink() -> None:
    steps = [f"{value:02x}" for value in range(0, 256, 17)]
    worst = min(
        contrast(ink(f"#{red}{green}{blue}"), f"#{red}{green}{blue}")
        for red, green, blue in itertools.product(steps, repeat=3)
    )
    assert worst >= 4.5


def test_light_on_dark_and_dark_on_light() -> None:
    assert ink("#0f766e") == LIGHT
    assert ink("#facc15") == DARK
