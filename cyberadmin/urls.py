"""Addresses: the console's admin site at the root, the language menu, the watchers' pages, and the error pages."""

from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.urls import path
from django.views.i18n import set_language

from cyberadmin.console import watching

urlpatterns = [
    path("language/", login_not_required(set_language), name="set_language"),
    path("healthz", watching.healthz, name="healthz"),
    path("readyz", watching.readyz, name="readyz"),
    path("metrics", watching.metrics, name="metrics"),
    path("", admin.site.urls),
]

handler400 = "cyberadmin.console.errors.bad_request"
handler403 = "cyberadmin.console.errors.permission_denied"
handler404 = "cyberadmin.console.errors.not_found"
handler500 = "cyberadmin.console.errors.server_error"
