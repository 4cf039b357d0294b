"""The plumbing of every page: forms from elsewhere, targets elsewhere, cookies and headers, errors in one form."""

import re
from dataclasses import replace

import pytest
from quart import Quart, request

from kit.clock import utc_now
from kit.errors import Conflict
from kit.http.site import SiteOptions, install, local_target
from kit.http.staff_login import staff_login_routes
from kit.postgres import open_pool

OPTIONS = SiteOptions(
    prefix="p",
    name="Product",
    agency="Agency",
    schema="ops",
    base_url="http://localhost",
    secret_key="55" * 32,
    timezone="Asia/Jakarta",
    package="kit.http",
    catalogs=(),
    messages={},
    role_labels={},
    nav=lambda staff: [],
    footer="Footer of the test.",
)


def made(pool, **changes):
    app = Quart("kit.http", template_folder="templates", static_folder=None)
    options = replace(OPTIONS, **changes)
    site = install(app, options, pool, utc_now)
    app.register_blueprint(staff_login_routes(site, "/home"))

    @app.post("/form")
    async def form():
        return (await request.form).get("x", "")

    @app.get("/query")
    async def query():
        await pool.fetchval("select $1::int + length($2)", int(request.args["n"]), request.args["t"])
        return "fine"

    @app.get("/conflict")
    @app.get("/api/conflict")
    async def conflict():
        raise Conflict

    @app.get("/crash")
    async def crash():
        raise ZeroDivisionError("a secret of the house")

    return app


@pytest.fixture
def app(pool):
    return made(pool)


@pytest.fixture
def client(app):
    return app.test_client()


async def token_of(client, **headers):
    page = await (await client.get("/staff/login", headers=headers)).get_data(as_text=True)
    return re.search(r'name="csrf_token" value="([^"]+)"', page).group(1)


@pytest.mark.parametrize(
    ("target", "goes"),
    [
        ("/x", "/x"),
        ("/x?a=1&b=/y", "/x?a=1&b=/y"),
        ("/", "/"),
        ("", "/h"),
        ("x", "/h"),
        ("//evil.test", "/h"),
        ("///evil.test", "/h"),
        ("/\\evil.test", "/h"),
        ("\\\\evil.test", "/h"),
        ("/\t/evil.test", "/h"),
        ("/\n/evil.test", "/h"),
        ("\t//evil.test", "/h"),
        ("/x\\..\\y", "/h"),
        ("https://evil.test", "/h"),
        ("javascript:alert(1)", "/h"),
        ("/x\r\nSet-Cookie: a=b", "/h"),
    ],
)
def test_targets(target, goes):
    assert local_target(target, "/h") == goes


@pytest.mark.parametrize(
    "target", ["//evil.test", "/%09/evil.test", "/%5Cevil.test", "https://evil.test", "/%0D%0AX: y"]
)
async def test_switching_the_language_never_leads_elsewhere(client, target):
    answer = await client.get(f"/locale/en?next={target}")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")


@pytest.mark.parametrize(("code", "kept"), [("en", "en"), ("id", "id"), ("xx", "id"), ("../en", None)])
async def test_only_known_languages_are_kept(client, code, kept):
    answer = await client.get(f"/locale/{code}?next=/staff/login")
    found = re.search(r"p_locale=(\w+)", answer.headers.get("Set-Cookie", ""))
    assert (found.group(1) if found else None) == kept


@pytest.mark.parametrize(
    ("form", "headers", "status"),
    [
        ({"csrf_token": "good"}, {}, 200),
        ({}, {"X-CSRF-Token": "good"}, 200),
        ({"csrf_token": "good"}, {"Origin": "http://localhost"}, 200),
        ({"csrf_token": "good"}, {"Origin": "http://evil.test"}, 403),
        ({"csrf_token": "good"}, {"Origin": "null"}, 403),
        ({"csrf_token": "other"}, {}, 403),
        ({"csrf_token": "é\x00"}, {}, 403),
        ({}, {}, 403),
        ({"csrf_token": "theirs"}, {}, 403),
    ],
)
async def test_forms_need_the_token_of_this_browser(app, client, form, headers, status):
    tokens = {"good": await token_of(client), "theirs": await token_of(app.test_client())}
    form = {name: tokens.get(value, value) for name, value in form.items()}
    headers = {name: tokens.get(value, value) for name, value in headers.items()}
    answer = await client.post("/form", form={**form, "x": "1"}, headers=headers)
    assert answer.status_code == status


async def test_nonces_are_fresh_and_the_policy_is_closed(client):
    policies = [(await client.get("/staff/login")).headers["Content-Security-Policy"] for _ in range(2)]
    nonces = {re.search(r"'nonce-([^']+)'", policy).group(1) for policy in policies}
    assert len(nonces) == 2
    for policy in policies:
        assert policy.startswith("default-src 'none'; ")
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy


@pytest.mark.parametrize(
    ("base_url", "prefix", "marks"),
    [
        ("http://localhost", "p_", {"HttpOnly", "SameSite=Lax", "Path=/"}),
        ("https://localhost", "__Host-p_", {"HttpOnly", "SameSite=Lax", "Path=/", "Secure"}),
    ],
)
async def test_cookies_and_transport(pool, base_url, prefix, marks):
    client = made(pool, base_url=base_url).test_client()
    answer = await client.get("/staff/login")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith(f"{prefix}csrf=")
    assert marks <= {part.strip() for part in cookie.split(";")}
    assert "Domain" not in cookie
    assert ("Strict-Transport-Security" in answer.headers) is base_url.startswith("https")


async def test_headers_of_every_answer(client):
    for path in ("/staff/login", "/none", "/conflict", "/crash", "/static/ombilin.css"):
        headers = (await client.get(path)).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["X-Request-Id"]
        assert "Server" not in headers
        assert path.startswith("/static") or headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("path", "status", "key"),
    [
        ("/none", 404, "not-found"),
        ("/conflict", 409, "conflict"),
        ("/form", 405, "not-found"),
        ("/crash", 500, "fault"),
        ("/query?n=1&t=%00", 422, "invalid"),
        ("/query?n=99999999999999999999&t=x", 422, "invalid"),
        ("/static/../site.py", 404, "not-found"),
        ("/static/%2e%2e/site.py", 404, "not-found"),
        ("/static/none.css", 404, "not-found"),
    ],
)
async def test_errors_are_pages_with_a_next_step_and_no_detail(client, path, status, key):
    answer = await client.get(path)
    page = await answer.get_data(as_text=True)
    assert answer.status_code == status
    assert "secret of the house" not in page
    assert "Traceback" not in page
    assert "<h1" in page


@pytest.mark.parametrize(("cookie", "word"), [("id", "Muat ulang"), ("en", "Reload")])
async def test_errors_of_apis_are_json_in_the_readers_language(client, cookie, word):
    answer = await client.get("/api/conflict", headers={"Cookie": f"p_locale={cookie}"})
    told = (await answer.get_json())["error"]
    assert (answer.status_code, told["key"]) == (409, "conflict")
    assert word in told["next_step"]


async def test_a_huge_form_is_refused(client):
    token = await token_of(client)
    answer = await client.post("/form", form={"csrf_token": token, "x": "y" * 3_000_000})
    assert answer.status_code == 413


async def test_without_a_database_pages_still_answer(pool, database_url):
    broken = await open_pool(database_url, max_size=1)
    await broken.close()
    client = made(broken).test_client()
    answer = await client.get("/staff/login", headers={"Cookie": "p_staff=x"})
    assert answer.status_code == 503
    assert "<h1" in await answer.get_data(as_text=True)
