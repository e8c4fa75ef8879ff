"""How large measurement errors are, and noisy data drawn with them.

`noise` has the class and `settings` its door; `stated` and `unstated` are for soundings with errors and without.
"""

from bpinvert.noise.noise import Noise, noise_from_dict
from bpinvert.noise.unstated import FREEDOM, joined_noise, usual_noise

__all__ = ["FREEDOM", "Noise", "joined_noise", "noise_from_dict", "usual_noise"]
