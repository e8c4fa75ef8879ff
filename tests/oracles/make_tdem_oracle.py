"""Write tdem_loops.json and tdem_systems.json: transient soundings to 1e-9, rounded to 12 digits.

`tdem_reference` defines quantities, loops and systems. Time is zero when the current has reached zero. Filtered
systems hold `values` and `values_with_jump` (see `tdem_reference.system_response`).

Not run by the tests; from the project root: ``python -m tests.oracles.make_tdem_oracle`` (needs mpmath; 10 minutes).
It first prints the largest relative differences from a half-space and a thin sheet in closed form (Ward and
Hohmann 1988, eq. 4.97 and 4.98; Maxwell's receding image), from 40-digit mpmath with another recursion and another
contour, from other integrals over squares, and from a Fourier series of whole systems.
"""

import json
from itertools import pairwise
from pathlib import Path

import mpmath as mp
import numpy as np
from scipy.interpolate import make_interp_spline
from scipy.special import j0, j1

from tests.oracles.tdem_reference import MU0, excess, kernel, panels, step, system_response

TIME = np.geomspace(1e-5, 1e-2, 25)
MODELS = {
    "half-space 0.3": ([], [0.3]),
    "half-space 10": ([], [10]),
    "half-space 10 000": ([], [1e4]),
    "100 over 10": ([30], [100, 10]),
    "conductive over resistive": ([20], [5, 3000]),
    "resistive over conductive 3000:1": ([30], [3000, 1]),
    "conductive middle": ([20, 15], [300, 3, 1000]),
    "resistive middle": ([25, 50], [10, 5000, 10]),
    "thin sheet 3.3 S": ([10, 1], [1e4, 0.3, 1e4]),
    "four layers": ([5, 20, 100], [50, 5, 500, 20]),
    "five layers": ([1, 10, 40, 200], [200, 20, 1000, 2, 100]),
    "six layers": ([2, 8, 20, 60, 150], [10, 1000, 1, 1e4, 0.5, 300]),
}
# USGS SkyTEM systems of Elk Hills as published, times in µs; the current stays zero after the last node.
LOW_MOMENT = {
    "base_frequency": 210,
    "time": """
        -800 -765 -628 -435 -92.2 0 0.22 0.49 1.09 1.69 3.31 3.9 4.47 5.5 6.58 7.27 8.01 9.68 11.7 14.6
    """,
    "current": """
        0 0.0634 0.25 0.475 0.89 1 0.997 0.98 0.91 0.816 0.537 0.447 0.37 0.256 0.168 0.126 0.0908
        0.0408 0.013 0
    """,
    "gate_open": """
        18.28 23.28 29.28 37.28 47.28 60.27 76.27 96.27 121.3 152.3 192.3 243.3 306.3 387.3 488.3 615.3
        776.3 978.3 1233
    """,
    "gate_close": """
        22.85 28.85 36.85 46.85 59.85 75.87 95.87 120.9 151.9 191.9 242.9 305.9 386.9 487.9 614.9 775.9
        977.9 1233 1555
    """,
}
HIGH_MOMENT = {
    "base_frequency": 30,
    "time": """
        -4000 -3910 -3810 -3720 -3680 -2300 -1010 0 3.25 100 202 282 308 313 315 317 319
    """,
    "current": """
        0 0.317 0.63 0.879 0.961 0.974 0.988 1 0.991 0.702 0.378 0.116 0.0279 0.0121 0.00661 0.00303 0
    """,
    "gate_open": """
        379.6 387.6 397.6 410.6 426.6 446.6 471.6 502.6 542.6 593.6 656.6 737.6 838.6 965.6 1127 1329
        1584 1906 2312 2823 3469 4261 5229 6414 7866 9642
    """,
    "gate_close": """
        387.2 397.2 410.2 426.2 446.2 471.2 502.2 542.2 593.2 656.2 737.2 838.2 965.2 1126 1328 1583
        1905 2311 2822 3468 4260 5228 6413 7865 9641 11820
    """,
}
WALKTEM = [[450e3, 1], [450e3, 1]]
SKYTEM = [[300e3, 1], [210e3, 2]]


