from django.contrib.admin import AdminSite
from django.utils.translation import gettext_lazy as _


class PulseAdminSite(AdminSite):
    site_header = "Pulse"
    site_title = "Pulse"
    index_title = _("Today")
