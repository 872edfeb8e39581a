from django.urls import path

from payouts import views

app_name = "statements"
urlpatterns = [
    path("<str:token>/", views.statement, name="newest"),
    path("<str:token>/<str:code>/", views.statement, name="month"),
    path("<str:token>/<str:code>/dispute/", views.dispute, name="dispute"),
    path("<str:token>/<str:code>/<str:language>.<str:format>", views.download, name="file"),
]