def pulsed(published):
    """Waveform and gates of a published system in s, time from the end of the current."""
    time, current, begin, close = (
        np.array(published[key].split(), float) for key in ("time", "current", "gate_open", "gate_close")
    )
    node, gates = (np.round((x - time[-1]) * 1e-6, 12).tolist() for x in (time, np.transpose([begin, close])))
    waveform = {"time": node, "current": current.tolist(), "base_frequency": published["base_frequency"]}
    return {"waveform": waveform, "gates": gates}


LOOPS = {
    "circle": {"radius": 22.57, "receiver": "central", "height": 0},
    "square": {"side": 40, "receiver": "central", "height": 0},
    "airborne 30 m": {"radius": 10.416, "receiver": "central", "height": 30},
    "airborne 45 m": {"radius": 10.416, "receiver": "central", "height": 45},
    "coincident square": {"side": 50, "receiver": "coincident", "height": 0},
    "coincident circle": {"radius": 25, "receiver": "coincident", "height": 0},
    "inside": {"radius": 10, "receiver": "offset", "height": 0, "offset": [6, 0]},
    "outside": {"radius": 10, "receiver": "offset", "height": 0, "offset": [13, 0]},
    "outside square": {"side": 40, "receiver": "offset", "height": 0, "offset": [30, 0]},
    "bird": {"radius": 10.416, "receiver": "offset", "height": 35, "offset": [-12.5, 2]},
}
GROUND = {"loop": LOOPS["circle"], "time": TIME.tolist()}
AIR = {"loop": {**LOOPS["airborne 30 m"], "height": 35}}
RAMP = {"time": [-5.4e-6, 0], "current": [1, 0]}
SYSTEMS = {
    "ramp": {**GROUND, "waveform": RAMP, "low_pass": []},
    "step, filters": {**GROUND, "waveform": None, "low_pass": WALKTEM},
    "ramp, filters": {**GROUND, "waveform": RAMP, "low_pass": WALKTEM},
    "airborne step, filters": {**AIR, "waveform": None, "low_pass": SKYTEM, "time": TIME.tolist()},
    "low moment": {**AIR, **pulsed(LOW_MOMENT), "low_pass": []},
    "low moment, filters": {**AIR, **pulsed(LOW_MOMENT), "low_pass": SKYTEM},
    "high moment": {**AIR, **pulsed(HIGH_MOMENT), "low_pass": []},
    "high moment, filters": {**AIR, **pulsed(HIGH_MOMENT), "low_pass": SKYTEM},
}


def exact(loop, model, t, quantity="dbdt"):
    """`step` of a circular loop in 40 digits: another recursion and contour, integration between fixed panels."""
    mp.mp.dps = 40
    mu0, t, a = 4 * mp.pi / 10**7, mp.mpf(float(t)), mp.mpf(loop["radius"])
    dx, dz = (mp.mpf(x) for x in loop.get("offset", [0, 0]))
    path = 2 * mp.mpf(loop["height"]) + dz
    sigma = [1 / mp.mpf(float(rho)) for rho in model[1]]
    n = 60
    # Fixed Talbot of Abate and Valko (2004): s = 2n/(5t) φ (cot φ + i).
    nodes = []
    for k in range(n):
        phi = mp.pi * k / n
        cot = mp.cot(phi) if k else 0
        s = mp.mpf(2 * n) / 5 / t * (phi * (cot + 1j) if k else 1)
        turn = 1 + 1j * (phi * (1 + cot**2) - cot) if k else mp.mpf(1) / 2
        nodes.append((s, mp.exp(s * t) * turn * 2 / (5 * t)))

    def spectrum(lam):
        total = mp.mpf(0)
        for s, weight in nodes:
            y = mp.sqrt(lam**2 + mu0 * sigma[-1] * s)
            for h, sg in zip(model[0][::-1], sigma[-2::-1], strict=True):
                u = mp.sqrt(lam**2 + mu0 * sg * s)
                th = mp.tanh(u * h)
                y = u * (y + u * th) / (u + y * th)
            r = (lam - y) / (lam + y)
            total += (weight * (r if quantity == "dbdt" else -r / s)).real
        return total

    def integrand(lam):
        shift = mp.besselj(0, lam * dx) if dx else 1
        return a / 2 * lam * mp.besselj(1, lam * a) * shift * mp.exp(-lam * path) * spectrum(lam)

    top = mp.sqrt(60 * mu0 * max(sigma) / t)
    if path:
        top = min(top, 50 / path)
    low = min(mp.sqrt(mu0 * min(sigma) / t) / 30, top / 10)
    edges = [mp.mpf(0)] + [low * (top / low) ** (mp.mpf(k) / 12) for k in range(13)]
    points = [edges[0]]
    for b in edges[1:]:
        parts = int(mp.ceil((b - points[-1]) * (a + abs(dx) + path) / 8))
        points += [points[-1] + (b - points[-1]) * k / parts for k in range(1, parts)] + [b]
    x, w = np.polynomial.legendre.leggauss(24)
    total = mp.mpf(0)
    for lo, hi in pairwise(points):
        total += (
            sum(
                mp.mpf(float(wi)) * integrand(lo + (hi - lo) * (1 + mp.mpf(float(xi))) / 2)
                for xi, wi in zip(x, w, strict=True)
            )
            * (hi - lo)
            / 2
        )
    return float(mu0 * total)


