"""`bpinvert train`: an inverter by a recipe."""

from __future__ import annotations

import time

import bpinvert as bp
from bpinvert.cli.info import describe_inverter
from bpinvert.cli.output import check_writable
from bpinvert.cli.recipe import read_recipe


def run(options) -> int:
    recipe = read_recipe(options.recipe)
    output = check_writable(options.output, (".nc",))
    inverter = bp.Inverter(recipe.survey, recipe.prior, recipe.noise, **recipe.training)
    settings = {"n_samples" if key == "n" else key: value for key, value in recipe.samples.items()} | recipe.fit
    if options.stream:
        settings["stream"] = True
    samples = bp.open_samples(options.samples) if options.samples else None
    begin = time.perf_counter()
    inverter.fit(samples, checkpoint=options.checkpoint or output.with_suffix(".checkpoint"), **settings)
    seconds = time.perf_counter() - begin
    inverter.save(output)
    print(f"The inverter is in {output}; training took {seconds:.0f} s.")
    print(describe_inverter(inverter))
    return 0
