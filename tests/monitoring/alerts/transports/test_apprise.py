"""The adapter over Apprise, against local servers that speak as its services do."""

from __future__ import annotations

import logging
import subprocess
import sys
import time
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from monitoring.alerts import probe
from monitoring.alerts.sending.retry import Act, judge
from monitoring.alerts.transports.base import Answer, Message
from monitoring.alerts.transports.services import SERVICES, neutral
from monitoring.alerts.transports.through_apprise import Through, UnfitError, made, texts
from monitoring.models import Channel, Notification
from positions.models import JournalEntry
from tests.fakes.services import HookServer, MailServer
from tests.monitoring.alerts.book import NOON

LOCAL = ("127.0.0.1",)
SECRET = "s3cret-that-nobody-may-see"
TEMPLATE = "?template=/etc/passwd"
SLACK = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/%23general"
TELEGRAM = "tgram://123456789:abcdefg_hijklmnop/12315544/"
MATTERMOST_TOKEN = "3ccdd113474722377935511fc85d3dd4"


def message(**values: Any) -> Message:
    row: dict[str, Any] = {
        "id": 7,
        "title": "PAPER · STOP · Fed cuts",
        "body": "The stop has sold.",
        "link": "https://pm.example/positions/1/",
        "urgency": "critical",
        "at": NOON,
    }
    return Message(**(row | values))


@pytest.fixture
def hook() -> Iterator[HookServer]:
    with HookServer() as server:
        yield server


def send(url: str, seconds: float = 10, **values: Any) -> Answer:
    return Through(LOCAL, seconds=seconds).send(url, message(**values))


@pytest.mark.parametrize(
    ("address", "title", "body"),
    [
        ("json://127.0.0.1:{port}/in", "title", "message"),
        ("ntfy://127.0.0.1:{port}/topic", "title", "message"),
        ("gotify://127.0.0.1:{port}/AbCdEfGhIjKlMnO", "title", "message"),
    ],
)
def test_message_arrives_whole(hook: HookServer, address: str, title: str, body: str) -> None:
    assert send(address.format(port=hook.port)) == Answer(200)
    [arrived] = hook.bodies
    assert arrived[title] == "PAPER · STOP · Fed cuts"
    assert arrived[body] == ("The stop has sold.\nhttps://pm.example/positions/1/\nnotification 7")


def test_service_without_titles_has_it_in_the_text(hook: HookServer) -> None:
    assert send(f"mmost://127.0.0.1:{hook.port}/{MATTERMOST_TOKEN}") == Answer(200)
    assert hook.bodies[0]["text"].startswith("PAPER · STOP · Fed cuts\nThe stop has sold.\n")


def test_mail_arrives() -> None:
    with MailServer() as server:
        url = f"mailto://127.0.0.1:{server.port}?from=pm@example.org&to=me@example.org"
        assert send(url) == Answer(200)
        [mail] = server.mails
    assert (mail["Subject"], mail["To"]) == ("PAPER · STOP · Fed cuts", "me@example.org")
    assert "https://pm.example/positions/1/" in mail.get_content()


def test_refused_mail_is_tried_again() -> None:
    with MailServer() as server:
        server.refuse = "451 later"
        url = f"mailto://127.0.0.1:{server.port}?from=pm@example.org&to=me@example.org"
        answer = send(url)
    assert answer.status is None
    assert judge(answer, 1, Random(1)).act is Act.RETRY


@pytest.mark.parametrize(
    ("knob", "error", "act"),
    [
        ("401", "401 Unauthorized", Act.DISABLE),
        ("404", "404 Not Found", Act.DISABLE),
        ("400", "400 Bad Request", Act.DROP),
        ("429", "429 Too Many Requests", Act.RETRY),
        ("503", "503 Service Unavailable", Act.RETRY),
        ("redirect", "302 Found", Act.RETRY),
        ("drop", "no connection, or the service refused without a reason", Act.RETRY),
    ],
)
def test_refusal_is_known_by_its_status(hook: HookServer, knob: str, error: str, act: Act) -> None:
    hook.knob(knob)
    answer = send(f"json://user:{SECRET}@127.0.0.1:{hook.port}/{SECRET}")
    assert answer.error == error
    assert judge(answer, 1, Random(1)).act is act
    assert [call.path for call in hook.calls] == [f"/{SECRET}"]


