"""The command `bpinvert`: one module for each of its commands, imported only when it runs."""

from __future__ import annotations

import importlib
import os
import sys

from bpinvert.cli.arguments import read_arguments


def main(argv: list[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    argv : list of str, optional
        What follows ``bpinvert``; by default what the shell gave.

    Returns
    -------
    int
        The exit code: 0, also where soundings are flagged; 2 where something could not be done, which one line on
        stderr says.
    """
    for stream in (sys.stdout, sys.stderr):
        # A console that cannot show ρ or Ω gets a question mark instead of a traceback.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    try:
        options = read_arguments(argv)
        code = importlib.import_module(f"bpinvert.cli.{options.command}").run(options)
        sys.stdout.flush()
    except SystemExit as stop:
        return int(stop.code or 0)
    except KeyboardInterrupt as stop:
        kept = [*map(str, stop.args), *getattr(stop, "__notes__", ())]
        complain("stopped; " + (" ".join(kept) or "nothing was kept."))
        return 2
    except BrokenPipeError:
        # The reader of a pipe such as `| head` has gone; what is left to print goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 2
    except (ValueError, TypeError, OSError) as error:
        complain(error)
        return 2
    return code


def complain(error: Exception | str) -> None:
    """Say on stderr, in one line, what could not be done."""
    text = str(error)
    if isinstance(error, OSError) and error.strerror:
        text = f"{error.filename}: {error.strerror}." if error.filename else f"{error.strerror}."
    print("bpinvert:", " ".join(text.split()), file=sys.stderr)
