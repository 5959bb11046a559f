"""Start-up check: no admin of a model that belongs to a client is registered without the scoping base."""

from collections.abc import Iterable
from typing import Any

from django.apps import AppConfig
from django.contrib import admin
from django.core import checks
from django.db.models import ForeignKey, Model

from .models import Account
from .scoping import ScopedAdmin


def belongs_to_account(model: type[Model], depth: int = 3) -> bool:
    """Whether rows of `model` are a client's: it is Account, or reaches it by foreign keys."""
    if model is Account:
        return True
    if depth == 0:
        return False
    keys = (field for field in model._meta.get_fields() if isinstance(field, ForeignKey))
    return any(belongs_to_account(key.remote_field.model, depth - 1) for key in keys)


def unscoped(site: admin.AdminSite) -> list[str]:
    """Names of the admins and inlines on `site` that show a client's rows without the scoping base."""
    found = []
    for model, model_admin in site._registry.items():
        if belongs_to_account(model) and not isinstance(model_admin, ScopedAdmin):
            found.append(type(model_admin).__qualname__)
        found += [inline.__qualname__ for inline in model_admin.inlines if belongs_to_account(inline.model)]
    return found


@checks.register(checks.Tags.security)
def every_admin_is_scoped(app_configs: Iterable[AppConfig] | None, **kwargs: Any) -> list[checks.CheckMessage]:
    """Refuse to start with an admin that could show one client's rows to people of another (docs/engine.md 4, line 1)."""
    return [
        checks.Error(
            f"{name} shows rows of a client but does not derive from ScopedAdmin.",
            hint="Derive it from cyberadmin.accounts.scoping.ScopedAdmin; inlines of such models are not allowed.",
            id="cyberadmin.E001",
        )
        for name in unscoped(admin.site)
    ]
