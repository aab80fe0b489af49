from __future__ import annotations

from django.contrib import admin
from django.contrib.auth import views as auth
from django.urls import include, path

from pmsite import views

urlpatterns = [
    path("login/", views.Login.as_view(), name="login"),
    path("logout/", auth.LogoutView.as_view(), name="logout"),
    path("password/", views.Password.as_view(), name="password"),
    # Before the admin's own: one login page and one password page for both.
    path("admin/login/", views.AdminLogin.as_view()),
    path("admin/password_change/", views.Password.as_view()),
    path("admin/", admin.site.urls),
    path("", include("positions.urls")),
    path("", include("monitoring.urls")),
]
