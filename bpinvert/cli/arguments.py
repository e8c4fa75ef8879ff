"""What may stand on the command line. Nothing heavy is imported here: `--help` answers at once."""

from __future__ import annotations

import argparse
import textwrap

from bpinvert.cli.actions import Column, Fixed, System, Version

LEVELS = ("network", "refined", "posterior")
METHODS = ("ves", "mt", "tdem", "fdem", "surface_waves", "ip")
# Keywords of the surveys: name, what it is.
COORDINATES = {
    "ab2": "AB/2 in m (Schlumberger)",
    "mn2": "MN/2 in m (Schlumberger): one number, or one for each AB/2; without it the ideal array",
    "a": "electrode spacing in m (Wenner and the dipole arrays)",
    "n": "dipole separation in units of a (DipoleDipole, PoleDipole)",
    "period": "period in s (Magnetotelluric, Rayleigh, Love)",
    "frequency": "frequency in Hz (LoopLoop: one number, or one for each reading; Rayleigh, Love)",
    "mode": "0 is the fundamental one (Rayleigh, Love): one number, one for each reading, or several for all of them",
    "velocity": "phase or group, or both (Rayleigh, Love)",
    "offset": "distance of the loops in m (LoopLoop), or of the receiver from the centre along the ground and upward "
    "(OffsetLoop)",
    "orientation": "of the loops: HCP, VCP, PRP or VCX (LoopLoop): one, or one for each reading",
    "time": "centres of the gates in s after the current has reached zero (loops of TDEM)",
    "radius": "of a circular loop in m (TDEM)",
    "side": "of a square loop in m (TDEM)",
    "height": "of the loops above the ground in m (LoopLoop, TDEM)",
}
# Properties of the layers: name, placeholder, what it is.
PROPERTIES = {
    "resistivity": ("RHO", "in Ω·m"),
    "chargeability": ("M", "in mV/V, may be 0 (InducedPolarization)"),
    "vs": ("VS", "shear velocity in m/s (Rayleigh, Love)"),
    "vp": ("VP", "velocity of compressional waves in m/s (Rayleigh)"),
    "density": ("DENSITY", "in kg/m³ (Rayleigh, Love)"),
}
# What is too long for a line and stands in recipes only.
IN_RECIPES = (
    "ellipticity", "gates", "low_pass", "moment", "names", "quantity", "share", "surveys", "waveform", "width",
)  # fmt: skip


class _Parser(argparse.ArgumentParser):
    def error(self, message):
        self.exit(2, f"bpinvert: {message}; `{self.prog} --help` shows an example.\n")


def read_arguments(argv: list[str] | None) -> argparse.Namespace:
    """The options; exits with a line on stderr where they make no sense."""
    return make_parser().parse_args(argv)


