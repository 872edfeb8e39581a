from django.contrib import admin
from django.urls import include, path

from pulse_site import views

urlpatterns = [
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("i18n/", include("django.conf.urls.i18n")),
    path("admin/", admin.site.urls),
    path("", include("campaigns.urls")),
    path("statements/", include("payouts.urls")),
]
