"""Train an inverse once, invert many soundings.

`inverter` has the class, whose arguments are checked at its `doors` and which `describing` puts into words; `fitting`
trains on `simulations` that `training_sheets` shows like field sheets; a group of soundings becomes a `problem`, is
answered by `solving` (with a `branch` for each layer count, `searching` for the best model of each and `choosing` among
them) and a whole Dataset by `answering`; `learning` says whether more samples would help; `file` has the file's form
and `loading` reads one; `unaided` inverts a sheet without any set-up, by what `electrodes`, `tensors`, `waves` and
`instruments` take from soundings of their kind; `widening` includes strangers.
"""

from bpinvert.inverter.inverter import Inverter
from bpinvert.inverter.loading import load_inverter
from bpinvert.inverter.unaided import invert, survey_of
from bpinvert.inverter.widening import widen

__all__ = ["Inverter", "invert", "load_inverter", "survey_of", "widen"]
