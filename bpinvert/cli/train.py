"""`bpinvert train`: an inverter by a recipe, or one that includes what another has flagged."""

from __future__ import annotations

import json
import sys
import time

import bpinvert as bp
from bpinvert.cli.files import open_result
from bpinvert.cli.info import describe_inverter, describe_survey
from bpinvert.cli.output import check_writable
from bpinvert.cli.recipe import read_recipe
from bpinvert.noise import noise_from_dict
from bpinvert.priors import prior_from_dict
from forward_models import survey_from_dict


def run(options) -> int:
    if bool(options.recipe) == bool(options.widen):
        raise ValueError("train takes either a RECIPE.toml or --widen RESULT.nc; give one of the two.")
    output = check_writable(options.output, (".nc",))
    inverter, settings, calibration = _widened(options.widen) if options.widen else _of_recipe(options.recipe)
    if options.stream:
        settings["stream"] = True
    samples = bp.open_samples(options.samples) if options.samples else None
    begin = time.perf_counter()
    inverter.fit(samples, checkpoint=options.checkpoint or output.with_suffix(".checkpoint"), **settings)
    if calibration:
        inverter.calibrate(**calibration, progress=sys.stderr.isatty())
    seconds = time.perf_counter() - begin
    inverter.save(output)
    print(f"The inverter is in {output}; training took {seconds:.0f} s.")
    print(describe_inverter(inverter))
    return 0


def _of_recipe(path):
    """The unfitted inverter of a recipe, and the keywords of its fit and its calibration."""
    recipe = read_recipe(path)
    inverter = bp.Inverter(recipe.survey, recipe.prior, recipe.noise, sheets=recipe.sheets, **recipe.training)
    settings = {"n_samples" if key == "n" else key: value for key, value in recipe.samples.items()} | recipe.fit
    return inverter, settings, recipe.calibration


def _widened(path):
    """The unfitted inverter that includes what a result has flagged; prints in what it differs."""
    result = open_result(path)
    if not {"survey", "prior", "noise"} <= set(result.attrs):
        raise ValueError(
            f"{path} holds soundings of several inverters; invert them with one --inverter and widen that."
        )
    inverter = bp.widen(result)
    print(f"{path}: {describe_widening(result, inverter)}", flush=True)
    return inverter, {}, {}


def describe_widening(result, inverter) -> str:
    """What of survey, prior and noise differs from those of the result, old → new."""
    parts = {
        "survey": lambda stored: describe_survey(survey_from_dict(stored)),
        "prior": lambda stored: repr(prior_from_dict(stored)),
        "noise": lambda stored: repr(noise_from_dict(stored)),
    }
    lines = []
    for name, describe in parts.items():
        new = describe(getattr(inverter, name).to_dict())
        old = describe(json.loads(result.attrs[name]))
        if new != old:
            lines.append(f"\n  {name.ljust(6)}  {old}\n       →  {new}")
    return "widened to include the flagged soundings" + "".join(lines) if lines else "nothing had to be widened"
