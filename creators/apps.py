from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from creators.guards import GUARDS


class CreatorsConfig(AppConfig):
    name = "creators"
    verbose_name = _("Creators")
    feeds = {"followers": "creators.followers.FollowersFeed", "videos": "creators.videos.VideosFeed"}
    guards = GUARDS
    roles = "creators.roles.ROLES"
    audited = "creators.audited.AUDITED"
