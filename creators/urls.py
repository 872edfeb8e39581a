"""The addresses that creators are sent; they need no account."""

from django.urls import path

from creators import views

app_name = "terms"
urlpatterns = [path("<str:token>/", views.accept, name="accept")]