def test_call_is_left_within_its_time(hook: HookServer) -> None:
    hook.knob("hang", seconds=3)
    began = time.monotonic()
    assert send(f"json://127.0.0.1:{hook.port}/", seconds=0.5).error == "no answer in time"
    assert time.monotonic() - began < 2


def test_nothing_of_the_address_is_logged(
    hook: HookServer, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    hook.knob("500", times=1)
    url = f"json://user:{SECRET}@127.0.0.1:{hook.port}/{SECRET}"
    answers = [send(url), send(url), send(f"json://127.0.0.1:1/{SECRET}")]
    answers.append(send(f"json://{SECRET}.invalid/{SECRET}?+{SECRET}=1"))
    told = "".join(record.getMessage() for record in caplog.records if "urllib3" not in record.name)
    out, err = capfd.readouterr()
    assert SECRET not in told + "".join(answer.error for answer in answers)
    assert "apprise" not in (out + err).lower()


@pytest.mark.parametrize(
    "url",
    [
        "json://127.0.0.2/",
        "jsons://127.0.0.2/",
        "jsons://10.0.0.1/",
        "jsons://169.254.169.254/latest",
        "jsons://100.64.0.1/",
        "jsons://2130706433/",
        "jsons://0x7f.1/",
        "jsons://[::1]/",
        "jsons://[::ffff:10.0.0.1]/",
        "jsons://localhost/",
        "ntfys://192.168.1.2/topic",
        "mailtos://u:p@example.org?smtp=10.0.0.1&to=a@example.org",
        "mailtos://u:p@10.0.0.1?from=a@example.org&to=a@example.org",
        "matrixs://token@10.0.0.1/%23room",
        "gotifys://10.0.0.1/AbCdEfGhIjKlMnO",
        f"mmosts://10.0.0.1/{MATTERMOST_TOKEN}",
        "signals://10.0.0.1/15551234567/15557654321",
    ],
)
def test_server_inside_the_house_is_never_called(url: str) -> None:
    answer = Through(LOCAL).send(url, message())
    assert (answer.status, answer.refused) == (None, True)


@pytest.mark.parametrize(
    "address", ["mailto://u:p@example.org?", "mailtos://u:p@example.org?mode=insecure&"]
)
def test_password_for_a_mail_server_is_never_sent_in_clear(address: str) -> None:
    public = Through((), lookup=lambda _host: ["93.184.216.34"])
    assert "only an encrypted connection" in public.refusal(f"{address}to=a@example.org")
    assert public.refusal("mailtos://u:p@example.org?to=a@example.org") == ""


def test_name_that_leads_inside_is_never_called() -> None:
    inside = Through(LOCAL, lookup=lambda host: ["10.0.0.7"])
    assert inside.send("jsons://hooks.example.org/", message()).refused
    mixed = Through(LOCAL, lookup=lambda host: ["93.184.216.34", "10.0.0.7"])
    assert mixed.refusal("ntfys://hooks.example.org/topic").startswith(
        "hooks.example.org: a private"
    )


def test_name_that_cannot_be_resolved_now_is_tried_again() -> None:
    def lookup(host: str) -> list[str]:
        raise OSError

    through = Through((), lookup=lookup)
    answer = through.send("jsons://hooks.example.org/", message())
    assert (answer.refused, answer.error) == (
        False,
        "hooks.example.org: the name cannot be resolved",
    )
    assert through.refusal("jsons://hooks.example.org/") == ""


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "syslog://",
        "dbus://",
        "windows://",
        "macosx://",
        "gnome://",
        "rsyslog://127.0.0.1",
        "apprise://127.0.0.1/token",
        "xml://127.0.0.1/",
        "form://127.0.0.1/",
        "https://example.org/",
        "discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js",
        "python:os.system",
        "://",
        "",
        "json://",
        "json://127.0.0.1/\n",
        "json://127.0.0.1/ x",
        "tgram://nonsense",
        "slack://x",
        "ntfys://ntfy.sh/one/two",
        f"{SLACK}{TEMPLATE}",
        f"{TELEGRAM}{TEMPLATE}",
        f"slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#general{TEMPLATE}",
        "ntfys://ntfy.sh/topic?attach=/etc/passwd",
        "ntfys://ntfy.sh/topic?attach=http://10.0.0.1/",
        "ntfys://ntfy.sh/topic?ATTACH=x",
        "ntfys://ntfy.sh/topic?verify=no",
        "ntfys://ntfy.sh/topic?redirect=yes",
        "ntfys://ntfy.sh/topic?rto=9999",
        "ntfys://ntfy.sh/topic?retry=9",
        "mailtos://u:p@example.org?pgp=encrypt&pgpkey=/etc/passwd",
        "mailtos://u:p@example.org?pgpprv=/etc/passwd",
        "mailtos://u:p@example.org?+Bcc=x@example.org",
        "pover://uskeyuskeyuskeyuskeyuskeyuskey@tokentokentokentokentokentoken?key=/etc/passwd",
        "jsons://example.org/?+Host=10.0.0.1",
        "jsons://example.org/?:message=x",
        "jsons://example.org/?-x=y",
        "jsons://example.org/?method=DELETE",
        "matrixs://token@example.org/%23room?discovery=yes",
    ],
)
def test_what_could_read_files_run_programs_or_weaken_the_call_is_refused(url: str) -> None:
    problem = Through(LOCAL, lookup=lambda host: ["93.184.216.34"]).refusal(url)
    assert problem
    assert "passwd" not in problem


