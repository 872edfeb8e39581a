"""The portal's addresses. What belongs to an advertiser stands below `a/<its number>/` (views/gate.py)."""

from django.urls import include, path
from django.views.generic import RedirectView

from campaigns.views import (
    applying,
    campaigns,
    company,
    creatives,
    exclusions,
    gate,
    invited,
    invoices,
    orders,
    reports,
    team,
)

app_name = "portal"
own = [
    path("campaigns/", campaigns.CampaignList.as_view(), name="campaigns"),
    path("campaigns/new/", orders.NewCampaign.as_view(), name="campaign_new"),
    path("campaigns/<int:pk>/", campaigns.CampaignDetail.as_view(), name="campaign"),
    path("campaigns/<int:pk>/edit/", orders.EditCampaign.as_view(), name="campaign_edit"),
    path("campaigns/<int:pk>/copy/", orders.CloneCampaign.as_view(), name="campaign_copy"),
    path("campaigns/<int:pk>/move/<slug:action>/", orders.MoveCampaign.as_view(), name="campaign_move"),
    path("campaigns/<int:pk>/creatives/new/", creatives.NewCreative.as_view(), name="creative_new"),
    path(
        "campaigns/<int:pk>/creatives/<int:creative>/file/",
        creatives.CreativeFile.as_view(),
        name="creative_file",
    ),
    path(
        "campaigns/<int:pk>/creatives/<int:creative>/replace/",
        creatives.ReplaceCreative.as_view(),
        name="creative_replace",
    ),
    path(
        "campaigns/<int:pk>/creatives/<int:creative>/withdraw/",
        creatives.WithdrawCreative.as_view(),
        name="creative_withdraw",
    ),
    path("campaigns/<int:pk>/exclusions/", exclusions.Exclusions.as_view(), name="exclusions"),
    path(
        "campaigns/<int:pk>/exclusions/<int:list>/rejected.csv",
        exclusions.RejectedRows.as_view(),
        name="exclusions_rejected",
    ),
    path("reports/", reports.Report.as_view(), name="reports"),
    path("reports/<str:by>.<str:kind>", reports.ReportFile.as_view(), name="report_file"),
    path("reports/brand-safety/", reports.Safety.as_view(), name="safety"),
    path("reports/brand-safety/<str:month>.<str:kind>", reports.SafetyFile.as_view(), name="safety_file"),
    path("application/", applying.Application.as_view(), name="application"),
    path("agreement/", company.AgreementPage.as_view(), name="agreement"),
    path("company/", company.Company.as_view(), name="company"),
    path("leave/", team.Leave.as_view(), name="leave"),
    path("team/", team.Team.as_view(), name="team"),
    path("team/<int:member>/", team.MemberPage.as_view(), name="member"),
    path("team/<int:member>/remove/", team.RemoveMember.as_view(), name="member_remove"),
    path("team/invitations/<int:invitation>/send/", team.SendAgain.as_view(), name="invitation_send"),
    path(
        "team/invitations/<int:invitation>/take-back/", team.TakeBack.as_view(), name="invitation_take_back"
    ),
    path("invoices/", invoices.InvoiceList.as_view(), name="invoices"),
    path("invoices/<int:invoice>/", invoices.InvoiceDetail.as_view(), name="invoice"),
    path("invoices/<int:invoice>.<str:format>", invoices.InvoiceDownload.as_view(), name="invoice_file"),
    path("invoices/year/<int:year>.csv", invoices.YearDownload.as_view(), name="invoice_year"),
]
urlpatterns = [
    path("", gate.home, name="home"),
    path("a/<int:advertiser>/", include(own)),
    path("apply/", applying.Start.as_view(), name="apply"),
    path("apply/<slug:token>/", applying.Apply.as_view(), name="application_form"),
    path("join/<slug:token>/", invited.Join.as_view(), name="join"),
    path("log-in/", RedirectView.as_view(pattern_name="account_login", query_string=True), name="login"),
]
