from django.contrib import admin
from django.urls import include, path

from pulse_site import views
from pulse_site.accounts.views import AccountPage, set_language

urlpatterns = [
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("i18n/setlang/", set_language, name="set_language"),
    path("account/", AccountPage.as_view(), name="account"),
    path("account/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("", include("campaigns.urls")),
    path("terms/", include("creators.urls")),
    path("statements/", include("payouts.urls")),
]
