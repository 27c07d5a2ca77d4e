"""Who is calling: from a request's credential to an `app.service.model.Caller`.

A request passes through these modules in this order:

    protector       the decorator of a view; errors become problems with `WWW-Authenticate`
    cookies         the session cookie as the credential, and its defence against CSRF
    tokens          tells the kinds of token apart by format; the cache of valid tokens
    jwt             RFC 9068 access tokens
    issuer          the issuer's metadata and keys, kept up to date
    introspection   opaque access tokens
    nextauth        session tokens of NextAuth.js and Auth.js
    callers         the `user` document of a valid token's user

Beside the request: `explain` (the command), `metadata` (RFC 9728).
"""
