"""Why a result was not published.

BatchFailed
├── ResultRejected        a partition's result is not what it must be
└── PublishFailed         the files could not be written
InvalidSettings
└── OutputTaken           the place holds files that are not of an earlier run of the same name
InvalidInput
├── InvalidCertificate    the file can't be read as a certificate
├── CertificateMismatch   the run it certifies can't be repeated with this input or these versions
├── NoResultHere          no result that orders can be read from is at that place
└── StockOfOtherParts     no part of the stock file is one that was forecast
"""

from __future__ import annotations

from batchcast.domain.errors import BatchFailed, InvalidInput, InvalidSettings


class ResultRejected(BatchFailed):
    """A partition's result is incomplete or impossible; nothing was published."""

    slug = "result-rejected"


class PublishFailed(BatchFailed):
    """The result files could not be written; what was there before is still whole."""

    slug = "publish-failed"


class OutputTaken(InvalidSettings):
    """Files at the output's place are not of an earlier run of the same name; nothing was overwritten."""

    slug = "output-taken"


class InvalidCertificate(InvalidInput):
    """The file is not a certificate of a run."""

    slug = "invalid-certificate"


class CertificateMismatch(InvalidInput):
    """The input or the versions are not those of the certificate, so the same bytes can't be promised."""

    slug = "certificate-mismatch"


class NoResultHere(InvalidInput):
    """At the place is no published result, or not all that is needed of it."""

    slug = "no-result-here"


class StockOfOtherParts(InvalidInput):
    """No part of the stock file is one that was forecast, most likely because its codes are written another way."""

    slug = "stock-of-other-parts"
