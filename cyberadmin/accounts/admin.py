"""What the admin must not offer: Django's own pages about log-ins know neither sessions nor history (`cyberadmin.people`).

Roles come from AccountAccess, never from groups.
"""

from django.contrib import admin
from django.contrib.auth.models import Group as AuthGroup
from django.contrib.auth.models import User

admin.site.unregister([User, AuthGroup])
