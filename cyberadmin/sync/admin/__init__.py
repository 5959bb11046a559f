"""The engine as staff see it: the Outbox, the calls to the vendor, the pulls. All of it is to read; people decide."""

from django.contrib import admin

from cyberadmin.sync.models import ApiCall, Change, ChangeSet, PullRun

from .bulk import ChangeSetAdmin
from .calls import ApiCallAdmin
from .outbox import ChangeAdmin
from .pulls import PullRunAdmin

admin.site.register(Change, ChangeAdmin)
admin.site.register(ApiCall, ApiCallAdmin)
admin.site.register(PullRun, PullRunAdmin)
admin.site.register(ChangeSet, ChangeSetAdmin)
