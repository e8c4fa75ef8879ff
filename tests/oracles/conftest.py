"""The scripts that made the oracles need mpmath, which the tests do not."""

collect_ignore_glob = ["make_*.py"]
