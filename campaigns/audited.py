"""What is audited about advertisers and their campaigns."""

from django.utils.translation import gettext_lazy as _

from pulse_site.audit import Action
from pulse_site.models import AuditEvent

ADVERTISERS = AuditEvent.Area.ADVERTISERS
AUDITED = {
    "advertiser.create": Action(
        ADVERTISERS, _("advertiser added"), _("%(actor)s added the advertiser %(subject)s: %(fields)s")
    ),
    "advertiser.change": Action(
        ADVERTISERS, _("advertiser changed"), _("%(actor)s changed the advertiser %(subject)s: %(fields)s")
    ),
    "advertiser.approve": Action(
        ADVERTISERS, _("advertiser approved"), _("%(actor)s approved the advertiser %(subject)s")
    ),
    "advertiser.reject": Action(
        ADVERTISERS, _("advertiser rejected"), _("%(actor)s rejected the advertiser %(subject)s")
    ),
    "campaign.create": Action(
        ADVERTISERS, _("campaign added"), _("%(actor)s added the campaign %(subject)s: %(fields)s")
    ),
    "campaign.change": Action(
        ADVERTISERS, _("campaign changed"), _("%(actor)s changed the campaign %(subject)s: %(fields)s")
    ),
    "campaign.submit": Action(
        ADVERTISERS,
        _("campaign submitted"),
        _("%(actor)s submitted the campaign %(subject)s: %(budget)s at a CPM of %(cpm)s"),
    ),
    "campaign.book": Action(
        ADVERTISERS,
        _("campaign booked"),
        _("%(actor)s booked the campaign %(subject)s: %(budget)s at a CPM of %(cpm)s"),
    ),
    "campaign.reject": Action(
        ADVERTISERS, _("campaign rejected"), _("%(actor)s rejected the campaign %(subject)s")
    ),
    "campaign.pause": Action(
        ADVERTISERS, _("campaign paused"), _("%(actor)s paused the campaign %(subject)s")
    ),
    "campaign.resume": Action(
        ADVERTISERS, _("campaign resumed"), _("%(actor)s resumed the campaign %(subject)s")
    ),
    "campaign.cancel": Action(
        ADVERTISERS, _("campaign cancelled"), _("%(actor)s cancelled the campaign %(subject)s")
    ),
}
