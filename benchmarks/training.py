"""Task NET: validation error against wall time for scikit-learn, PyTorch and bpinvert, on the same cores.

``python -m benchmarks.training`` prints three tables: with 3 % noise redrawn every epoch, without noise, and the time
to predict. Every method trains the same network: 20 inputs, 64 tanh neurons, 7 outputs, all standardised. A method with
a schedule is trained anew for each budget: its entry is what one gets who asks for that many seconds. PyTorch is left
out where it is not installed (extra ``bench``).
"""

from __future__ import annotations

import argparse
import os
import time
import warnings

import numpy as np
from sklearn.neural_network import MLPRegressor

from benchmarks.tasks import TASKS
from bpinvert.network import BPRegressor

try:
    import torch
except ImportError:
    torch = None

NOISE = 0.03 / np.log(10)
HIDDEN, BATCH_TORCH = 64, 1024
OURS = ("soap", "lbfgs")
TRAINING_SEED, VALIDATION_SEED, NOISE_SEED = 1, 2, 3


class Data:
    """Standardised samples of task NET, with or without noise."""

    def __init__(self, noisy):
        task = TASKS["VES4"]
        parts = []
        for n, seed in ((100_000, TRAINING_SEED), (10_000, VALIDATION_SEED)):
            models = task.prior.draw(n, np.random.default_rng(seed))
            targets = np.log10(np.hstack([models["resistivity"], models["thickness"]]))
            parts.append((np.log10(task.survey(**models)), targets))
        (inputs, targets), (self.held_out, self.truth) = parts
        self.noise = NOISE if noisy else 0.0
        self.center, self.scale = inputs.mean(axis=0), np.hypot(inputs.std(axis=0), self.noise)
        self.middle, self.spread = targets.mean(axis=0), targets.std(axis=0)
        self.clean = self.standard(inputs)
        self.Y = ((targets - self.middle) / self.spread).astype(np.float32)
        rng = np.random.default_rng(VALIDATION_SEED + 100)
        self.held_out = self.standard(self.held_out + self.noise * rng.standard_normal(self.held_out.shape))

    def standard(self, inputs):
        return ((inputs - self.center) / self.scale).astype(np.float32)

    def epoch(self, number):
        """Inputs and targets, with fresh noise where there is any."""
        if not self.noise:
            return self.clean, self.Y
        rng = np.random.default_rng([NOISE_SEED, number])
        size = (self.noise / self.scale).astype(np.float32)
        return self.clean + size * rng.standard_normal(self.clean.shape, dtype=np.float32), self.Y

    def error(self, answer):
        """RMSE in log10 units over all validation models and outputs."""
        return float(np.sqrt(np.mean((answer * self.spread + self.middle - self.truth) ** 2)))


class Curve:
    """Errors at the times asked for, on a clock that stands still while errors are computed."""

    def __init__(self, times):
        self.times, self.errors = list(times), []
        self._started, self._lost = time.perf_counter(), 0.0

    def elapsed(self):
        return time.perf_counter() - self._started - self._lost

    def over(self):
        return len(self.errors) == len(self.times)

    def look(self, error):
        """Note ``error()`` for every time that has come."""
        elapsed = self.elapsed()
        if self.over() or elapsed < self.times[len(self.errors)]:
            return
        began = time.perf_counter()
        value = error()
        self._lost += time.perf_counter() - began
        while not self.over() and elapsed >= self.times[len(self.errors)]:
            self.errors.append(value)


def ours(data, times, trainer):
    """bpinvert, trained anew for each budget."""
    errors = []
    for seconds in times:
        network = BPRegressor(
            HIDDEN, trainer=trainer, max_epochs=None, max_time=seconds, validation_fraction=0, random_state=0
        )
        network.fit_stream(data.epoch) if data.noise else network.fit(*data.epoch(0))
        errors.append(data.error(network.predict(data.held_out)))
    return errors


def sklearn_adam(data, times):
    """scikit-learn's MLPRegressor, Adam with its defaults, float32."""
    network = MLPRegressor(hidden_layer_sizes=(HIDDEN,), activation="tanh", alpha=0.0, random_state=0)
    curve, epoch = Curve(times), 0
    while not curve.over():
        network.partial_fit(*data.epoch(epoch))
        epoch += 1
        curve.look(lambda: data.error(network.predict(data.held_out)))
    return curve.errors


def sklearn_lbfgs(data, times):
    """scikit-learn's MLPRegressor, L-BFGS, float32; it gives no way to look inside, so trained anew for each budget."""
    errors, per_iteration = [], None
    for seconds in times:
        iterations = 20 if per_iteration is None else max(int(seconds / per_iteration), 1)
        while True:
            network = MLPRegressor(
                hidden_layer_sizes=(HIDDEN,),
                activation="tanh",
                alpha=0.0,
                solver="lbfgs",
                max_iter=iterations,
                max_fun=10**9,
                random_state=0,
            )
            began = time.perf_counter()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                network.fit(*data.epoch(0))
            took = time.perf_counter() - began
            first, per_iteration = per_iteration is None, took / max(network.n_iter_, 1)
            if not first:
                break
            iterations = max(int(seconds / per_iteration), 1)
        errors.append(data.error(network.predict(data.held_out)))
    return errors


def _torch_network():
    torch.manual_seed(0)
    network = torch.nn.Sequential(torch.nn.Linear(20, HIDDEN), torch.nn.Tanh(), torch.nn.Linear(HIDDEN, 7))
    return network, torch.nn.MSELoss()


def _torch_error(data, network):
    with torch.no_grad():
        return data.error(network(torch.from_numpy(data.held_out)).numpy())


