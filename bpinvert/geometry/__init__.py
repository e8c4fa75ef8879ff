"""A field sounding's own readings and the channels of the network, each mapped to the other."""

from bpinvert.geometry.grouping import Group, groups, survey_at
from bpinvert.geometry.mapping import (
    at_readings,
    details_of,
    extrapolated,
    is_text,
    mapping_error,
    mn_segments,
    movable,
    place_names,
    readings_matrix,
    surveys_of,
    widths_at,
)
from bpinvert.geometry.observed import as_observed, coordinate_unit, span_of, used_at

__all__ = [
    "Group",
    "as_observed",
    "at_readings",
    "coordinate_unit",
    "details_of",
    "extrapolated",
    "groups",
    "is_text",
    "mapping_error",
    "mn_segments",
    "movable",
    "place_names",
    "readings_matrix",
    "span_of",
    "survey_at",
    "surveys_of",
    "used_at",
    "widths_at",
]
