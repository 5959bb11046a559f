"""The resources that the apps registered in `AppConfig.ready()`; the engine meets them by name only."""

from .resource import Resource

_resources: dict[str, Resource] = {}


def register(resource: Resource) -> None:
    """Make a resource known to the engine under its `kind`."""
    _resources[resource.kind] = resource


def get(kind: str) -> Resource:
    """The resource of a kind. Raises KeyError for a kind that this version of the product does not know."""
    return _resources[kind]


def known(kind: str) -> bool:
    """Whether a kind is registered; a change of a newer version's kind is left alone."""
    return kind in _resources


def in_pull_order() -> list[Resource]:
    """All resources, each after those it depends on."""
    ordered: list[Resource] = []

    def visit(resource: Resource) -> None:
        if resource in ordered:
            return
        for kind in resource.depends_on:
            visit(get(kind))
        ordered.append(resource)

    for resource in _resources.values():
        visit(resource)
    return ordered
