"""docs/add_a_method.md, followed to the letter."""

import re
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest

PAGE = Path(__file__).parents[1] / "docs" / "add_a_method.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


@pytest.fixture
def followed(tmp_path, monkeypatch):
    """Runs blocks of the page one after the other; one that begins with the name of a file becomes that file."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(plt, "show", lambda: None)

    def run(blocks):
        names = {}
        for block in blocks:
            if name := re.match(r"# (\w+\.py)\n", block):
                Path(name[1]).write_text(block, encoding="utf-8")
            else:
                exec(compile(block, PAGE.name, "exec"), names)
        return names

    yield run
    plt.close("all")
    sys.modules.pop("checkshot", None)


def first(word):
    """The place of the first block that has the word."""
    return next(k for k, block in enumerate(BLOCKS) if word in block)


@pytest.mark.slow
def test_the_function_becomes_an_inverter_that_is_saved_and_loaded(followed, capsys):
    names = followed(BLOCKS[: first("# checkshot.py")])
    assert "inside the training range" in capsys.readouterr().out
    low, high = names["result"]["depth_quantile"].sel(quantile=[0.05, 0.95]).values[:, 0]
    assert low < 20 < high and Path("dyke.nc").exists()


def test_the_class_keeps_the_laws(followed):
    names = followed(["import numpy as np", *BLOCKS[first("# checkshot.py") : first("prior = bp.LayeredPrior")]])
    # 20 m at 400 m/s, 30 m at 1500 m/s, 150 m at 2500 m/s
    assert names["time"][0, -1] == pytest.approx(0.05 + 0.02 + 0.06, rel=1e-12)


@pytest.mark.slow
def test_the_class_goes_through_the_pipeline(followed, capsys):
    names = followed(["import numpy as np", "import bpinvert as bp", *BLOCKS[first("# checkshot.py") :]])
    assert "inside the training range" in capsys.readouterr().out
    np.testing.assert_allclose(names["result"]["vp"], names["models"]["vp"], rtol=0.1)
    assert Path("checkshot.png").stat().st_size > 10_000 and Path("checkshot.nc").exists()


def test_every_file_that_the_page_names_exists():
    named = set(re.findall(r"`((?:forward_models|bpinvert|tests|docs)/[\w/.]*)`", PAGE.read_text(encoding="utf-8")))
    assert named and all((PAGE.parents[1] / name).exists() for name in named)
