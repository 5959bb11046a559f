"""The admin app with the console's own site as the default one."""

from django.contrib.admin.apps import AdminConfig


class ConsoleAdminConfig(AdminConfig):
    default_site = "cyberadmin.admin_site.ConsoleSite"
