"""Django OAuth Toolkit on a port of this machine. Prints `ready` when it listens.

A user signs in by naming themselves at /sign-in/; all else is the toolkit's own.
"""

import json
import sys
from wsgiref.simple_server import WSGIRequestHandler, make_server

import django
from django.conf import settings

configuration = json.loads(sys.argv[1])

settings.configure(
    SECRET_KEY="of the tests only",
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    LOGIN_URL="/sign-in/",
    USE_TZ=True,
    DATABASES={
        "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": configuration["database"]}
    },
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "oauth2_provider",
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
    OAUTH2_PROVIDER={
        "SCOPES": {name: name for name in configuration["scopes"].split()},
        "PKCE_REQUIRED": True,
        "ROTATE_REFRESH_TOKEN": True,
    },
)
django.setup()

from django.contrib.auth import get_user_model, login
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponseRedirect
from django.urls import include, path
from oauth2_provider.models import get_application_model


def sign_in(request):
    """Sign the user in whom the cookie names, and go on."""
    user, _ = get_user_model().objects.get_or_create(username=request.COOKIES["who"])
    login(request, user)
    return HttpResponseRedirect(request.GET["next"])


urlpatterns = [
    path("sign-in/", sign_in),
    path("o/", include("oauth2_provider.urls", namespace="oauth2_provider")),
]


class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass


call_command("migrate", verbosity=0)
Application = get_application_model()
Application.objects.create(
    name="browser",
    client_id="browser",
    client_type=Application.CLIENT_PUBLIC,
    authorization_grant_type=Application.GRANT_AUTHORIZATION_CODE,
    redirect_uris=configuration["redirectUri"],
    skip_authorization=True,
)
Application.objects.create(
    name="api",
    client_id=configuration["clientId"],
    client_secret=configuration["clientSecret"],
    client_type=Application.CLIENT_CONFIDENTIAL,
    authorization_grant_type=Application.GRANT_CLIENT_CREDENTIALS,
)
server = make_server(
    "127.0.0.1", configuration["port"], get_wsgi_application(), handler_class=Quiet
)
print("ready", flush=True)
server.serve_forever()
