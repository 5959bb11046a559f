"""The console's test visitors, for the history."""

from tests.console.conftest import _catalogues, agency, language, manager

__all__ = ["_catalogues", "agency", "language", "manager"]
