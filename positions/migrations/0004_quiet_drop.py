import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("positions", "0003_wallet_seen_at"),
    ]

    operations = [
        migrations.AddField(
            model_name="mark",
            name="quiet_drop",
            field=models.FloatField(null=True),
        ),
        migrations.AlterField(
            model_name="pricepoint",
            name="market",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                to="positions.market",
                verbose_name="market",
            ),
        ),
    ]
