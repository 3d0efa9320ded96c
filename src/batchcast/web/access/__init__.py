"""Who may do what on the page: signing in with a token, sessions, and forms that only our own pages can send.

Comes in: cookies, tokens typed into the sign-in page, the hidden field of every form.
Goes out: a person for every request, or the way to the sign-in page.
Open first: `authentication.py`, which every request of the page passes; `sessions.py` says what a cookie holds.
"""
