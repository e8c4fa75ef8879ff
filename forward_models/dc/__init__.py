"""Direct-current soundings over a layered earth: Schlumberger, Wenner, dipole-dipole, pole-dipole, pole-pole.

`base` has the earth, `arrays` the electrodes.
"""

from forward_models.dc.arrays import DipoleDipole, PoleDipole, PolePole, Schlumberger, Wenner

__all__ = ["DipoleDipole", "PoleDipole", "PolePole", "Schlumberger", "Wenner"]
