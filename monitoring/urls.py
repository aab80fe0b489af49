from __future__ import annotations

from django.urls import URLPattern, path

from monitoring import views

urlpatterns: list[URLPattern] = [
    path("healthz", views.healthz, name="healthz"),
    path("livez", views.livez, name="livez"),
]
