"""Adding a holding by hand, and changing what may be changed of one."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib.admin.widgets import AdminDateWidget
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from positions.domain.policy import loads
from positions.fields import PlainDecimalFormField
from positions.forms.advice import AdviceForm
from positions.forms.rules import RulesForm
from positions.importing.entry import CLOCKS_DIFFER
from positions.models import ExitPolicy, Market, Position, Strategy, Thesis
from positions.services import ServiceError, advice_of, check_entry
from positions.services.base import documents

if TYPE_CHECKING:
    BaseForm = forms.ModelForm[Position]
else:  # Django's own class takes no type parameters when it runs
    BaseForm = forms.ModelForm

# Field of the form → field of the thesis.
THESIS: Mapping[str, str] = {
    "thesis_text": "text",
    "probability": "probability",
    "keywords": "keywords",
    "feeds": "feeds",
    "review_at": "review_at",
}


class Refusal(tuple[str | None, str]):
    """A field, or None for the whole form, and why the write was refused."""

    __slots__ = ()


class PositionForm(RulesForm, AdviceForm, BaseForm):
    """What adding and changing share. `refusal` is put in by the admin after a refused write."""

    refusal: ClassVar[Refusal | None] = None

    thesis_text = forms.CharField(
        label=gettext_lazy("Thesis"),
        required=False,
        max_length=20_000,
        widget=forms.Textarea({"rows": 4, "cols": 80}),
        help_text=gettext_lazy("Why you hold it, and what would prove you wrong."),
    )
    probability = PlainDecimalFormField(
        label=gettext_lazy("Own probability"),
        required=False,
        min_value=0,
        max_value=1,
        help_text=gettext_lazy("Of the outcome you hold, 0 to 1."),
    )
    keywords = forms.CharField(
        label=gettext_lazy("Keywords"),
        required=False,
        max_length=500,
        help_text=gettext_lazy("Comma list, for the news search."),
    )
    feeds = forms.CharField(
        label=gettext_lazy("Feeds"),
        required=False,
        widget=forms.Textarea({"rows": 2, "cols": 80}),
        help_text=gettext_lazy("RSS addresses, one a line."),
    )
    review_at = forms.DateField(
        label=gettext_lazy("Review on"), required=False, widget=AdminDateWidget()
    )

    class Meta:
        model = Position
        fields: tuple[str, ...] = ("strategy", "entry_price", "entry_fees", "opened_at")

    def clean_opened_at(self) -> Any:
        opened = self.cleaned_data.get("opened_at")
        if opened is not None and opened > timezone.now() + CLOCKS_DIFFER:
            raise forms.ValidationError(_("lies in the future"))
        return opened

    def clean_entry_fees(self) -> Any:
        fees = self.cleaned_data.get("entry_fees")
        if fees is not None and fees < 0:
            raise forms.ValidationError(_("cannot be negative"))
        return fees

    def clean_shares(self) -> Any:
        shares = self.cleaned_data.get("shares")
        if shares is not None and shares <= 0:
            raise forms.ValidationError(_("must be above 0"))
        return shares

    def check_together(self, market: Market | None, document: Mapping[str, Any]) -> None:
        """Entry, strategy, rules, AI policy and market against each other."""
        if self.refusal is not None:
            self.add_error(*self.refusal)
        self.check_advice()
        strategy = self.cleaned_data.get("strategy")
        payout = market.payout if market is not None else ""
        self.check_rules(_document_of(strategy), document, payout)
        names = ("entry_price", "shares", "entry_fees")
        given = {"shares": self.instance.bought, **self.cleaned_data}
        numbers = [value for name in names if isinstance(value := given.get(name), Decimal)]
        if market is None or len(numbers) < len(names):
            return
        try:
            check_entry(market, *numbers)
        except ServiceError as error:
            self.add_error("entry_price", str(error))


class PositionAddForm(PositionForm):
    """`resolved` is what the admin found for the market before the transaction, or why it did not."""

    resolved: ClassVar[Market | str | None] = None

    market_text = forms.CharField(
        label=gettext_lazy("Market"),
        max_length=500,
        widget=forms.TextInput({"class": "vLargeTextField", "autocomplete": "off"}),
        help_text=gettext_lazy(
            "A Polymarket slug, address, condition id or token id; sim:NAME for a simulated market;"
            " url:NAME for a JSON price."
        ),
    )
    outcome = forms.CharField(
        label=gettext_lazy("Outcome"),
        required=False,
        max_length=100,
        help_text=gettext_lazy("Yes, No, … Empty: the only one, or Yes where there is one."),
    )
    currency = forms.CharField(
        label=gettext_lazy("Currency"),
        required=False,
        max_length=10,
        help_text=gettext_lazy("Of a simulated market, such as PKR; else the market's own."),
    )
    arm_now = forms.BooleanField(
        label=gettext_lazy("Arm at once"),
        required=False,
        help_text=gettext_lazy(
            "Let rules fire that are breached at the first price although the entry is old."
        ),
    )

    class Meta(PositionForm.Meta):
        fields = ("strategy", "entry_price", "shares", "entry_fees", "opened_at")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.show_rules({}, None)
        self.fields["opened_at"].required = False
        self.fields["opened_at"].help_text = _("UTC. Empty: now.")
        self.fields["entry_fees"].required = False
        self.fields["shares"].help_text = _("How many you hold.")

    def clean(self) -> dict[str, Any]:
        super().clean()
        if isinstance(self.resolved, str):
            self.add_error("market_text", self.resolved)
        market = self.resolved if isinstance(self.resolved, Market) else None
        if self.cleaned_data.get("entry_fees") is None and "entry_fees" not in self.errors:
            self.cleaned_data["entry_fees"] = Decimal(0)
        self.check_together(market, self.document({}))
        return self.cleaned_data


class PositionChangeForm(PositionForm):
    """Carries the version it was shown with: a row that has moved since is not overwritten."""

    seen_version = forms.IntegerField(widget=forms.HiddenInput())
    confirm_lower = forms.BooleanField(
        label=gettext_lazy("Lower the stop"),
        required=False,
        help_text=gettext_lazy("Tick it where this change lowers or removes the stop."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        strategy, own = documents(self.instance)
        self.own = loads(own)
        self.show_rules(self.own, loads(strategy))
        self.show_advice(advice_of(self.instance.pk))
        self.initial["seen_version"] = self.instance.version
        thesis = Thesis.objects.filter(position=self.instance).first()
        for name, field in THESIS.items():
            self.initial[name] = getattr(thesis, field) if thesis is not None else None

    def clean(self) -> dict[str, Any]:
        super().clean()
        self.check_together(self.instance.market, self.document(self.own))
        return self.cleaned_data

    def thesis_changes(self) -> dict[str, Any]:
        """Changed fields of the thesis by their own names."""
        return {
            field: self.cleaned_data[name]
            for name, field in THESIS.items()
            if name in self.changed_data
        }


def _document_of(strategy: Strategy | None) -> str:
    if strategy is None:
        return ""
    found = ExitPolicy.objects.filter(strategy=strategy).values_list("document", flat=True).first()
    return found or ""
