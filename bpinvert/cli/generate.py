"""`bpinvert generate`: training samples by a recipe."""

from __future__ import annotations

import bpinvert as bp
from bpinvert.cli.output import check_writable
from bpinvert.cli.recipe import read_recipe


def run(options) -> int:
    recipe = read_recipe(options.recipe)
    output = check_writable(options.output, (".nc",))
    settings = {"seed": 0} | recipe.samples
    settings |= {key: getattr(options, key) for key in ("n", "seed") if getattr(options, key) is not None}
    if "n" not in settings:
        raise ValueError(f"{options.recipe} has no n in [samples]; add it, or give the number of samples by -n.")
    samples = bp.generate_samples(recipe.survey, recipe.prior, path=output, **settings)
    print(f"{samples.sizes['sample']} samples of {samples.sizes['channel']} channels are in {output}")
    return 0
