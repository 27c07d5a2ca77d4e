"""Canaille on a port of this machine, its data in memory. Prints `ready` when it listens."""

import json
import sys
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from canaille import create_app
from canaille.app import models
from joserfc.jwk import RSAKey

configuration = json.loads(sys.argv[1])
port = configuration["port"]

app = create_app(
    {
        "SECRET_KEY": "of the tests only",
        "SERVER_NAME": f"127.0.0.1:{port}",
        "PREFERRED_URL_SCHEME": "http",
        "SESSION_COOKIE_SECURE": False,
        "CANAILLE": {"DATABASE": "memory", "SMTP": None, "LOGGING": {"version": 1}},
        "CANAILLE_OIDC": {
            "ACTIVE_JWKS": [RSAKey.generate_key(2048, auto_kid=True).as_dict(private=True)]
        },
    }
)
with app.app_context():
    for name in configuration["users"]:
        user = models.User(
            user_name=name,
            formatted_name=name,
            family_name=name,
            emails=[f"{name}@club.example"],
            password=configuration["password"],
        )
        app.backend.save(user)
    common = {"client_uri": f"http://127.0.0.1:{port}", "contacts": ["tests@club.example"]}
    api = models.Client(
        client_id=configuration["clientId"],
        client_name="api",
        client_secret=configuration["clientSecret"],
        grant_types=["client_credentials"],
        response_types=[],
        redirect_uris=[configuration["redirectUri"]],
        scope=configuration["scopes"].split(),
        token_endpoint_auth_method="client_secret_basic",
        **common,
    )
    app.backend.save(api)
    browser = models.Client(
        client_id="browser",
        client_name="browser",
        grant_types=["authorization_code", "refresh_token"],
        response_types=["code"],
        redirect_uris=[configuration["redirectUri"]],
        scope=["openid", *configuration["scopes"].split()],
        client_secret=configuration["clientSecret"],
        token_endpoint_auth_method="client_secret_basic",
        **common,
    )
    app.backend.save(browser)
    browser.audience = [browser, api]
    app.backend.save(browser)


class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass


server = WSGIServer(("127.0.0.1", port), Quiet)
server.set_app(app)
print("ready", flush=True)
server.serve_forever()
