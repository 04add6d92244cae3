"""Every error PlayProof raises, drawn once.

    PlayproofError
     +- InputError                what a caller sent is not usable (has a JSON path)
     |   +- MalformedJson         not JSON at all                              400
     |   +- TooLarge              over a limit of size or count                413
     |   +- InvalidSession        JSON, but not a session                      422
     |   +- InvalidRequest        JSON, but not what the route takes           422
     +- SessionConflict           the id is taken by other content             409
     +- SessionNotFound           nothing is stored under the id               404
     +- ResultGone                its result was kept as long as results are  410
     +- ChallengeNotFound         there is no challenge of the id              404
     +- ChallengeOver             it is finished, or its time is over          410
     +- ChallengeRefused          what was sent does not fit where it stands   409
     +- SiteNotFound              no site has the key                          404
     +- RateLimited               too many of these lately                     429
     +- DatasetNotFound           there is no live dataset of the name         404
     +- UploadNotFound            no training upload has the id                404
     +- UploadNotReady            the provider has not taken it in yet         409
     +- ModelNotFound             no hosted model of the id was trained here   404
     +- CorpusRefused             the sessions are too few to train on         422
     +- QueueFull                 too many sessions wait for a batch; scored at once  503
     +- SettingsError             a setting is unknown, misspelt or out of range
     +- ArtefactError             a model artefact is missing, damaged or foreign
     +- StoreError                the store cannot do what was asked
     |   +- StoreUnavailable      for now: full disk, locked, closing          503
     |   +- StoreRefused          for good: read-only folder, unsafe SQLite
     +- HostedError               the hosted model gave no usable answer (has a reason code)  502
     |   +- HostedNotConfigured   there is no key to ask it with               503
     +- InvalidWebhook            a webhook that its sender did not sign, or not just now
     +- EvaluationRefused         the protocol forbids judging this data

Each class has a stable ``code`` (the ``type`` of the problem document over HTTP) and an HTTP status.
"""

from playproof.errors.base import PlayproofError
from playproof.errors.hosted import HostedError, HostedNotConfigured, HostedReason, InvalidWebhook
from playproof.errors.input import InputError, InvalidRequest, InvalidSession, MalformedJson, TooLarge
from playproof.errors.sessions import QueueFull, ResultGone, SessionConflict, SessionNotFound
from playproof.errors.state import ArtefactError, SettingsError, StoreError, StoreRefused, StoreUnavailable
from playproof.errors.training import CorpusRefused, DatasetNotFound, EvaluationRefused, ModelNotFound, UploadNotFound, UploadNotReady
from playproof.errors.visits import ChallengeNotFound, ChallengeOver, ChallengeRefused, RateLimited, SiteNotFound

__all__ = [
    "ArtefactError",
    "ChallengeNotFound",
    "ChallengeOver",
    "ChallengeRefused",
    "CorpusRefused",
    "DatasetNotFound",
    "EvaluationRefused",
    "HostedError",
    "HostedNotConfigured",
    "HostedReason",
    "InputError",
    "InvalidRequest",
    "InvalidSession",
    "InvalidWebhook",
    "MalformedJson",
    "ModelNotFound",
    "PlayproofError",
    "QueueFull",
    "RateLimited",
    "ResultGone",
    "SessionConflict",
    "SessionNotFound",
    "SettingsError",
    "SiteNotFound",
    "StoreError",
    "StoreRefused",
    "StoreUnavailable",
    "TooLarge",
    "UploadNotFound",
    "UploadNotReady",
]
