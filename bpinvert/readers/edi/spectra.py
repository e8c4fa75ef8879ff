"""The impedance from the cross-powers of an EDI file that holds nothing else."""

from __future__ import annotations

import numpy as np

from bpinvert.readers.edi.blocks import Section

# Quantities of a channel: "RHX" and "RRHX" are remote, as is a second HX.
_KINDS = {"RHX": "HX", "RHY": "HY", "RRHX": "HX", "RRHY": "HY"}


def impedance_of_spectra(section: Section) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(Frequency in Hz (n,), impedance in mV/km/nT (n, 2, 2), the standard deviation of its parts (n, 2, 2)).

    With E the electric fields, H the magnetic ones and R those of the reference (H itself without a remote one), and
    ⟨XY⟩ the mean of X times the complex conjugate of Y over N estimates (``AVGT``):
    Z = ⟨ER⟩⟨HR⟩⁻¹, and ⟨|δZ_ij|²⟩ = ⟨|E_i − (ZH)_i|²⟩/N · (⟨RH⟩⁻¹⟨RR⟩⟨HR⟩⁻¹)_jj (Gamble, Goubau & Clarke 1979,
    Geophysics 44, 959-968), of which real and imaginary part have half each. The file holds the real parts of the
    matrix on and below its diagonal and the imaginary ones above it.

    Raises
    ------
    ValueError
        If a channel is missing, or a block has another size.
    """
    places = _places(section)
    n = len(section.order)
    frequency = np.array([_option(section, block, "FREQ") for block in section.spectra])
    averages = np.array([_option(section, block, "AVGT") for block in section.spectra])
    tables = np.array([section.numbers(block, n * n).reshape(n, n) for block in section.spectra])
    powers = np.tril(tables) + np.swapaxes(np.tril(tables, -1), 1, 2).astype(complex)
    upper = np.triu(tables, 1)
    powers += 1j * (np.swapaxes(upper, 1, 2) - upper)
    fields = {name: [places[name + axis] for axis in "XY"] for name in ("E", "H", "R")}
    mean = {a + b: powers[:, fields[a]][:, :, fields[b]] for a in "EHR" for b in "EHR"}
    finite = np.isfinite(powers).all(axis=(1, 2))
    impedance = np.full((len(powers), 2, 2), np.nan, dtype=complex)
    variance = np.full((len(powers), 2, 2), np.nan)
    for k in np.flatnonzero(finite):
        try:
            inverse = np.linalg.inv(mean["HR"][k])
        except np.linalg.LinAlgError:
            continue
        z = mean["ER"][k] @ inverse
        cross = z @ mean["HE"][k]
        residual = np.real(np.diag(mean["EE"][k] - cross - cross.conj().T + z @ mean["HH"][k] @ z.conj().T))
        noise = np.real(np.diag(inverse.conj().T @ mean["RR"][k] @ inverse))
        impedance[k], variance[k] = z, np.abs(np.outer(residual, noise))
    with np.errstate(divide="ignore", invalid="ignore"):
        return frequency, impedance, np.sqrt(variance / averages[:, None, None] / 2)


def _places(section):
    """Where the channels stand in the matrix: "EX", "EY", "HX", "HY", and the reference "RX", "RY"."""
    places = {}
    for place, number in enumerate(section.order):
        kind = section.channels.get(number, "")
        remote = kind in _KINDS or kind in places
        name = _KINDS.get(kind, kind)
        places.setdefault(f"R{name[-1:]}" if remote and name in ("HX", "HY") else name, place)
    missing = [name for name in ("EX", "EY", "HX", "HY") if name not in places]
    if missing:
        raise ValueError(
            f"{section.source.file}: the spectra lack the channel {missing[0]}, or it is not defined by >EMEAS or "
            ">HMEAS; an impedance needs EX, EY, HX and HY. Export the file again with its impedances."
        )
    if "RX" in places and "RY" in places:
        section.report.append("The impedance was computed from the cross-powers with the remote reference.")
    else:
        section.report.append("The impedance was computed from the cross-powers, without a remote reference.")
        places |= {"RX": places["HX"], "RY": places["HY"]}
    return places


def _option(section, block, name):
    text = block.options.get(name, "")
    try:
        return float(text)
    except ValueError:
        if name != "FREQ":
            return np.nan
        raise ValueError(
            f"{section.source.file}, row {block.row}: >SPECTRA does not give FREQ as a number; correct the row."
        ) from None
