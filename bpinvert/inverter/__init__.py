"""Train an inverse once, invert many soundings.

`inverter` has the class; `fitting` trains, `solving` answers one group of soundings (with a `branch` for each layer
count), `answering` a whole Dataset; `simulations` are what is trained on; `file` saves and loads; `unaided` inverts a
sheet without any set-up.
"""

from bpinvert.inverter.inverter import Inverter, load_inverter
from bpinvert.inverter.unaided import invert

__all__ = ["Inverter", "invert", "load_inverter"]
