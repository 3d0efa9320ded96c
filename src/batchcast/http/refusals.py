"""What a request itself can have wrong, before any use case is asked.

BatchcastError (domain)
├── BadHost                     the Host header names another server                            400
├── ForeignPage                 a page of another site made a browser send it                   403
├── ForeignForm                 the form was not made by a page of ours for this browser        403
├── TooManyAttempts             too many wrong tokens                                           429
├── NoSuchPage                  nothing answers under this path                                 404
├── MethodNotAllowed            something does, but not to this method                          405
├── UploadTooSlow               the body took too long, or trickled                             408
├── NotAForm                    the body is of a kind that isn't read                           415
├── RangeNotSatisfiable         no byte of the file lies in the range asked for                 416
├── BadForm, InvalidRequest     the form, a header or a parameter can't be read                 422
├── HttpProblem                 anything else that HTTP itself refuses                          as it says
└── PortTaken                   another program listens there: the server doesn't start
"""

from __future__ import annotations

from collections.abc import Sequence

from batchcast.domain.errors import BatchcastError, InvalidInput
from batchcast.domain.message import Message, mark


class BadHost(BatchcastError):
    """The request was meant for another server, by its Host header."""

    slug = "bad-host"

    def __init__(self) -> None:
        template = mark(
            "The Host header names none of the names of this server. Call it by its address, or have the name added "
            "to BATCHCAST_ALLOWED_HOSTS."
        )
        super().__init__(Message(template))


class ForeignPage(BatchcastError):
    """A page of another site made a browser send a request that would change something."""

    slug = "foreign-page"

    def __init__(self) -> None:
        template = mark(
            "The request comes from a page of another site, by its Origin header; such a page may change nothing here. "
            "Use this server's own page or a program, or have the page's host added to BATCHCAST_ALLOWED_HOSTS."
        )
        super().__init__(Message(template))


class ForeignForm(BatchcastError):
    """The form was not made by a page of this server for this browser, or its session is over."""

    slug = "foreign-form"

    def __init__(self) -> None:
        template = mark(
            "The form is older than your session, or comes from elsewhere, so nothing was changed. Open the page again "
            "and send it once more."
        )
        super().__init__(Message(template))


class TooManyAttempts(BatchcastError):
    """Too many wrong tokens were tried; `seconds` says when to try again."""

    slug = "too-many-attempts"

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        template = mark("Too many wrong tokens were tried. Try again in {seconds} seconds.")
        super().__init__(Message(template, {"seconds": seconds}))


class NoSuchPage(BatchcastError):
    """Nothing answers under this path."""

    slug = "no-such-page"

    def __init__(self) -> None:
        template = mark(
            "There is nothing at this address: /history lists the batches, and /api/docs what programs can ask for."
        )
        super().__init__(Message(template))


class MethodNotAllowed(BatchcastError):
    """What answers under this path does not take this method."""

    slug = "method-not-allowed"

    def __init__(self) -> None:
        super().__init__(Message(mark("This path does not take this method; the Allow header lists those it takes.")))


class UploadTooSlow(BatchcastError):
    """The body of the request took too long, or came in a trickle; nothing of it was kept."""

    slug = "upload-too-slow"


class NotAForm(BatchcastError):
    """The body is of a kind that is not read here."""

    slug = "not-a-form"


class RangeNotSatisfiable(BatchcastError):
    """No byte of the file lies in the range that was asked for."""

    slug = "range-not-satisfiable"

    def __init__(self, size: int) -> None:
        self.size = size
        super().__init__(
            Message(mark("The file has {size:,} bytes, and none is in the range asked for."), {"size": size})
        )


class BadForm(InvalidInput):
    """The form can't be read, or lacks its file; nothing was queued."""

    slug = "bad-form"


class InvalidRequest(BatchcastError):
    """A parameter or header of the request can't be read; `problems` names each."""

    slug = "invalid-request"

    def __init__(self, problems: Sequence[Message]) -> None:
        self.problems = tuple(problems)
        super().__init__(Message(mark("{problems}"), {"problems": " ".join(str(p) for p in self.problems)}))


class HttpProblem(BatchcastError):
    """HTTP itself refuses the request; `status` says how."""

    slug = "http-error"

    def __init__(self, status: int, phrase: str) -> None:
        self.status = status
        super().__init__(Message(mark("The request was refused: {phrase}."), {"phrase": phrase}))


class PortTaken(BatchcastError):
    """Another program listens on the port already, so the server does not start."""

    slug = "port-taken"