def half_space(a, rho, t, quantity):
    """Centre of a circle on a half-space in closed form, which cancels: 40 digits."""
    mp.mp.dps = 40
    a, rho, mu0 = mp.mpf(a), mp.mpf(rho), 4 * mp.pi / 10**7
    x = a * mp.sqrt(mu0 / rho / 4 / mp.mpf(float(t)))
    gauss = mp.exp(-(x**2)) / mp.sqrt(mp.pi)
    if quantity == "b":
        return float(mu0 / 2 / a * (3 / x * gauss + (1 - 3 / (2 * x**2)) * mp.erf(x)))
    return float(rho / a**3 * (3 * mp.erf(x) - 2 * x * (3 + 2 * x**2) * gauss))


def fourier(case, model, highest):
    """`system_response` with the jump at `time`, summed over odd harmonics of the base frequency up to `highest` Hz."""
    loop, pulse, t = case["loop"], case["waveform"], np.array(case["time"])
    base = 2 * np.pi * pulse["base_frequency"]
    w = base * np.arange(1, int(highest / pulse["base_frequency"]), 2)
    path, conductivity = 2 * loop["height"], 1 / np.array(model[1], float)
    lam, weight = panels(np.append(0, np.geomspace(1e-6, 45 / path, 160)))
    weight = MU0 * weight * kernel(loop)[0](lam) * np.exp(-lam * path)
    some = np.geomspace(0.99 * w[0], 1.01 * w[-1], 600)
    d = [excess(lam, 1j * one, model[0], conductivity) for one in some]
    field = make_interp_spline(np.log(some), [np.sum(weight * -x / (2 * lam + x)) for x in d], k=7)(np.log(w))
    nodes = list(zip(pulse["time"], pulse["current"], strict=True))
    slope = sum(
        (i1 - i0) / (t1 - t0) * (np.exp(-1j * w * t0) - np.exp(-1j * w * t1)) / (1j * w)
        for (t0, i0), (t1, i1) in pairwise(nodes)
    )
    for cut_off, order in case["low_pass"]:
        x = 1j * w / (2 * np.pi * cut_off)
        field = field / (1 + x if order == 1 else 1 + np.sqrt(2) * x + x**2)
    return -2 * base / np.pi * (field * slope * np.exp(1j * w * t[:, None])).real.sum(1)


def square_kernels(side, lam):
    """K(λ) of a square at its centre and over its area, from integrals over distances instead of plane waves."""
    angle, w = panels(np.linspace(0, np.pi / 4, 5))
    edge = side / 2 / np.cos(angle)
    centre = 2 / np.pi * lam * np.sum(w * edge * j1(lam[:, None] * edge), 1)
    x, wx = panels(np.linspace(0, 1, 11))
    r = x[:, None] * 2 * edge
    pairs = 8 * wx[:, None] * w * 2 * edge * r * (side - r * np.cos(angle)) * (side - r * np.sin(angle))
    return centre, [one**2 / (4 * np.pi) / side**2 * np.sum(pairs * j0(one * r)) for one in lam]


