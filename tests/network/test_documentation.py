"""docs/network.md states the defaults and names of the code."""

import ast
import inspect
import re
from pathlib import Path

from bpinvert import network
from bpinvert.network.heads import HEADS
from bpinvert.network.settings import OUTPUTS
from bpinvert.network.trainers import TRAINERS

TEXT = (Path(__file__).parents[2] / "docs" / "network.md").read_text(encoding="utf-8")
STATED = re.findall(r"`(\w+)\((\w+=[^`]+)\)`", TEXT)


def test_defaults_of_the_migration_table_are_those_of_the_code():
    seen = set()
    for owner, arguments in STATED:
        parameters = inspect.signature(getattr(network, owner)).parameters
        for keyword in ast.parse(f"f({arguments})", mode="eval").body.keywords:
            assert parameters[keyword.arg].default == ast.literal_eval(keyword.value), (owner, keyword.arg)
            seen.add((owner, keyword.arg))
    assert len(seen) > 35
    # Every setting that has a counterpart in MATLAB.
    for kind in ("Adaptive", "Rprop", "LevenbergMarquardt", "BayesianRegularisation"):
        names = inspect.signature(getattr(network, kind)).parameters
        assert {name for owner, name in seen if owner == kind} == set(names)


def test_every_trainer_and_head_has_its_place():
    assert all(f"`{name}`" in TEXT for name in (*TRAINERS, *HEADS))
    for name, head in HEADS.items():
        row = next(line for line in TEXT.splitlines() if line.startswith(f"| `{name}` |")).split("|")
        assert row[3].strip() == ", ".join(OUTPUTS[name])
        assert ("lm" in row[4]) == (not head.residual)


def test_shares_held_out_and_precisions_are_those_of_the_trainers():
    assert {t.name: t.validation_fraction for t in TRAINERS.values()} == {
        name: 0.0 if name == "br" else 0.1 for name in TRAINERS
    }
    assert {t.name for t in TRAINERS.values() if t.dtype == "float32"} == {"adam", "lbfgs", "soap"}


def test_every_attribute_of_the_text_exists():
    attributes = set(re.findall(r"`(\w+_)(?:\[[^`]*)?`", TEXT))
    assert {"V_", "W_", "weights_", "matrices_", "effective_parameters_", "residual_std_"} <= attributes
    model = network.BPRegressor(2, max_epochs=1).fit([[0.0], [1.0]], [0.0, 1.0])
    assert all(hasattr(model, name) for name in attributes)
