"""What every file that is written here has in common: a fitted model, a known suffix, a place that can be written."""

from __future__ import annotations

import contextlib
from pathlib import Path

from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

# Of the format of network files.
VERSION = 1


def with_suffix(path, allowed, what: str) -> Path:
    """`path` as a Path that ends as one of `allowed`, in small letters or capitals.

    Raises
    ------
    ValueError
        If it ends otherwise.
    """
    path = Path(path)
    if path.suffix.lower() not in allowed:
        raise ValueError(
            f"{path} has the suffix {path.suffix!r}; {what} ends in {' or '.join(allowed)}. Name the file accordingly."
        )
    return path


def require_fitted(model, function: str) -> None:
    """Refuse a model that has nothing to store yet."""
    try:
        check_is_fitted(model)
    except NotFittedError:
        raise ValueError(f"this {type(model).__name__} is not fitted; call fit() before {function}().") from None


def require_version(path, version) -> None:
    """Refuse a network file of another version of the format."""
    if version != VERSION:
        raise ValueError(
            f"{path} has version {version!r} of the format, this version of bpinvert reads {VERSION}. "
            "Update bpinvert, or save the network again."
        )


@contextlib.contextmanager
def saying_why(path):
    """Tell in one sentence why `path` cannot be written, where it is the user's to change."""
    if path.is_dir():
        raise ValueError(f"{path} is a folder; give the name of a file in it.")
    try:
        yield
    except PermissionError:
        raise ValueError(
            f"{path} cannot be written: no permission. Choose another folder, or close the program that has it open."
        ) from None