def check():
    """Print the largest relative differences from other ways."""
    circle, airborne = LOOPS["circle"], LOOPS["airborne 30 m"]

    def tell(name, one, other):
        print(f"{name}: {np.max(np.abs(np.array(one) / np.array(other) - 1)):.1e}", flush=True)

    for quantity in ("dbdt", "b"):
        for rho in (0.3, 10, 1e4):
            closed = [half_space(circle["radius"], rho, t, quantity) for t in TIME]
            tell(f"half-space {rho:g}, {quantity}", step(circle, ([], [rho]), TIME, quantity), closed)
    early = TIME[TIME < 1e-3]
    for h in (1e-3, 1e-4):
        depth = 2 * airborne["height"] + 2 * early / MU0 / 2
        sheet = MU0 * airborne["radius"] ** 2 / 2 / np.hypot(airborne["radius"], depth) ** 3
        tell(f"sheet of 2 S and {h:g} m, b", step(airborne, ([h], [h / 2, 1e9]), early, "b"), sheet)
    for name in ("circle", "airborne 30 m", "outside", "bird"):
        for model in list(MODELS)[::2]:
            times = TIME[[0, 10, 24]]
            forty = [exact(LOOPS[name], MODELS[model], t) for t in times]
            tell(f"40 digits, {name}, {model}", step(LOOPS[name], MODELS[model], times), forty)
    forty = [exact(circle, MODELS["six layers"], t, "b") for t in TIME[::8]]
    tell("40 digits, circle, six layers, b", step(circle, MODELS["six layers"], TIME[::8], "b"), forty)
    lam = np.geomspace(1e-4, 3, 40)
    for receiver, other in zip(("central", "coincident"), square_kernels(50, lam), strict=True):
        tell(f"square, {receiver}", kernel({"side": 50, "receiver": receiver})[0](lam), other)
    for name, loop in LOOPS.items():
        for model in ("thin sheet 3.3 S", "five layers"):
            tell(f"finer panels, {name}", *(step(loop, MODELS[model], TIME, refine=x) for x in (1, 2)))
    before, after = (step(circle, MODELS["four layers"], early + x, "b") for x in (0, 5.4e-6))
    ramp = {**SYSTEMS["ramp"], "time": early}
    tell("ramp, difference of b", system_response(ramp, MODELS["four layers"]), (before - after) / 5.4e-6)
    for name, highest in (("low moment, filters", 9e7), ("high moment, filters", 4.5e7)):
        case = {**SYSTEMS[name], "time": np.mean(SYSTEMS[name]["gates"], 1)[::3]}
        del case["gates"]
        for model in ("four layers", "thin sheet 3.3 S"):
            series = fourier(case, MODELS[model], highest)
            tell(f"Fourier series, {name}, {model}", system_response(case, MODELS[model], True), series)


def write(name, setups):
    """One JSON file; rows of `values` follow `models`."""
    about = f"{__doc__.splitlines()[0]} Made by {Path(__file__).name}; see tdem_reference.py."
    models = [{"name": key, "thickness": h, "resistivity": rho} for key, (h, rho) in MODELS.items()]
    text = json.dumps({"about": about, "models": models, "setups": setups}, indent=None)
    for end in ("}, {", "], ["):
        text = text.replace(end, end.replace(" ", "\n"))
    Path(__file__).with_name(name).write_text(text + "\n", encoding="utf-8")


def rows(function):
    """Values of all models, 12 digits."""
    return [[float(f"{x:.12g}") for x in function(model)] for model in MODELS.values()]


def main():
    check()
    setups = []
    for name, loop in LOOPS.items():
        for quantity in ("dbdt", "b") if name == "circle" else ("dbdt",):
            values = rows(lambda model, loop=loop, quantity=quantity: step(loop, model, TIME, quantity))
            setups.append({"name": name, "loop": loop, "quantity": quantity, "time": TIME.tolist(), "values": values})
    write("tdem_loops.json", setups)
    setups = []
    for name, case in SYSTEMS.items():
        found = {"values": rows(lambda model, case=case: system_response(case, model))}
        if case["low_pass"]:
            found["values_with_jump"] = rows(lambda model, case=case: system_response(case, model, True))
        setups.append({"name": name, **case, "quantity": "dbdt", **found})
    write("tdem_systems.json", setups)


if __name__ == "__main__":
    main()
