"""The scripts that made the oracles need mpmath or numba, which the tests do not."""

collect_ignore_glob = ["make_*.py", "surface_wave_reference.py"]
