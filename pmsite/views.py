"""Coming in: the login and the password. One login page serves the dashboard and the admin."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth import authenticate
from django.contrib.auth import views as auth
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.translation import gettext as _

from pmsite.logins import in_turn
from positions.roles import names, role_of


class Login(auth.LoginView):
    """Guesses are counted by pmsite.logins; `next` leads to pages of our own only."""

    redirect_authenticated_user = True

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        with in_turn(request):
            return super().post(request, *args, **kwargs)

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        user = form.get_user()
        first = user.last_login is None
        answer = super().form_valid(form)
        if first:
            text = _('This password was made for you. <a href="{}">Choose your own</a>.')
            messages.info(self.request, format_html(text, reverse_lazy("password")))
        return answer


@method_decorator(login_not_required, name="dispatch")
class AdminLogin(Login):
    """The admin sends everybody here whom it does not let in, those who are signed in too."""

    redirect_authenticated_user = False

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated:
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)


class PasswordForm(PasswordChangeForm):
    """Its old password is asked like a login's, so that wrong ones count: a stolen session must not
    become a way to find it out.
    """

    def __init__(self, user: User, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(user, *args, **kwargs)
        self.request = request

    def clean_old_password(self) -> str:
        given: str = self.cleaned_data["old_password"]
        name = self.user.get_username()
        with in_turn(self.request):
            user = authenticate(self.request, username=name, password=given)
        if user is None:
            code = "password_incorrect"
            raise ValidationError(self.error_messages[code], code=code)
        return given


class Password(auth.PasswordChangeView):
    """Anybody's own password. All other sessions of the user end with the old one."""

    form_class = PasswordForm
    template_name = "registration/password.html"
    success_url = reverse_lazy("index")

    def form_valid(self, form: Any) -> HttpResponse:
        answer = super().form_valid(form)
        messages.success(
            self.request, _("Your password is changed. Every other session of yours has ended.")
        )
        return answer

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"request": self.request}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = self.request.user
        role = dict(names())[role_of(user)] if isinstance(user, User) else ""
        return super().get_context_data(role=role, **kwargs)
