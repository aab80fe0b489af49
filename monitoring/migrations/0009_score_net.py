from django.db import migrations

import positions.fields


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0008_feed_readers")]

    operations = [
        migrations.AddField(
            "score",
            "net",
            positions.fields.ExactDecimalField(null=True, verbose_name="sale a share, net"),
        ),
    ]
