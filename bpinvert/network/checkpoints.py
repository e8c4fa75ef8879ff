"""The state of a training between two epochs, and its file."""

from __future__ import annotations

import json
import os
import tempfile
import time
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

SECONDS_BETWEEN_SAVES = 5.0
ARRAYS = ("weights", "best_weights")
CURVES = ("loss_curve", "validation_curve")
NUMBERS = ("seed", "best_loss", "best_epoch", "epoch", "elapsed")


@dataclass(frozen=True)
class Snapshot:
    """Training as it stood after a whole epoch: never changed, so Ctrl-C cannot leave half a step in it."""

    weights: np.ndarray
    state: dict[str, np.ndarray]
    best_weights: np.ndarray
    seed: int = 0
    best_loss: float = np.inf
    best_epoch: int = 0
    epoch: int = 0
    elapsed: float = 0.0
    loss_curve: tuple[float, ...] = ()
    validation_curve: tuple[float, ...] = ()

    def after(self, weights, state, loss, validation_loss, elapsed, *, keep=False) -> Snapshot:
        """The snapshot one epoch later.

        Without a validation loss the training loss says what is best, or with `keep` the last epoch is.
        """
        judged = loss if validation_loss is None else validation_loss
        better = keep or judged < self.best_loss
        validated = () if validation_loss is None else (validation_loss,)
        return replace(
            self,
            weights=weights.copy(),
            state={name: value.copy() for name, value in state.items()},
            best_weights=weights.copy() if better else self.best_weights,
            best_loss=judged if better else self.best_loss,
            best_epoch=self.epoch + 1 if better else self.best_epoch,
            epoch=self.epoch + 1,
            elapsed=elapsed,
            loss_curve=(*self.loss_curve, loss),
            validation_curve=(*self.validation_curve, *validated),
        )


class CheckpointFile:
    """A snapshot on disk as .npz (arrays and JSON, no pickle), replaced at most every few seconds.

    Parameters
    ----------
    path : path-like
        Used as it is; no suffix is added.
    settings : dict
        JSON-able description of the training. A file of another training is refused.

    Raises
    ------
    ValueError
        If the folder of `path` does not exist.
    """

    def __init__(self, path, settings: dict):
        self.path = Path(path)
        if not self.path.parent.is_dir():
            raise ValueError(
                f"checkpoint is {self.path} but there is no folder {self.path.parent}; it must lie in an "
                "existing one. Make the folder or name another file."
            )
        self.settings = json.loads(json.dumps(settings))
        self._saved = time.monotonic()

    def load(self) -> Snapshot | None:
        """The stored snapshot, or None where there is no file.

        Raises
        ------
        ValueError
            If the file is no readable checkpoint, or belongs to other settings or data.
        """
        if not self.path.exists():
            return None
        try:
            with np.load(self.path, allow_pickle=False) as file:
                stored = {name: file[name] for name in file.files}
            settings = json.loads(str(stored.pop("settings")))
            state = {name.removeprefix("state_"): stored[name] for name in stored if name.startswith("state_")}
            arrays = {name: stored[name] for name in ARRAYS}
            curves = {name: tuple(stored[name].tolist()) for name in CURVES}
            numbers = {name: stored[name].item() for name in NUMBERS}
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise ValueError(
                f"checkpoint {self.path} is not a readable checkpoint of this package ({error}). "
                "Delete it or name another file."
            ) from None
        different = [key for key in settings | self.settings if settings.get(key) != self.settings.get(key)]
        if different:
            was, now = ({key: both.get(key) for key in different} for both in (settings, self.settings))
            raise ValueError(
                f"checkpoint {self.path} was written with {was}, now it is {now}; a training resumes with "
                "its own settings and data only. Set them back, delete the file or name another one."
            )
        return Snapshot(state=state, **arrays, **curves, **numbers)

    def save(self, snapshot: Snapshot) -> None:
        """Write to a temporary name beside the file and move it into place."""
        arrays = {name: np.asarray(getattr(snapshot, name)) for name in (*ARRAYS, *CURVES, *NUMBERS)}
        arrays["settings"] = np.array(json.dumps(self.settings))
        arrays |= {f"state_{name}": value for name, value in snapshot.state.items()}
        handle, temporary = tempfile.mkstemp(prefix=self.path.name, suffix=".part", dir=self.path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                np.savez(file, **arrays)
            os.replace(temporary, self.path)
        except BaseException:
            os.unlink(temporary)
            raise
        self._saved = time.monotonic()

    def save_if_due(self, snapshot: Snapshot) -> None:
        """Save where the last save is more than a few seconds old."""
        if time.monotonic() - self._saved >= SECONDS_BETWEEN_SAVES:
            self.save(snapshot)

    def remove(self) -> None:
        """Delete the file, if any: the training has come to its end."""
        self.path.unlink(missing_ok=True)
