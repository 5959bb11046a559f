"""The contacts as staff see them."""

from django.contrib import admin

from contacts.models import Contact, CustomField

from .contact import ContactAdmin
from .customfield import CustomFieldAdmin

admin.site.register(Contact, ContactAdmin)
admin.site.register(CustomField, CustomFieldAdmin)
