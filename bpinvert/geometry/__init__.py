"""A field sounding's own readings and the channels of the network, each mapped to the other."""

from bpinvert.geometry.grouping import Group, groups, survey_at
from bpinvert.geometry.mapping import at_readings, extrapolated, mapping_error, mn_segments, movable, readings_matrix
from bpinvert.geometry.observed import as_observed, used_at

__all__ = [
    "Group",
    "as_observed",
    "at_readings",
    "extrapolated",
    "groups",
    "mapping_error",
    "mn_segments",
    "movable",
    "readings_matrix",
    "survey_at",
    "used_at",
]
