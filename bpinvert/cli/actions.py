"""Options whose words are gathered into what the library takes."""

from __future__ import annotations

import argparse
import re


class Version(argparse.Action):
    """Prints the version, without loading the package for it before it is asked for."""

    def __call__(self, parser, namespace, values, option_string=None):
        from bpinvert import __version__

        print("bpinvert", __version__)
        parser.exit()


class Column(argparse.Action):
    """Gathers HEADER=MEANING as {header: meaning}; a header may have an = of its own."""

    def __call__(self, parser, namespace, text, option_string=None):
        columns = getattr(namespace, self.dest)
        header, _, meaning = (part.strip() for part in text.rpartition("="))
        if not (header and meaning):
            raise argparse.ArgumentError(self, f'{text!r} is not HEADER=MEANING; write e.g. --column "p=MN/2 (cm)"')
        if header in columns:
            raise argparse.ArgumentError(self, f"{header!r} is given two meanings; give each header one")
        setattr(namespace, self.dest, columns | {header: meaning})


class System(argparse.Action):
    """Gathers WHAT=VALUE and the names of files as `read_soundings` takes them."""

    def __call__(self, parser, namespace, words, option_string=None):
        from bpinvert.cli.system import read_system

        try:
            setattr(namespace, self.dest, read_system(words, getattr(namespace, self.dest)))
        except ValueError as error:
            raise argparse.ArgumentError(self, str(error).rstrip(".")) from None


class Fixed(argparse.Action):
    """Gathers QUANTITY:NUMBER=VALUE+-SIGMA as {quantity: {number: (value, sigma)}}."""

    def __call__(self, parser, namespace, text, option_string=None):
        form = re.fullmatch(r"\s*(\w+):(-?\d+)=([^+]+?)(?:\+-(.+))?", text)
        try:
            quantity, number, value, sigma = form.groups()
            said = float(value) if sigma is None else (float(value), float(sigma))
        except (AttributeError, ValueError):
            raise argparse.ArgumentError(
                self, f"{text!r} is not QUANTITY:NUMBER=VALUE+-SIGMA; write e.g. --fixed depth:1=32+-1"
            ) from None
        fixed = dict(getattr(namespace, self.dest) or {})
        if int(number) in fixed.get(quantity, {}):
            raise argparse.ArgumentError(self, f"{quantity}:{number} is given two values; give each one")
        setattr(namespace, self.dest, fixed | {quantity: fixed.get(quantity, {}) | {int(number): said}})
