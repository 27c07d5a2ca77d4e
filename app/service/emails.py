"""When two e-mail addresses are the same one.

Case does not count. But Unicode's lower case of a few letters outside ASCII lies inside it: that of
U+212A (KELVIN SIGN) is `k`. Whoever owns an address with such a letter must not pass for somebody
else, so addresses are the same only if they have ASCII letters in the same places.
"""

from __future__ import annotations


def fold(address: str) -> str:
    """A text that only the same addresses share."""
    lower = address.lower()
    if address.isascii():
        return lower
    return f"{lower}\n{''.join('a' if each.isascii() else 'u' for each in address)}"


def same(address: object, other: str) -> bool:
    """Whether what a document holds is this address."""
    return isinstance(address, str) and fold(address) == fold(other)
