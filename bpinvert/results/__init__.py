"""The result Dataset: `names`, meanings and units; `answer`, its arrays; `dataset` builds it; `soundings` looks one up.

`provenance` says which versions made it.
"""

from bpinvert.results.answer import Answer
from bpinvert.results.dataset import build, flags_of
from bpinvert.results.names import FLAG_BITS, NOT_INVERTED, STATUS, UNITS, unit_of
from bpinvert.results.provenance import versions
from bpinvert.results.soundings import MOST_LISTED, compact, investigated, layer_shares, place_of, sounding_name

__all__ = [
    "FLAG_BITS",
    "MOST_LISTED",
    "NOT_INVERTED",
    "STATUS",
    "UNITS",
    "Answer",
    "build",
    "compact",
    "flags_of",
    "investigated",
    "layer_shares",
    "place_of",
    "sounding_name",
    "unit_of",
    "versions",
]
