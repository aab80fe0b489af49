from __future__ import annotations

from django.urls import URLPattern, path

from monitoring.views import (
    alert_actions,
    alerts,
    decision_actions,
    decisions,
    machines,
    metrics,
    monitor,
)

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
    path("decisions/", decisions.decisions, name="decisions"),
    path("decisions/<int:question_id>/", decisions.decision, name="decision"),
    path("decisions/<int:question_id>/approve/", decision_actions.approve, name="decision_approve"),
    path("decisions/<int:question_id>/decline/", decision_actions.decline, name="decision_decline"),
    path("decisions/<int:question_id>/reopen/", decision_actions.reopen, name="decision_reopen"),
    path("positions/<int:position_id>/ask/", decision_actions.ask, name="decision_ask"),
    path("positions/<int:position_id>/parts/ai/", decisions.of_position, name="part_position_ai"),
    path("parts/decisions/", decisions.live, name="part_decisions"),
    path("parts/decisions/<int:question_id>/", decisions.decision_live, name="part_decision"),
    path("parts/asks/", decisions.asks, name="part_asks"),
]
