"""Behind a proxy that ends TLS: no redirect without end, and no header believed of strangers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from tests.installation import Installation, NewInstallation
from tests.servers import wait_until

pytestmark = pytest.mark.processes

NAME = "pm.example.org"
HTTPS = f"https://{NAME}"


@pytest.mark.parametrize(
    "environ", [{}, {"SITE_URL": HTTPS}, {"SITE_URL": HTTPS, "HOST": "0.0.0.0"}]
)
def test_deployment_check_is_clean(
    new_installation: NewInstallation, environ: dict[str, str]
) -> None:
    done = new_installation(**environ).manage("check", "--deploy", "--fail-level", "WARNING")
    assert done.stdout.startswith("System check identified no issues")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """The product as `up` runs it for SITE_URL=https://…, with the proxy on this machine."""
    installation = Installation(tmp_path_factory.mktemp("https"), SITE_URL=HTTPS)
    process = installation.start("up")
    wait_until(lambda: installation.get("/livez")[0] == 200, seconds=60, what="the dashboard")
    installation.environ["PASSWORD"] = (
        installation.output(process).split("this once: admin / ")[1].split()[0]
    )
    yield installation
    installation.close()


def browser() -> requests.Session:
    """A browser as it arrives through the proxy."""
    made = requests.Session()
    made.trust_env = False
    made.headers.update(
        {
            "Host": NAME,
            "X-Forwarded-Proto": "https",
            "X-Forwarded-For": "203.0.113.5",
            "Origin": HTTPS,
        }
    )
    return made


def get(home: Installation, path: str, **headers: str | None) -> requests.Response:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return browser().get(home.url + path, headers=given, allow_redirects=False, timeout=10)


def test_page_behind_tls_is_served_and_not_redirected(home: Installation) -> None:
    answer = get(home, "/login/")
    assert answer.status_code == 200
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert "; Secure" in answer.headers["Set-Cookie"]


def test_login_works_behind_tls(home: Installation) -> None:
    client = browser()
    client.get(f"{home.url}/login/", timeout=10)
    # A Secure cookie is not sent over this inner http: the proxy would.
    jar = "; ".join(f"{cookie.name}={cookie.value}" for cookie in client.cookies)
    form = {"username": "admin", "password": home.environ["PASSWORD"]}
    form["csrfmiddlewaretoken"] = client.cookies["pm_csrf"]
    headers = {"Cookie": jar, "Referer": f"{HTTPS}/login/"}
    answer = client.post(
        f"{home.url}/login/", form, headers=headers, allow_redirects=False, timeout=10
    )
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")


def test_plain_http_is_sent_to_the_address_that_speaks_tls(home: Installation) -> None:
    told = get(home, "/login/?next=/", X_Forwarded_Proto="http")
    assert (told.status_code, told.headers["Location"]) == (301, f"{HTTPS}/login/?next=/")
    direct = get(home, "/", Host=f"127.0.0.1:{home.port}", X_Forwarded_Proto=None)
    assert (direct.status_code, direct.headers["Location"]) == (301, f"{HTTPS}/")


def test_proxy_that_does_not_say_how_it_was_asked_is_told_so(home: Installation) -> None:
    for address in ("203.0.113.5", None):
        answer = get(home, "/login/", X_Forwarded_Proto=None, X_Forwarded_For=address)
        assert (answer.status_code, "must send X-Forwarded-Proto" in answer.text) == (502, True)


def test_proxy_that_says_it_twice_is_told_so_instead_of_redirected_for_ever(
    home: Installation,
) -> None:
    answer = get(home, "/login/", X_Forwarded_Proto="https, http")
    assert (answer.status_code, "just “https”" in answer.text) == (502, True)


def test_monitors_ask_on_the_inner_address(home: Installation) -> None:
    assert get(home, "/livez", X_Forwarded_Proto=None).status_code == 200


def failed_logins(home: Installation) -> list[tuple[object, ...]]:
    return home.query("SELECT ip_address, failures_since_start FROM axes_accessattempt")


def test_failed_login_counts_for_the_address_that_the_proxy_tells(home: Installation) -> None:
    client = browser()
    client.get(f"{home.url}/login/", timeout=10)
    token = client.cookies["pm_csrf"]
    form = {"username": "admin", "password": "wrong", "csrfmiddlewaretoken": token}
    headers = {"Cookie": f"pm_csrf={token}", "Referer": f"{HTTPS}/login/"}
    # What the browser itself put in front is not believed: the proxy appends the true address.
    headers["X-Forwarded-For"] = "198.51.100.1, 203.0.113.5"
    assert client.post(f"{home.url}/login/", form, headers=headers, timeout=10).status_code == 200
    assert failed_logins(home) == [("203.0.113.5", 1)]


def test_header_of_who_is_no_trusted_proxy_is_not_believed(
    new_installation: NewInstallation,
) -> None:
    stranger = new_installation(SITE_URL=HTTPS, TRUSTED_PROXIES="10.0.0.5")
    stranger.start("up")
    wait_until(lambda: stranger.get("/livez")[0] == 200, seconds=60, what="the dashboard")
    told = get(stranger, "/login/", X_Forwarded_Proto="http")
    assert (told.status_code, told.headers["Location"]) == (301, f"{HTTPS}/login/")
    # To send it to https would bring it back as it came, for ever.
    answer = get(stranger, "/login/")
    assert (answer.status_code, "TRUSTED_PROXIES" in answer.text) == (502, True)
