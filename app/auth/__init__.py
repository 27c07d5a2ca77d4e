"""Who is calling: from a request's credential to an `app.service.model.Caller`.

A request passes through these modules in this order:

    protector   the decorator of a view; errors become problems with `WWW-Authenticate`
    tokens      tells the kinds of token apart by shape; the cache of tokens found valid
    jwt         RFC 9068 access tokens
    issuer      the issuer's metadata and keys, fetched and cached
    callers     the valid token's person, as the store knows them
"""
