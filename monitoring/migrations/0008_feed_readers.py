from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("monitoring", "0007_ai_refusals"),
    ]

    operations = [
        migrations.AddField(
            model_name="feed",
            name="readers",
            field=models.CharField(blank=True, default="", max_length=64),
            preserve_default=False,
        ),
    ]
