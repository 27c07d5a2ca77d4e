"""The Workout Log API. `app.factory.create_app` is the one place where its parts are wired."""
