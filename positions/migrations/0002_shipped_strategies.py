from __future__ import annotations

from django.db import migrations

from positions.strategies import ensure_shipped


def ship(apps, schema_editor):
    ensure_shipped(
        apps.get_model("positions", "Strategy"), apps.get_model("positions", "ExitPolicy")
    )


class Migration(migrations.Migration):
    dependencies = [("positions", "0001_initial")]
    operations = [migrations.RunPython(ship, migrations.RunPython.noop, elidable=False)]
