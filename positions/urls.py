from __future__ import annotations

from django.urls import path

from positions import api
from positions.views import actions, closing, demo, pages, parts, sudo

urlpatterns = [
    path("", pages.index, name="index"),
    path("activity/", pages.activity, name="activity"),
    path("positions/<int:position_id>/", pages.detail, name="detail"),
    path("positions/<int:position_id>/close/", closing.close, name="close"),
    path("positions/<int:position_id>/proceeds/", closing.proceeds, name="proceeds"),
    path("positions/<int:position_id>/cancel/", actions.cancel, name="cancel"),
    path("positions/<int:position_id>/gone/", actions.gone, name="gone"),
    path("positions/<int:position_id>/mute/", actions.mute, name="mute"),
    path("positions/<int:position_id>/unmute/", actions.unmute, name="unmute"),
    path("positions/<int:position_id>/check/", actions.check, name="check_one"),
    path("positions/<int:position_id>/arm/<slug:rule>/", actions.arm, name="arm"),
    *(
        path(
            f"positions/<int:position_id>/parts/{name}/",
            parts.part,
            {"name": name},
            name=f"part_{name}",
        )
        for name in parts.PARTS
    ),
    path("parts/rows/", parts.rows, name="part_rows"),
    path("parts/summary/", parts.summary, name="part_summary"),
    path("parts/attention/", parts.attention, name="part_attention"),
    path("check/", actions.check, name="check"),
    path("exits/", actions.pause_page, name="exits"),
    path("exits/pause/", actions.pause, name="exits_pause"),
    path("exits/resume/", actions.resume, name="exits_resume"),
    path("close-everything/", closing.close_all, name="close_all"),
    path("confirm/", sudo.confirm, name="confirm"),
    path("demo/clear/", demo.clear, name="demo_clear"),
    path("api/positions", api.positions, name="api_positions"),
]
