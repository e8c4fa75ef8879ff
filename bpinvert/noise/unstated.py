"""What is assumed of soundings that come without errors."""

from __future__ import annotations

import numpy as np

from bpinvert.noise.noise import Noise

# Readings beyond the parameters that a noise level can be estimated from.
FREEDOM = 2


def usual_noise(channels, relative=0.03) -> Noise:
    """The same relative error on everything; on a phase the angle that this error of ρa = |Z|²/(ωμ) stands for.

    Data that change sign have an error at zero too: where their scale turns linear, at its smallest width.
    """
    if channels.joined:
        return joined_noise([(part, usual_noise(part.channels, relative)) for part in channels.parts])
    if channels.changes_sign:
        columns = {quantity: channels.columns(quantity) for quantity in channels.quantities}
        signed = [quantity for quantity in columns if channels.scale[columns[quantity][0]] == "asinh"]
        floor = {quantity: float(channels.width[columns[quantity]].min()) for quantity in signed}
        return Noise(relative=relative, floor=floor)
    phases = [quantity for quantity in channels.quantities if quantity == "phase"]
    if not phases:
        return Noise(relative=relative)
    others = {quantity: relative for quantity in channels.quantities if quantity != "phase"}
    angle = np.degrees(np.divide(relative, 2)).tolist()
    return Noise(relative=others, floor={"phase": angle})


def joined_noise(noises) -> Noise:
    """The noise of several methods, [(Part, Noise)], as one: all by quantity."""
    settings = {"relative": {}, "floor": {}}
    for part, noise in noises:
        for kind, setting in settings.items():
            level = getattr(noise, kind)
            by_quantity = level if isinstance(level, dict) else dict.fromkeys(part.channels.quantities, level)
            setting |= {part.named(quantity): one for quantity, one in by_quantity.items() if one != 0}
    return Noise(**{kind: setting or 0.0 for kind, setting in settings.items()})
