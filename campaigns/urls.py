from django.contrib.auth import views as auth
from django.urls import path

from campaigns import views

app_name = "portal"
urlpatterns = [
    path("", views.CampaignList.as_view(), name="campaigns"),
    path("campaigns/<int:pk>/", views.CampaignDetail.as_view(), name="campaign"),
    path(
        "log-in/",
        auth.LoginView.as_view(template_name="portal/login.html", redirect_authenticated_user=True),
        name="login",
    ),
    path("log-out/", auth.LogoutView.as_view(next_page="portal:login"), name="logout"),
]
