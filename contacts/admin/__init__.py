"""The contacts as staff see them."""

from django.contrib import admin

from contacts.models import ConsentRecord, Contact, CustomField, ImportFile

from .contact import ContactAdmin
from .customfield import CustomFieldAdmin
from .imports import ImportFileAdmin
from .ledger import ConsentRecordAdmin

admin.site.register(Contact, ContactAdmin)
admin.site.register(CustomField, CustomFieldAdmin)
admin.site.register(ConsentRecord, ConsentRecordAdmin)
admin.site.register(ImportFile, ImportFileAdmin)