GOOD = [
    SLACK,
    TELEGRAM,
    "slack://xoxb-1234-1234-4ddbc191d40ee098cbaae6f3523ada2d/%23general",
    "ntfy://topic",
    "ntfys://tk_AgQdq7mVBoFD37zQVN29RhuMzNIz2@push.example.org/topic",
    "ntfys://ntfy.sh/topic?priority=high&tags=moneybag",
    "mailto://user:password@gmail.com?to=me@example.org",
    "mailtos://user:password@example.org?smtp=mail.example.org&from=pm@example.org&to=me@example.org",
    "pover://uskeyuskeyuskeyuskeyuskeyuskey@tokentokentokentokentokentoken?priority=high",
    "matrixs://token@matrix-client.matrix.org/%23room:matrix.org",
    f"mmosts://chat.example.org/{MATTERMOST_TOKEN}",
    "gotifys://push.example.org/AbCdEfGhIjKlMnO",
    "gchat://workspace/key/token",
    "pbul://" + "a" * 32,
    "prowl://" + "a" * 40,
    "wxteams://" + "a" * 80,
    "signals://signal.example.org/15551234567/15557654321",
    "jsons://hooks.example.org/in",
    f"twilio://AC{'1' * 32}:{'d' * 32}@15551234567/15557654321",
]


@pytest.mark.parametrize("url", GOOD)
def test_address_as_the_guide_writes_it_is_taken(url: str) -> None:
    through = Through((), lookup=lambda host: ["93.184.216.34"])
    assert through.refusal(url) == ""


def test_every_listed_service_is_tried() -> None:
    plugins = {SERVICES[url.partition("://")[0]].plugin for url in GOOD}
    assert plugins == {service.plugin for service in SERVICES.values()}


@pytest.mark.parametrize("url", GOOD)
def test_long_message_fits_and_keeps_its_link_and_number(url: str) -> None:
    service, plugin = made(url)
    title, body = texts(message(title="T" * 600, body="ä€😀" * 20000), service, plugin)
    limit = min(plugin.body_maxlen, service.limit or plugin.body_maxlen)
    assert (len(title) <= plugin.title_maxlen, len(body) <= limit) == (True, True)
    assert body.endswith("\nhttps://pm.example/positions/1/\nnotification 7")


