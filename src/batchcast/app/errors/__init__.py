"""What each error means, by its slug, in the reader's language; for faces that explain an error where it is shown.

`en.md` is `docs/errors.md` itself, by a symbolic link that packaging follows; `id.md` says the same in Indonesian. A
test keeps the two alike: the same slugs, in the same sections and order.
"""
