from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0003_alarm_due")]

    operations = [
        migrations.AddIndex(
            model_name="notification",
            index=models.Index(fields=["state", "entry"], name="notification_state"),
        ),
    ]