def test_redirects_files_and_keys_are_off_in_every_plugin() -> None:
    for url in GOOD:
        _service, plugin = made(url)
        assert (plugin.redirects, plugin.verify_certificate, plugin.retry) == (False, True, 0)
        assert (plugin.asset.pgp_autogen, plugin.asset.pem_autogen) == (False, False)
        assert (plugin.store.mode.value, plugin.request_timeout) == ("memory", (3.05, 10.0))


def test_markup_and_mentions_are_neutral_where_a_service_would_read_them(hook: HookServer) -> None:
    evil = "*b* _i_ `c` [words](http://evil.example) <!channel> @all <b>\n# head\n> quote"
    send(f"mmost://127.0.0.1:{hook.port}/{MATTERMOST_TOKEN}", body=evil)
    text = hook.bodies[0]["text"]
    assert not set("*_`[<>") & set(text.replace("https://pm.example/positions/1/", ""))
    assert ("@all" in text, "@\u200ball" in text, "\n\u200b# head" in text) == (False, True, True)


def test_plain_services_get_the_words_as_they_are(hook: HookServer) -> None:
    send(f"json://127.0.0.1:{hook.port}/", body="5 * 3 <b> @all")
    assert hook.bodies[0]["message"].startswith("5 * 3 <b> @all\n")


def test_neutral_leaves_ordinary_words_alone() -> None:
    words = "PAPER · STOP · Yes 44.1¢ ≤ 45.0¢ · −$97.96 (paper), 100 %"
    assert neutral(words) == words


def test_error_of_an_address_holds_no_part_of_it() -> None:
    for url in (f"tgram://{SECRET}", f"slack://{SECRET}", f"{SECRET}://x", f"jsons://h?{SECRET}=1"):
        with pytest.raises(UnfitError) as caught:
            made(url)
        assert SECRET not in str(caught.value)


@pytest.mark.django_db
@pytest.mark.both_dbs
def test_test_alert_takes_the_way_of_every_alert(hook: HookServer, settings: Settings) -> None:
    settings.WEBHOOK_ALLOWED_HOSTS = LOCAL
    url = f"ntfy://{SECRET}:{SECRET}@127.0.0.1:{hook.port}/{SECRET}"
    Channel.objects.create(name="phone", kind="apprise", url=url)
    [result] = probe.run(actor="kim", channel="phone")
    row = Notification.objects.get()
    assert (result.state, row.state, row.attempts) == ("sent", "sent", 1)
    assert hook.bodies[0]["title"].startswith("PAPER · TEST · this is a test alert")
    assert hook.bodies[0]["message"].endswith(f"notification {row.pk}")


@pytest.mark.django_db
@pytest.mark.both_dbs
def test_dead_address_switches_the_channel_off_without_naming_it(
    hook: HookServer, settings: Settings
) -> None:
    settings.WEBHOOK_ALLOWED_HOSTS = LOCAL
    hook.knob("404")
    url = f"ntfy://127.0.0.1:{hook.port}/{SECRET}"
    channel = Channel.objects.create(name="phone", kind="apprise", url=url)
    [result] = probe.run(actor="kim", channel="phone")
    channel.refresh_from_db()
    assert (channel.enabled, channel.disabled_reason) == (False, "404 Not Found")
    assert (result.state, result.error) == ("pending", "404 Not Found")
    stored = JournalEntry.objects.values_list("text", "data")
    assert SECRET not in str(list(stored)) + str(list(Notification.objects.values()))


def test_apprise_is_loaded_only_by_whoever_sends_through_it() -> None:
    code = (
        "import django; django.setup()\n"
        "import monitoring.tasks, monitoring.alerts.sending.delivery, sys\n"
        "from monitoring.alerts.transports import transport_for\n"
        "transport_for('discord'); print('apprise' in sys.modules)\n"
        "transport_for('apprise'); print('apprise' in sys.modules)\n"
        "print('apprise.plugins.syslog' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True", "False"]
