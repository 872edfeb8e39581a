"""What is audited about advertisers and their campaigns."""

from django.utils.translation import gettext_lazy as _

from pulse_site.audit import Action
from pulse_site.models import AuditEvent

ADVERTISERS, MONEY = AuditEvent.Area.ADVERTISERS, AuditEvent.Area.MONEY
AUDITED = {
    "advertiser.create": Action(
        ADVERTISERS, _("advertiser added"), _("%(actor)s added the advertiser %(subject)s: %(fields)s")
    ),
    "advertiser.change": Action(
        ADVERTISERS, _("advertiser changed"), _("%(actor)s changed the advertiser %(subject)s: %(fields)s")
    ),
    "advertiser.ask": Action(
        ADVERTISERS, _("advertiser asked"), _("%(actor)s asked the advertiser %(subject)s for more")
    ),
    "advertiser.answer": Action(
        ADVERTISERS, _("advertiser answered"), _("%(actor)s answered for the advertiser %(subject)s")
    ),
    "advertiser.approve": Action(
        ADVERTISERS, _("advertiser approved"), _("%(actor)s approved the advertiser %(subject)s")
    ),
    "advertiser.reject": Action(
        ADVERTISERS, _("advertiser rejected"), _("%(actor)s rejected the advertiser %(subject)s")
    ),
    "advertiser.apply": Action(
        ADVERTISERS, _("application received"), _("%(actor)s applied as the advertiser %(subject)s")
    ),
    "advertiser.agree": Action(
        ADVERTISERS,
        _("agreement accepted"),
        _("%(actor)s accepted version %(version)s of the agreement for the advertiser %(subject)s"),
    ),
    "advertiser.check": Action(
        ADVERTISERS, _("item checked"), _("%(actor)s checked “%(item)s” of the advertiser %(subject)s")
    ),
    "advertiser.uncheck": Action(
        ADVERTISERS,
        _("check taken back"),
        _("%(actor)s took the check of “%(item)s” of the advertiser %(subject)s back"),
    ),
    "applications.open": Action(
        ADVERTISERS, _("applications opened"), _("%(actor)s opened the application form")
    ),
    "applications.close": Action(
        ADVERTISERS, _("applications closed"), _("%(actor)s closed the application form")
    ),
    "agreement.create": Action(
        ADVERTISERS, _("agreement added"), _("%(actor)s added %(subject)s of the agreement: %(fields)s")
    ),
    "agreement.change": Action(
        ADVERTISERS, _("agreement changed"), _("%(actor)s changed %(subject)s of the agreement: %(fields)s")
    ),
    "invitation.send": Action(
        ADVERTISERS, _("invited to apply"), _("%(actor)s invited %(subject)s to apply as an advertiser")
    ),
    "invitation.resend": Action(
        ADVERTISERS, _("invitation sent again"), _("%(actor)s sent the invitation of %(subject)s again")
    ),
    "invitation.revoke": Action(
        ADVERTISERS, _("invitation taken back"), _("%(actor)s took the invitation of %(subject)s back")
    ),
    "team.invite": Action(
        ADVERTISERS,
        _("invited to a team"),
        _("%(actor)s invited %(person)s to the team of %(subject)s as %(role)s"),
    ),
    "team.join": Action(
        ADVERTISERS, _("joined a team"), _("%(actor)s joined the team of %(subject)s as %(role)s")
    ),
    "team.role": Action(
        ADVERTISERS,
        _("role changed"),
        _("%(actor)s gave %(person)s another role in the team of %(subject)s"),
    ),
    "team.remove": Action(
        ADVERTISERS,
        _("removed from a team"),
        _("%(actor)s removed %(person)s from the team of %(subject)s"),
    ),
    "team.leave": Action(ADVERTISERS, _("left a team"), _("%(actor)s left the team of %(subject)s")),
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
    "campaign.recall": Action(
        ADVERTISERS, _("campaign taken back"), _("%(actor)s took the submitted campaign %(subject)s back")
    ),
    "campaign.exclude": Action(
        ADVERTISERS,
        _("exclusions added"),
        _("%(actor)s excluded %(videos)s videos and %(creators)s creators from the campaign %(subject)s"),
    ),
    "campaign.readmit": Action(
        ADVERTISERS,
        _("exclusions removed"),
        _(
            "%(actor)s took %(videos)s videos and %(creators)s creators off the exclusions of the campaign "
            "%(subject)s"
        ),
    ),
    "campaign.book": Action(
        ADVERTISERS,
        _("campaign booked"),
        _("%(actor)s booked the campaign %(subject)s: %(budget)s at a CPM of %(cpm)s"),
    ),
    "campaign.reject": Action(
        ADVERTISERS,
        _("campaign rejected"),
        _("%(actor)s rejected the campaign %(subject)s: %(reason)s"),
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
    "creative.add": Action(
        ADVERTISERS,
        _("creative added"),
        _("%(actor)s added the creative %(subject)s to the campaign %(campaign)s"),
    ),
    "creative.approve": Action(
        ADVERTISERS, _("creative approved"), _("%(actor)s approved the creative %(subject)s")
    ),
    "creative.reject": Action(
        ADVERTISERS, _("creative rejected"), _("%(actor)s rejected the creative %(subject)s: %(reason)s")
    ),
    "creative.withdraw": Action(
        ADVERTISERS, _("creative withdrawn"), _("%(actor)s withdrew the creative %(subject)s")
    ),
    "rate.add": Action(ADVERTISERS, _("rate added"), _("%(actor)s added the rate %(subject)s: %(fields)s")),
    "rate.change": Action(
        ADVERTISERS, _("rate changed"), _("%(actor)s changed the rate %(subject)s: %(fields)s")
    ),
    "invoice.issue": Action(MONEY, _("invoice issued"), _("%(actor)s issued %(subject)s: %(amount)s")),
    "invoice.remind": Action(
        MONEY,
        _("advertiser reminded"),
        _("%(actor)s reminded %(advertiser)s of the invoice %(subject)s: %(amount)s"),
    ),
    "payment.receive": Action(
        MONEY,
        _("payment of an advertiser received"),
        _("%(actor)s let the payment %(subject)s of %(advertiser)s settle invoices: %(amount)s"),
    ),
    "payment.give_back": Action(
        MONEY,
        _("payment given back to an advertiser"),
        _("%(actor)s recorded that %(amount)s were given back to %(advertiser)s: %(subject)s"),
    ),
}
