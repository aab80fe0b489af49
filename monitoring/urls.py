from __future__ import annotations

from django.urls import URLPattern, path

from monitoring.views import alert_actions, alerts, machines, metrics, monitor

urlpatterns: list[URLPattern] = [
    path("healthz", machines.healthz, name="healthz"),
    path("livez", machines.livez, name="livez"),
    path("metrics", metrics.metrics, name="metrics"),
    path("monitor/", monitor.monitor, name="monitor"),
    path("monitor/steps/hide/", monitor.hide_steps, name="steps_hide"),
    path("monitor/steps/show/", monitor.show_steps, name="steps_show"),
    path("parts/monitor/", monitor.live, name="part_monitor"),
    path("alerts/", alerts.alerts, name="alerts"),
    path("alerts/retry/", alert_actions.retry_all, name="alerts_retry"),
    path("alerts/<int:notification_id>/retry/", alert_actions.retry, name="alert_retry"),
    path(
        "alerts/alarms/<int:alarm_id>/acknowledge/",
        alert_actions.acknowledge,
        name="alarm_acknowledge",
    ),
    path(
        "alerts/alarms/<int:alarm_id>/unacknowledge/",
        alert_actions.unacknowledge,
        name="alarm_unacknowledge",
    ),
    path("alerts/alarms/<int:alarm_id>/snooze/", alert_actions.snooze, name="alarm_snooze"),
    path("alerts/silences/", alert_actions.silence_new, name="silence_new"),
    path("alerts/silences/<int:silence_id>/end/", alert_actions.silence_end, name="silence_end"),
    path("alerts/channels/<int:channel_id>/test/", alert_actions.test, name="channel_test"),
    path("parts/alerts/", alerts.live, name="part_alerts"),
    path("parts/alert-banner/", alerts.banner, name="part_alert_banner"),
]