def make_parser() -> argparse.ArgumentParser:
    """The parser of all commands."""
    parser = _Parser(
        prog="bpinvert",
        description="Invert geophysical soundings to layered earth models: a network proposes, the physics has the "
        "last word, and a sounding unlike the training is flagged.",
        epilog="`bpinvert COMMAND --help` explains a command and gives an example.",
        formatter_class=_roomy,
    )
    parser.add_argument("--version", action=Version, nargs=0, help="print the version")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    def command(name, summary, description, example):
        return commands.add_parser(
            name,
            help=summary,
            description=textwrap.fill(description, 79),
            epilog=f"example:\n  {example}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )

    _demo(command)
    _simulate(command)
    _generate(command)
    _train(command)
    _calibrate(command)
    _invert(command)
    _check(command)
    _plot(command)
    _info(command)
    return parser


def _roomy(prog):
    """argparse forgets that commands are set in, and breaks the line of the longest one."""
    formatter = argparse.HelpFormatter(prog)
    formatter._action_max_length = len("    calibrate")
    return formatter


def _demo(command):
    parser = command(
        "demo",
        "invert the real sounding that comes with the package",
        "Invert the Schlumberger sounding of Wauchope, central Australia (Constable et al. 1987), which comes with "
        "the package, print its layers and draw it.",
        "bpinvert demo -o demo",
    )
    parser.add_argument("-o", "--output", metavar="DIR", default="demo", help="folder to write into (default: demo)")


def _simulate(command):
    parser = command(
        "simulate",
        "the curve that a survey records over typed layers",
        "Print the curve that a survey records over the layers given, as a table that `invert` reads. "
        "Spacings, periods and times are numbers, or LOW:HIGH:COUNT for so many spaced evenly in the logarithm.",
        "bpinvert simulate --ab2 1:300:20 --resistivity 100 20 500 --thickness 5 20 -o curve.png",
    )
    parser.add_argument("recipe", nargs="?", metavar="RECIPE.toml", help="take the [survey] of this recipe")
    parser.add_argument(
        "--survey",
        metavar="NAME",
        help="Schlumberger (default), Wenner, DipoleDipole, PoleDipole, PolePole, Magnetotelluric, LoopLoop, "
        "CentralLoop, CoincidentLoop, OffsetLoop, Rayleigh, Love or InducedPolarization",
    )
    parser.add_argument(
        "--dc",
        metavar="NAME",
        help="array of InducedPolarization (default: by its options, Schlumberger by --ab2, Wenner by --a, "
        "DipoleDipole by --a and --n)",
    )
    for name, meaning in COORDINATES.items():
        parser.add_argument(f"--{name}", nargs="+", metavar="VALUE", help=meaning)
    for name, (metavar, meaning) in PROPERTIES.items():
        parser.add_argument(
            f"--{name}", nargs="+", type=float, metavar=metavar, help=f"of each layer from the top, {meaning}"
        )
    parser.add_argument(
        "--thickness", nargs="*", type=float, default=[], metavar="H", help="in m, of all layers but the last"
    )
    parser.add_argument("-o", "--output", metavar="FILE", help="write the table (.csv) or draw it (.png, .pdf, .svg)")


def _generate(command):
    parser = command(
        "generate",
        "training samples by a recipe",
        "Draw models from the prior of a recipe, simulate their data and store both.",
        "bpinvert generate examples/ves.toml -o samples.nc -n 100000",
    )
    _recipe(parser)
    parser.add_argument(
        "-o", "--output", metavar="FILE.nc", default="samples.nc", help="file to write (default: samples.nc)"
    )
    parser.add_argument("-n", "--n", type=int, help="number of samples, instead of the recipe's")
    parser.add_argument("--seed", type=int, help="of the samples, instead of the recipe's")


def _train(command):
    parser = command(
        "train",
        "an inverter by a recipe, or a wider one for flagged soundings",
        "Train an inverter for the survey, prior and noise of a recipe, or of a result widened until they include its "
        "flagged soundings; calibrate its flags and store it. "
        "After Ctrl-C the same command goes on with the network that it was training.",
        "bpinvert train examples/ves.toml -o inverter.nc",
    )
    _recipe(parser, nargs="?")
    parser.add_argument(
        "--widen", metavar="RESULT.nc", help="instead of a recipe: results.nc of `invert`, to include what it flagged"
    )
    parser.add_argument(
        "-o", "--output", metavar="FILE.nc", default="inverter.nc", help="file to write (default: inverter.nc)"
    )
    parser.add_argument("--samples", metavar="FILE.nc", help="train on samples that `generate` made")
    parser.add_argument(
        "--stream", action="store_true", default=None, help="draw fresh models for every epoch, not fresh noise alone"
    )
    parser.add_argument(
        "--checkpoint", metavar="FILE", help="where to keep an unfinished training (default: beside the output)"
    )


def _calibrate(command):
    parser = command(
        "calibrate",
        "how true an inverter's posteriors are",
        "Simulate soundings that no training has seen, invert them, and say how often the stated intervals and layer "
        "counts are right. The report is kept in the inverter's file: `info` shows it, `plot` draws it.",
        "bpinvert calibrate inverter.nc -n 2000",
    )
    parser.add_argument("inverter", metavar="INVERTER.nc", help="of `train`")
    parser.add_argument(
        "--level",
        choices=LEVELS,
        default="posterior",
        help="of which the posteriors or flags are judged (default: posterior)",
    )
    parser.add_argument(
        "-n",
        "--n",
        type=int,
        help="number of simulations (default: 2000 for posterior, else 50000); 0.01 s to 0.1 s each",
    )
    parser.add_argument("--seed", type=int, default=0, help="of the simulations (default: 0)")
    parser.add_argument("-o", "--output", metavar="FILE.nc", help="write there and leave the file given as it is")


def _invert(command):
    parser = command(
        "invert",
        "soundings to layered models",
        "Invert the soundings of one or more field sheets. Prints a table of layers for each, the misfit, and whether "
        "to believe it. A flagged sounding is no error; a sheet that cannot be read is, and the others are still done.",
        "bpinvert invert line7.xlsx line8.csv --inverter inverter.nc -o results",
    )
    parser.add_argument(
        "sheet",
        nargs="+",
        metavar="SHEET",
        help="field sheet: csv, txt, dat, xlsx or ves; or electromagnetic file: tem, usf, xyz, dfn or csv, of which "
        "those of one station are its moments; or edi, j, xml, zmm, avg; or target; a folder of them, or *.xlsx",
    )
    _inversion(parser)
    parser.add_argument(
        "--fixed",
        action=Fixed,
        metavar="QUANTITY:NUMBER=VALUE+-SIGMA",
        help="what a borehole says of all soundings: depth or thickness in m, or a property in its unit, of the layer "
        "counted from 1 at the top or from -1 at the half-space, e.g. depth:1=32+-1 (without +-SIGMA 1 %%); may be "
        "repeated",
    )
    parser.add_argument(
        "--draws", type=int, metavar="N", help="so many models drawn from the posterior in results.nc (default: 0)"
    )
    parser.add_argument(
        "-o",
        "--output",
        metavar="DIR",
        help="folder for results.nc, models.csv, models.xlsx (layers, soundings and readings as tables) and a picture "
        "of each sounding, or of very many side by side",
    )


def _check(command):
    parser = command(
        "check",
        "only whether soundings are like the training",
        "Say of every sounding whether it is like those the inverter was trained on, why not, and what to do.",
        "bpinvert check line7.csv --inverter inverter.nc",
    )
    parser.add_argument(
        "sheet", nargs="+", metavar="SHEET", help="field sheet or electromagnetic file; a folder of them, or *.xlsx"
    )
    _inversion(parser)


def _plot(command):
    parser = command(
        "plot",
        "draw a sounding, its fit and its model",
        "Draw one sounding of a results file, or of a field sheet, which is inverted first; of an inverter's file, "
        "the report that `calibrate` made.",
        "bpinvert plot results/results.nc --sounding 0 -o sounding.png",
    )
    parser.add_argument(
        "result", metavar="RESULT.nc|SHEET", help="results.nc of `invert`, a field sheet, or a calibrated inverter"
    )
    parser.add_argument("--sounding", default="0", metavar="K", help="its name, or its place counted from 0 (default)")
    _inversion(parser)
    parser.add_argument("-o", "--output", metavar="FILE", required=True, help="picture to write: .png, .pdf or .svg")


def _info(command):
    parser = command(
        "info",
        "what a file of bpinvert holds",
        "Say in words what an inverter, samples or results file holds, and how it was made.",
        "bpinvert info inverter.nc",
    )
    parser.add_argument("file", metavar="FILE.nc")


def _recipe(parser, nargs=None):
    tables = "its tables: survey, prior, noise, samples, training"
    parser.add_argument("recipe", nargs=nargs, metavar="RECIPE.toml", help=tables)


def _number_of_layers(text):
    if text != "auto" and not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no number of layers; write e.g. 3, or auto")
    return text if text == "auto" else int(text)


def _inversion(parser):
    # Only `invert` has an option for it.
    parser.set_defaults(draws=0)
    parser.add_argument(
        "--inverter",
        metavar="FILE.nc",
        help="of `train`; without it the package's own, or one trained for readings beyond that (about a minute, two "
        "for surface waves)",
    )
    parser.add_argument(
        "--method",
        choices=METHODS,
        help="kind of sheet (default: the inverter's; without one tdem, fdem, mt (edi and the like), surface_waves (a "
        "velocity over frequency, .target) or ip (profiles) where the file looks like that, else ves)",
    )
    parser.add_argument(
        "--system",
        nargs="+",
        action=System,
        metavar="WHAT=VALUE|FILE",
        help="after the sheets: what electromagnetic files do not say of their instrument, such as side=100 "
        'ramp=5.1e-6, "unit=V/(A m4)", scale=F-1m, frequency=380,1800,3300; or files that do, in the order of the '
        "moments: lm.stm hm.stm, or .gex, .wf and .tc",
    )
    parser.add_argument(
        "--column",
        dest="columns",
        action=Column,
        default={},
        metavar="HEADER=MEANING",
        help='what a header of the sheet means, as another header, e.g. "p=MN/2 (cm)", or "err=not used" to leave its '
        "column out; may be repeated",
    )
    parser.add_argument(
        "--component",
        choices=("determinant", "xy", "yx", "mean"),
        help="which curve of a magnetotelluric tensor (edi, j, xml, zmm, avg): that of its determinant (default), of "
        "one off-diagonal element, or their geometric mean",
    )
    parser.add_argument(
        "--level",
        choices=LEVELS,
        default="refined",
        help="the network's answer, refined with the physics (default), or also its uncertainty: all models that fit, "
        "by sampling",
    )
    parser.add_argument(
        "--layers",
        dest="n_layers",
        type=_number_of_layers,
        default="auto",
        metavar="N|auto",
        help="number of layers (default: auto, the most probable of the posterior, else the fewest that fit)",
    )
