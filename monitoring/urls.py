from __future__ import annotations

from django.urls import URLPattern, path

from monitoring.views import machines

urlpatterns: list[URLPattern] = [
    path("healthz", machines.healthz, name="healthz"),
    path("livez", machines.livez, name="livez"),
]
