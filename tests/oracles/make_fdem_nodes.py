"""Print the wavenumbers of `forward_models.fdem.quadrature.FAR_NODES`.

Gauss-Newton on their logarithms, the weights eliminated at every step (variable projection; Golub & Pereyra 1973,
doi:10.1137/0710036), the earths that err most weighted up every ten steps. From the project root:
``python -m tests.oracles.make_fdem_nodes`` (seconds).
"""

import numpy as np

from forward_models.fdem import quadrature

N_NODES = 20
# x^2 to x^6; the higher powers count for little, being multiplied by powers of offset/height
N_POWERS = 5


def rows(values, size):
    return np.concatenate([values.real / size, values.imag / size], axis=-1).T


def main():
    earths = list(quadrature._earths(quadrature.FAR_RANGE))
    kernel = lambda x: np.concatenate([quadrature._kernel(x, *earth) for earth in earths], axis=1)  # noqa: E731
    full = 25 * 2.0 ** (-np.arange(345) / 10)
    powers = np.arange(N_POWERS) + 3
    exact = (full ** powers[:, None] * np.exp(-2 * full) * np.log(2) / 10) @ kernel(full)
    size = abs(exact[0])
    # rows relative to the first moment, columns of about one
    scale = np.median(abs(exact) / size, axis=1)
    targets = rows(exact, size) / scale
    importance = np.ones(len(size))

    def solve(log_x):
        weighted = np.tile(importance, 2)[:, None]
        matrix = rows(kernel(np.exp(log_x)), size) * weighted
        norm = np.sqrt((matrix**2).mean(axis=0))
        ridge = 1e-11 * np.sqrt(len(matrix)) * np.eye(len(norm))
        q, r = np.linalg.qr(np.concatenate([matrix / norm, ridge]))
        q = q[: len(matrix)]
        weights = np.linalg.solve(r, q.T @ (targets * weighted)) / norm[:, None]
        return weights, q, targets * weighted - matrix @ weights

    log_x = np.log(np.geomspace(4e-3, 8.0, N_NODES))
    damping = 1e-3
    for step in range(150):
        weights, q, residual = solve(log_x)
        change = rows(kernel(np.exp(log_x + 1e-5)) - kernel(np.exp(log_x - 1e-5)), size) / 2e-5
        change *= np.tile(importance, 2)[:, None]
        change -= q @ (q.T @ change)
        normal = (change.T @ change) * (weights @ weights.T)
        gradient = ((change.T @ residual) * weights).sum(axis=1)
        for _ in range(8):
            move = np.linalg.solve(normal + damping * np.diag(np.diag(normal)), gradient)
            move *= min(1, 0.3 / abs(move).max())
            if (solve(log_x + move)[2] ** 2).sum() < (residual**2).sum():
                log_x, damping = log_x + move, max(damping / 4, 1e-9)
                break
            damping *= 6
        else:
            break
        if step % 10 == 9:
            error = residual / np.tile(importance, 2)[:, None]
            error = np.hypot(*np.split(error, 2)).max(axis=1)
            importance *= (error / error.mean() + 0.1) ** 0.3
            importance /= importance.mean()
    error = abs(np.hypot(*np.split(solve(log_x)[2] / np.tile(importance, 2)[:, None], 2))).max()
    print(np.array2string(np.sort(np.exp(log_x)), precision=12, separator=", "), f"\nlargest error {error:.1e}")


if __name__ == "__main__":
    main()
