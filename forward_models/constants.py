"""Constants of nature that several methods need."""

import numpy as np

# Magnetic permeability of free space, which is also that of the ground, H/m.
MU0 = 4e-7 * np.pi