def torch_adam(data, times):
    """PyTorch, Adam with batches of 1024 and a rate that falls as a cosine over the budget; anew for each budget."""
    errors = []
    for seconds in times:
        network, loss = _torch_network()
        optimiser = torch.optim.Adam(network.parameters(), lr=0.01)
        began, epoch = time.perf_counter(), 0
        while time.perf_counter() - began < seconds:
            X, Y = (torch.from_numpy(array) for array in data.epoch(epoch))
            order = torch.randperm(len(X))
            for start in range(0, len(X), BATCH_TORCH):
                share = min((time.perf_counter() - began) / seconds, 1.0)
                optimiser.param_groups[0]["lr"] = 0.01 * 0.5 * (1 + np.cos(np.pi * share))
                rows = order[start : start + BATCH_TORCH]
                optimiser.zero_grad(set_to_none=True)
                loss(network(X[rows]), Y[rows]).backward()
                optimiser.step()
            epoch += 1
        errors.append(_torch_error(data, network))
    return errors


def torch_lbfgs(data, times):
    """PyTorch, L-BFGS on all samples with a strong Wolfe line search; with noise, fresh samples every 20 iterations."""
    network, loss = _torch_network()
    curve, epoch = Curve(times), 0
    settings = {"max_iter": 20, "history_size": 20, "tolerance_grad": 0.0, "tolerance_change": 0.0}
    optimiser = None
    while not curve.over():
        if optimiser is None or data.noise:
            X, Y = (torch.from_numpy(array) for array in data.epoch(epoch))
            optimiser = torch.optim.LBFGS(network.parameters(), line_search_fn="strong_wolfe", **settings)

        def closure(X=X, Y=Y, optimiser=optimiser):
            optimiser.zero_grad()
            value = loss(network(X), Y)
            value.backward()
            return value

        optimiser.step(closure)
        epoch += 1
        curve.look(lambda: _torch_error(data, network))
    return curve.errors


def table(noisy, times, long):
    """Train everything and print one table; `long` are the peers' further budgets."""
    data = Data(noisy)
    kind = "3 % noise, redrawn every epoch" if noisy else "no noise"
    print(f"\n{kind}: validation RMSE (log10) after so many seconds")
    print(f"{'':28s}" + "".join(f"{seconds:>8g}" for seconds in (*times, *long)))
    peers = {"scikit-learn Adam": sklearn_adam}
    if not noisy:
        peers["scikit-learn L-BFGS"] = sklearn_lbfgs
    if torch is not None:
        peers |= {"PyTorch Adam, scheduled": torch_adam, "PyTorch L-BFGS": torch_lbfgs}
    rows = {}
    for name, run in peers.items():
        rows[name] = run(data, (*times, *long))
        _line(name, rows[name])
    for trainer in OURS:
        rows[trainer] = ours(data, times, trainer)
        _line(f"bpinvert {trainer}", rows[trainer])
    best_peer = min(min(rows[name]) for name in peers)
    last = (*times, *long)[-1]
    best = [min(rows[trainer][k] for trainer in OURS) for k in range(len(times))]
    reached = next((seconds for seconds, error in zip(times, best, strict=True) if error <= best_peer), None)
    within = f"{reached:g} s" if reached else f"more than {times[-1]:g} s"
    print(f"best peer within {last:g} s: {best_peer:.4f}; bpinvert reaches it in {within}")
    sklearn = [min(rows[name][k] for name in peers if name.startswith("scikit")) for k in range(len(times))]
    behind = [seconds for seconds, a, b in zip(times, best, sklearn, strict=True) if seconds >= 5 and a > b]
    print(f"behind scikit-learn at: {', '.join(f'{seconds:g} s' for seconds in behind) or 'no budget'}")


def _line(name, errors):
    print(f"{name:28s}" + "".join(f"{error:8.4f}" for error in errors), flush=True)


def prediction(repeats=7):
    """Time to predict a million soundings, all methods alternating."""
    rng = np.random.default_rng(0)
    X, Y = rng.standard_normal((1_000_000, 20), dtype=np.float32), rng.standard_normal((1000, 7), dtype=np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        peer = MLPRegressor(hidden_layer_sizes=(HIDDEN,), activation="tanh", max_iter=1, random_state=0).fit(
            X[:1000], Y
        )
    network = BPRegressor(HIDDEN, max_epochs=1, random_state=0).fit(X[:1000], Y)
    methods = {"scikit-learn": lambda: peer.predict(X)}
    if torch is not None:
        tensor, module = torch.from_numpy(X), _torch_network()[0]

        def by_torch():
            with torch.no_grad():
                return module(tensor)

        methods["PyTorch"] = by_torch
    methods["bpinvert"] = lambda: network.predict(X)
    seconds = {name: [] for name in methods}
    for _ in range(repeats):
        for name, method in methods.items():
            began = time.perf_counter()
            method()
            seconds[name].append(time.perf_counter() - began)
    print("\na million predictions, median of", repeats)
    for name, values in seconds.items():
        print(f"{name:28s}{np.median(values):8.3f} s")


def main():
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=float, nargs="+", default=[5, 10, 15, 25, 60], help="budgets in s")
    parser.add_argument("--long", type=float, nargs="*", default=[100], help="further budgets of the peers")
    parser.add_argument("--only", choices=["clean", "noisy", "predict"])
    options = parser.parse_args()
    threads = os.environ.get("OMP_NUM_THREADS", "not set")
    version = f"PyTorch {torch.__version__} with {torch.get_num_threads()} threads" if torch else "no PyTorch"
    print(f"OMP_NUM_THREADS {threads}, {os.cpu_count()} cores, {version}")
    for noisy, name in ((True, "noisy"), (False, "clean")):
        if options.only in (None, name):
            table(noisy, options.times, options.long)
    if options.only in (None, "predict"):
        prediction()


if __name__ == "__main__":
    main()
