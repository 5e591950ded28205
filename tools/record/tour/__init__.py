"""Every operation of the three services, with its well-known errors: what costs nothing and needs nobody to be live.

A chapter is a noun of the API, begins with an empty account, and deletes what it makes. What has to succeed is called
as it is, and its refusal ends the chapter; what is expected to be refused goes through `Tour.refused()`, which takes
either answer. What needs a bucket is done in the reader's, and left out if they name none. A composition would cost:
there is one of a stage that does not exist.
"""

from . import ivs, ivschat, ivsrealtime

CHAPTERS = [*ivs.CHAPTERS, *ivschat.CHAPTERS, *ivsrealtime.CHAPTERS]
"""The chapters, in order."""
