"""The training loop that all trainers share: budget, validation, best weights, reasons to stop."""

from __future__ import annotations

import contextlib
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from bpinvert.network.checkpoints import Snapshot


class Budget:
    """How much training is allowed, and how much is spent.

    Parameters
    ----------
    max_epochs : int or None
    max_time : float or None
        In seconds, across restarts from a checkpoint.
    spent : float
        Seconds used before this run.
    target_loss : float or None
        Training loss at which to stop.
    """

    def __init__(
        self,
        max_epochs: int | None,
        max_time: float | None,
        spent: float = 0.0,
        target_loss: float | None = None,
    ):
        self.max_epochs = max_epochs
        self.max_time = max_time
        self.target_loss = target_loss
        self.epoch = 0
        self._started = time.perf_counter() - spent

    def elapsed(self) -> float:
        """Seconds of training so far."""
        return time.perf_counter() - self._started

    def share(self, done: float = 0.0) -> float:
        """Share of the budget spent when `done` (0 to 1) of the epoch is: of epochs or time, the larger."""
        by_epochs = (self.epoch + done) / self.max_epochs if self.max_epochs else 0.0
        by_time = self.elapsed() / self.max_time if self.max_time else 0.0
        return min(max(by_epochs, by_time), 1.0)

    def out_of_time(self) -> bool:
        """Whether `max_time` is over; never without one."""
        return self.max_time is not None and self.elapsed() >= self.max_time

    def why_over(self) -> str | None:
        """``"max_epochs"`` or ``"max_time"`` when the budget is spent."""
        if self.max_epochs is not None and self.epoch >= self.max_epochs:
            return "max_epochs"
        return "max_time" if self.out_of_time() else None


class DrawnAhead:
    """Samples of one epoch after the other, the next being drawn by a second thread while this one trains.

    At most two epochs' samples are in memory.

    Parameters
    ----------
    source : callable
        ``source(epoch)`` gives Samples; called once per epoch, in order, never twice at a time.
    """

    def __init__(self, source, first: int, max_epochs: int | None):
        self._source = source
        self._last = np.inf if max_epochs is None else max_epochs - 1
        self._thread = ThreadPoolExecutor(max_workers=1)
        self._next = self._ask(first)

    def _ask(self, epoch):
        return self._thread.submit(self._source, epoch) if epoch <= self._last else None

    def __call__(self, epoch):
        samples = self._next.result()
        self._next = self._ask(epoch + 1)
        return samples

    def close(self):
        """Wait for the thread; what it draws is dropped."""
        self._thread.shutdown(cancel_futures=True)


def train(
    objective,
    trainer,
    snapshot,
    source,
    budget,
    *,
    validation=None,
    patience=None,
    min_gradient=None,
    fixed=True,
    checkpoint=None,
    progress=False,
) -> tuple[Snapshot, str]:
    """Train until a reason to stop arises.

    Parameters
    ----------
    objective : Objective
    trainer : Trainer
    snapshot : Snapshot
        Where to begin. Epoch i shuffles with ``default_rng([seed, i])``: a resumed training sees the same
        batches.
    source : callable
        ``source(epoch)`` gives Samples in the network's dtype.
    budget : Budget
    validation : Samples, optional
    patience : int, optional
        Epochs without a better loss after which to stop.
    min_gradient : float, optional
        Length of the gradient over all samples at which to stop.
    fixed : bool
        Whether every epoch has the same samples, so that a converged trainer is a reason to stop.
    checkpoint : CheckpointFile, optional
        Kept after Ctrl-C, removed at any other end.
    progress : bool
        Show a bar with epoch, loss and seconds.

    Returns
    -------
    snapshot : Snapshot
    reason : str
        "max_epochs", "max_time", "target_loss", "min_gradient", "patience", "converged", "diverged" or "interrupted".
    """
    weights = snapshot.weights.copy()
    state = {name: value.copy() for name, value in snapshot.state.items()}
    bar = tqdm(total=budget.max_epochs, initial=snapshot.epoch, unit="epoch", disable=not progress)
    budget.epoch = snapshot.epoch

    def why_stop(samples, loss, converged):
        if converged and fixed:
            return "converged"
        if budget.target_loss is not None and loss <= budget.target_loss:
            return "target_loss"
        if min_gradient is not None:
            decay = trainer.weight_decay(state)
            gradient = objective.on(samples, weight_decay=decay).loss_and_gradient(weights, clip=False)[1]
            if np.linalg.norm(gradient) <= min_gradient:
                return "min_gradient"
        if patience is not None and snapshot.epoch - snapshot.best_epoch >= patience:
            return "patience"
        return None

    try:
        # Overflow is an expected way to diverge; it is seen in the loss, not as a NumPy warning.
        with bar, np.errstate(over="ignore", invalid="ignore", divide="ignore"), contextlib.ExitStack() as stack:
            # Matrices this small gain nothing from BLAS threads, which would fight with the drawing thread.
            stack.enter_context(threadpool_limits(1, user_api="blas"))
            if not fixed:
                source = DrawnAhead(source, snapshot.epoch, budget.max_epochs)
                stack.callback(source.close)
            while not (reason := budget.why_over()):
                samples = source(snapshot.epoch)
                rng = np.random.default_rng([snapshot.seed, snapshot.epoch])
                loss, converged = trainer.epoch(objective, weights, state, samples, rng, budget)
                held_out = objective.on(validation, weight_decay=0.0).loss(weights) if validation else None
                judged = loss if held_out is None else held_out
                if not (np.isfinite(loss) and np.isfinite(judged) and np.isfinite(weights).all()):
                    reason = "diverged"
                    break
                keep = trainer.keeps_last and held_out is None
                snapshot = snapshot.after(weights, state, loss, held_out, budget.elapsed(), keep=keep)
                budget.epoch = snapshot.epoch
                bar.set_postfix(loss=f"{judged:.5g}", refresh=False)
                bar.update()
                if reason := why_stop(samples, loss, converged):
                    break
                if checkpoint:
                    checkpoint.save_if_due(snapshot)
    except KeyboardInterrupt:
        reason = "interrupted"
    finally:
        objective.close()
    if checkpoint and reason == "interrupted":
        checkpoint.save(snapshot)
    elif checkpoint:
        checkpoint.remove()
    return snapshot, reason
