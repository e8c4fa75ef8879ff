"""Packages of the extras ``[aem]`` and ``[mt]``, imported where a file needs them."""

from __future__ import annotations

import contextlib
import importlib
import io
import warnings


def package(name: str, file: str, extra: str = "aem"):
    """The package or module `name`, which reads `file`.

    Raises
    ------
    ImportError
        If it is not installed, saying how to install it.
    """
    try:
        with quiet():
            return importlib.import_module(name)
    except ImportError as error:
        raise ImportError(
            f"{file} is read by the package {name.split('.')[0]}, which cannot be imported here ({error}); install it "
            f"with pip install 'bpinvert[{extra}]'."
        ) from None


@contextlib.contextmanager
def quiet():
    """Keep other packages' notes to their own programmers off the screen."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        yield
