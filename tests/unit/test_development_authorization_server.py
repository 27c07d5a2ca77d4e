"""The development sign-in gives good tokens to this machine, and to nobody else."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
from authlib.common.security import generate_token
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from flask import Flask
from joserfc import jwt

from app.development import club
from app.development.authorization_server import (
    MAX_CODE_SECONDS,
    MAX_CODES,
    AuthorizationCodes,
    Grant,
    create_blueprint,
)
from app.development.issuer import DevelopmentIssuer
from app.development.wsgi import create_app
from app.pages import assets
from app.settings import READ_SCOPE, SCOPES, WRITE_SCOPE, Settings, SettingsError

DEVELOPMENT = Settings(app_env="development", port=8123)
HOST = "http://127.0.0.1:8123"
VERIFIER = generate_token(64)
REDIRECT_URI = "http://localhost:3000/callback"


def installed(settings=DEVELOPMENT):
    app = Flask("app", template_folder="pages/templates")
    app.register_blueprint(assets.create_blueprint())
    issuer = DevelopmentIssuer(settings)
    app.register_blueprint(create_blueprint(issuer))
    return app, issuer


@pytest.fixture(scope="module")
def sign_in():
    return installed()


@pytest.fixture
def issuer(sign_in):
    return sign_in[1]


@pytest.fixture
def client(sign_in):
    return sign_in[0].test_client()


def query(**changes):
    parameters = {
        "response_type": "code",
        "client_id": "docs",
        "redirect_uri": REDIRECT_URI,
        "scope": READ_SCOPE,
        "state": "a state",
        "code_challenge": create_s256_code_challenge(VERIFIER),
        "code_challenge_method": "S256",
    }
    return {key: value for key, value in {**parameters, **changes}.items() if value is not None}


def choose(client, person=club.RUNNER, **changes):
    response = client.post(
        "/development/authorize",
        base_url=HOST,
        query_string=query(**changes),
        data={"person": person},
    )
    return response, redirected_with(response)


def redirected_with(response):
    return {
        name: values[0]
        for name, values in parse_qs(urlsplit(response.headers.get("Location", "")).query).items()
    }


def redeem(client, code, **changes):
    form = {
        "grant_type": "authorization_code",
        "client_id": "docs",
        "redirect_uri": REDIRECT_URI,
        "code": code,
        "code_verifier": VERIFIER,
    }
    data = {key: value for key, value in {**form, **changes}.items() if value is not None}
    return client.post("/development/token", base_url=HOST, data=data)


def test_picking_a_person_leads_to_their_token(client, issuer):
    page = client.get("/development/authorize", base_url=HOST, query_string=query())
    assert page.status_code == 200
    for person in club.PEOPLE:
        assert f'value="{person.id}"' in page.text
        assert person.name in page.text
    response, sent_back = choose(client)
    assert response.status_code == 302
    assert response.headers["Location"].startswith(REDIRECT_URI + "?")
    assert (sent_back["state"], sent_back["iss"]) == ("a state", HOST)
    reply = redeem(client, sent_back["code"])
    assert reply.status_code == 200
    assert reply.headers["Cache-Control"] == "no-store"
    assert (reply.json["token_type"], reply.json["expires_in"]) == ("Bearer", 3600)
    assert "id_token" not in reply.json
    token = jwt.decode(reply.json["access_token"], issuer.keys, algorithms=["ES256"])
    assert token.header == {"alg": "ES256", "typ": "at+jwt", "kid": issuer.keys.keys[0].kid}
    assert token.claims["exp"] - token.claims["iat"] == 3600
    assert {
        key: value for key, value in token.claims.items() if key not in ("exp", "iat", "jti")
    } == {
        "iss": HOST,
        "aud": HOST,
        "sub": club.RUNNER,
        "client_id": "docs",
        "scope": READ_SCOPE,
        "email": "somchai@club.example",
        "email_verified": True,
    }
    assert token.claims["jti"]


def test_without_a_scope_everything_is_granted(client):
    _, sent_back = choose(client, scope=None)
    assert redeem(client, sent_back["code"]).json["scope"] == " ".join(SCOPES)


def test_a_code_works_once(client):
    _, sent_back = choose(client)
    assert redeem(client, sent_back["code"]).status_code == 200
    again = redeem(client, sent_back["code"])
    assert (again.status_code, again.json["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_verifier": None}, "invalid_request"),
        ({"code_verifier": generate_token(64)}, "invalid_grant"),
        ({"client_id": "another"}, "invalid_grant"),
        ({"client_id": None}, "invalid_client"),
        ({"client_secret": "public clients have none"}, "invalid_client"),
        ({"redirect_uri": "http://localhost:3000/other"}, "invalid_grant"),
        ({"code": "no such code"}, "invalid_grant"),
        ({"code": "รหัส"}, "invalid_grant"),
        ({"code": None}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "รหัส"}, "unsupported_grant_type"),
        ({"grant_type": None}, "unsupported_grant_type"),
    ],
)
def test_the_token_endpoint_refuses(client, changes, error):
    _, sent_back = choose(client)
    reply = redeem(client, **{"code": sent_back["code"], **changes})
    assert (reply.status_code, reply.json["error"]) == (400, error)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": "too short"}, "invalid_request"),
        ({"scope": "workout-logs:read admin"}, "invalid_scope"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "รหัส"}, None),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_authorization_endpoint_refuses(client, method, changes, error):
    response = client.open(
        "/development/authorize",
        method=method,
        base_url=HOST,
        query_string=query(**changes),
        data={"person": club.RUNNER} if method == "POST" else None,
    )
    sent_back = redirected_with(response)
    assert "code" not in sent_back
    if error:
        assert response.headers["Location"].startswith(REDIRECT_URI)
        assert (sent_back["error"], sent_back["state"]) == (error, "a state")
    else:
        assert response.status_code == 400


@pytest.mark.parametrize("person", ["", "drafts.user", "a b", "x" * 129])
def test_nobody_picked_is_access_denied(client, person):
    _, sent_back = choose(client, person=person)
    assert (sent_back["error"], sent_back["state"]) == ("access_denied", "a state")


@pytest.mark.parametrize(
    "uri",
    [
        "http://127.0.0.1:5173/",
        "http://[::1]:9/cb?tenant=1",
        "https://localhost/oauth2-redirect.html",
        "com.example.app:/signed-in",
        "com.example.app://signed-in/here?x=1",
    ],
)
def test_any_client_on_this_machine_may_sign_in(client, uri):
    page = client.get("/development/authorize", base_url=HOST, query_string=query(redirect_uri=uri))
    assert f" {uri.partition(':')[0]}:" in page.headers["Content-Security-Policy"]
    response, _ = choose(client, redirect_uri=uri)
    assert response.headers["Location"].startswith(uri)


@pytest.mark.parametrize(
    "uri",
    [
        None,
        "https://example.org/",
        "http://localhost.example.org/",
        "http://localhost@example.org/",
        "http://user:pass@localhost/",
        "http://localhost:99999/",
        "http://localhost\\@example.org/",
        "http://localhost/#fragment",
        "http://[::1/",
        "http://ตัวอย่าง/",
        'http://example.org/"',
        "javascript:alert(1)//localhost",
        "app:/callback",
        "com.example.app:callback",
        "com.example.app:/call back",
        "com.example.app:/#fragment",
        "//localhost/",
        "/callback",
    ],
)
def test_a_foreign_redirect_uri_gets_a_page_and_no_redirect(client, uri):
    response, _ = choose(client, redirect_uri=uri)
    assert response.status_code == 400
    assert "Location" not in response.headers
    assert "not in order" in response.text


def test_hostile_text_is_escaped(client):
    page = client.get(
        "/development/authorize", base_url=HOST, query_string=query(client_id="<script>x</script>")
    )
    assert "<script>x" not in page.text


@pytest.mark.parametrize(
    "path",
    [
        "/.well-known/oauth-authorization-server",
        "/.well-known/openid-configuration",
        "/development/jwks.json",
        "/development/authorize",
        "/development/token",
        "/development/userinfo",
    ],
)
@pytest.mark.parametrize(
    ("peer", "headers"),
    [
        ("192.0.2.1", {}),
        ("", {}),
        ("::ffff:192.0.2.1", {}),
        ("127.0.0.1", {"Host": "example.org"}),
        ("127.0.0.1", {"Host": "127.0.0.1.example.org:8123"}),
        ("127.0.0.1", {"Host": "localhost@example.org"}),
        ("127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}),
        ("127.0.0.1", {"x-forwarded-proto": "http"}),
        ("127.0.0.1", {"Forwarded": "for=127.0.0.1"}),
        ("127.0.0.1", {"X-Real-IP": "127.0.0.1"}),
        ("127.0.0.1", {"Via": "1.1 proxy"}),
    ],
)
def test_other_machines_find_nothing(client, path, peer, headers):
    method = "POST" if path.endswith("token") else "GET"
    environ = {"REMOTE_ADDR": peer}
    response = client.open(
        path, method=method, base_url=HOST, headers=headers, environ_overrides=environ
    )
    assert response.status_code == 404


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1"])
@pytest.mark.parametrize("host", ["localhost:8123", "127.0.0.1", "[::1]:8123"])
def test_this_machine_finds_it(client, peer, host):
    response = client.get(
        "/.well-known/oauth-authorization-server",
        headers={"Host": host},
        environ_overrides={"REMOTE_ADDR": peer},
    )
    assert response.status_code == 200


def test_metadata_names_the_endpoints_and_the_keys_are_public(client, issuer):
    metadata = client.get("/.well-known/oauth-authorization-server", base_url=HOST).json
    assert metadata["issuer"] == issuer.url == HOST
    assert metadata["authorization_endpoint"] == f"{HOST}/development/authorize"
    assert metadata["token_endpoint"] == f"{HOST}/development/token"
    assert metadata["code_challenge_methods_supported"] == ["S256"]
    assert metadata["token_endpoint_auth_methods_supported"] == ["none"]
    keys = client.get(metadata["jwks_uri"]).json["keys"]
    assert len(keys) == 1
    assert keys[0].keys() == {"kty", "crv", "x", "y", "kid", "use", "alg"}


def test_a_front_end_on_another_port_may_fetch_its_token(client):
    def allowed(origin, path="/development/token"):
        reply = client.post(path, base_url=HOST, headers={"Origin": origin})
        return reply.headers.get("Access-Control-Allow-Origin")

    preflight = client.options(
        "/development/token", base_url=HOST, headers={"Origin": "http://localhost:3000"}
    )
    assert preflight.headers["Access-Control-Allow-Headers"] == "Authorization, *"
    assert allowed("http://localhost:3000") == "http://localhost:3000"
    assert allowed("https://example.org") is None
    assert allowed("null") is None
    assert allowed("http://localhost:3000", "/development/authorize") is None


def test_a_refresh_token_brings_new_access_tokens(client, issuer):
    _, sent_back = choose(client, scope=" ".join(SCOPES))
    first = redeem(client, sent_back["code"]).json

    def refresh(**changes):
        form = {
            "grant_type": "refresh_token",
            "client_id": "docs",
            "refresh_token": first["refresh_token"],
        }
        return client.post("/development/token", base_url=HOST, data=form | changes)

    again = refresh()
    assert (again.status_code, again.json["scope"]) == (200, " ".join(SCOPES))
    assert "refresh_token" not in again.json
    claims = jwt.decode(again.json["access_token"], issuer.keys, ["ES256"]).claims
    assert (claims["sub"], claims["client_id"]) == (club.RUNNER, "docs")
    assert refresh(scope=READ_SCOPE).json["scope"] == READ_SCOPE
    refused = {
        "another client": refresh(client_id="another"),
        "an access token": refresh(refresh_token=first["access_token"]),
        "no token": refresh(refresh_token="x"),
        "more": refresh(scope="openid"),
    }
    assert {name: reply.json["error"] for name, reply in refused.items()} == {
        "another client": "invalid_grant",
        "an access token": "invalid_grant",
        "no token": "invalid_grant",
        "more": "invalid_scope",
    }


def test_a_refresh_token_is_no_access_token(client, tmp_path):
    settings = replace(DEVELOPMENT, sqlite_path=str(tmp_path / "store.db"), rate_limit="")
    issuer = DevelopmentIssuer(settings)
    app = create_app(settings, issuer=issuer)
    _, sent_back = choose(app.test_client(), scope=f"openid {READ_SCOPE}")
    tokens = redeem(app.test_client(), sent_back["code"]).json

    def ask(token):
        headers = {"Authorization": f"Bearer {token}"}
        return app.test_client().get("/api/workout-logs", headers=headers).json["code"]

    # An empty store knows no user; the tokens are judged before.
    assert ask(tokens["access_token"]) == "unknown-user"
    assert ask(tokens["refresh_token"]) == "invalid-token"
    assert ask(tokens["id_token"]) == "invalid-token"


def test_an_openid_client_learns_who_signed_in(client, issuer):
    metadata = client.get("/.well-known/openid-configuration", base_url=HOST).json
    assert metadata == client.get("/.well-known/oauth-authorization-server", base_url=HOST).json
    assert metadata["id_token_signing_alg_values_supported"] == ["ES256"]
    _, sent_back = choose(client, scope=f"openid profile email {READ_SCOPE}", nonce="n-0S6_WzA2Mj")
    tokens = redeem(client, sent_back["code"]).json
    found = jwt.decode(tokens["id_token"], issuer.keys, ["ES256"])
    person = {
        "sub": club.RUNNER,
        "name": "สมชาย ใจดี (Somchai Jaidee)",
        "email": "somchai@club.example",
        "email_verified": True,
    }
    assert found.header["kid"] == issuer.keys.keys[0].kid
    assert found.claims["auth_time"] <= found.claims["iat"] < found.claims["exp"]
    assert found.claims["at_hash"]
    assert person.items() <= found.claims.items()
    assert {"iss": HOST, "aud": "docs", "nonce": "n-0S6_WzA2Mj"}.items() <= found.claims.items()

    def userinfo(token):
        headers = {"Authorization": f"Bearer {token}"}
        return client.get("/development/userinfo", base_url=HOST, headers=headers)

    assert userinfo(tokens["access_token"]).json == person
    assert userinfo(issuer.mint(club.COACH, ["openid"])).json == {"sub": club.COACH}
    for wrong in (tokens["id_token"], tokens["refresh_token"], installed()[1].mint("u"), ""):
        reply = userinfo(wrong)
        assert (reply.status_code, "invalid_token" in reply.headers["WWW-Authenticate"]) == (
            401,
            True,
        )


def test_who_may_not_be_asked_is_not_signed_in(client):
    for method in ("GET", "POST"):
        response = client.open(
            "/development/authorize",
            method=method,
            base_url=HOST,
            query_string=query(scope="openid", prompt="none"),
        )
        assert redirected_with(response)["error"] in ("login_required", "access_denied")


LAN = "http://192.168.1.5:8123"


@pytest.fixture(scope="module")
def in_a_network():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")  # as `make run` sets it
        yield installed(Settings(app_env="development", host="192.168.1.5", port=8123))[0]


@pytest.mark.parametrize(
    ("peer", "host", "status"),
    [
        ("192.168.1.77", "192.168.1.5:8123", 200),
        ("10.1.2.3", "192.168.1.5:8123", 200),
        ("fe80::1", "192.168.1.5:8123", 200),
        ("127.0.0.1", "localhost:8123", 200),
        ("192.168.1.77", "192.168.1.6:8123", 404),
        ("192.168.1.77", "example.org", 404),
        ("203.0.113.9", "192.168.1.5:8123", 404),
        ("8.8.8.8", "192.168.1.5:8123", 404),
    ],
)
def test_with_an_address_of_a_network_its_machines_find_it(in_a_network, peer, host, status):
    response = in_a_network.test_client().get(
        "/.well-known/openid-configuration",
        headers={"Host": host},
        environ_overrides={"REMOTE_ADDR": peer},
    )
    assert response.status_code == status
    assert status == 404 or response.json["authorization_endpoint"] == (
        f"{LAN}/development/authorize"
    )


@pytest.mark.parametrize(
    ("uri", "status"),
    [
        ("http://192.168.1.5:3000/callback", 302),
        ("http://localhost:3000/", 302),
        ("com.example.app:/signed-in", 302),
        ("http://192.168.1.6:3000/", 400),
    ],
)
def test_a_phone_signs_in(in_a_network, uri, status):
    response = in_a_network.test_client().post(
        "/development/authorize",
        base_url=LAN,
        query_string=query(redirect_uri=uri),
        data={"person": club.RUNNER},
        environ_overrides={"REMOTE_ADDR": "192.168.1.77"},
    )
    assert response.status_code == status


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "127.0.0.1", "localhost", "::1"])
def test_every_address_or_loopback_opens_no_network(host):
    app, issuer = installed(Settings(app_env="development", host=host, port=8123))
    assert issuer.url == HOST
    response = app.test_client().get(
        "/development/jwks.json", base_url=LAN, environ_overrides={"REMOTE_ADDR": "192.168.1.77"}
    )
    assert response.status_code == 404


def test_minted_tokens(issuer):
    token = jwt.decode(issuer.mint("user-mali", [WRITE_SCOPE], 43200), issuer.keys, ["ES256"])
    assert token.claims["sub"] == "user-mali"
    assert token.claims["scope"] == WRITE_SCOPE
    assert token.claims["exp"] - token.claims["iat"] == 43200
    assert "email" not in jwt.decode(issuer.mint("somebody"), issuer.keys, ["ES256"]).claims


def grant(user_id):
    return Grant("docs", user_id, READ_SCOPE, REDIRECT_URI, VERIFIER, "S256")


def test_a_code_expires():
    clock = [0]
    codes = AuthorizationCodes(lambda: clock[0])
    codes.put("early", grant("early"))
    clock[0] = MAX_CODE_SECONDS - 1
    codes.put("late", grant("late"))
    clock[0] += 1
    assert [codes.take("early"), codes.take("late")] == [None, grant("late")]


def test_of_too_many_codes_the_oldest_expire():
    codes = AuthorizationCodes()
    for number in range(MAX_CODES + 1):
        codes.put(str(number), grant(str(number)))
    kept = [codes.take(str(number)) for number in (0, 1, MAX_CODES)]
    assert kept == [None, grant("1"), grant(str(MAX_CODES))]


def test_one_code_sent_at_once_by_many_gives_one_token():
    app, _ = installed()
    code = choose(app.test_client())[1]["code"]
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda _: redeem(app.test_client(), code).status_code, range(16)))
    assert sorted(statuses) == [200] + [400] * 15


def test_every_process_has_its_own_key():
    assert installed()[1].keys.as_dict() != installed()[1].keys.as_dict()


@pytest.mark.parametrize(
    "settings",
    [
        Settings(oauth_issuer="https://id.example.org", oauth_audience="api"),
        Settings(nextauth_secret=("0123456789abcdef",)),
        Settings(
            app_env="development", oauth_issuer="https://id.example.org", oauth_audience="api"
        ),
    ],
)
def test_it_refuses_production_and_a_real_issuer_beside_it(settings):
    with pytest.raises(SettingsError, match="make run"):
        create_app(settings)
