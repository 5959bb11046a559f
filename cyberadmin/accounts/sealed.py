"""Whatever else is sealed with CYBERADMIN_KEYS besides the tokens: apps above this one register how to seal it anew."""

from collections.abc import Callable

_rotations: list[Callable[[], int]] = []


def register(rotation: Callable[[], int]) -> None:
    """`rotation` seals its rows with the newest key and returns how many it had to; called by `rotate_keys`."""
    if rotation not in _rotations:
        _rotations.append(rotation)


def rotate() -> int:
    """Seal everything registered with the newest key. Raises secrets.SecretUnreadable at what no key opens."""
    return sum(rotation() for rotation in _rotations)
