"""What the command line says of an instrument with ``--system``, and what readers say of it in the same words."""

from __future__ import annotations

import re
from pathlib import Path

from bpinvert.readers.em.settings import FILES, KEYS, NUMBERS, TEXTS


def read_system(words: list[str], before: dict | None = None) -> dict:
    """Keywords of ``read_soundings(system=...)``, added to those of an earlier ``--system``.

    Parameters
    ----------
    words : list of str
        ``WHAT=VALUE`` with a value of numbers, apart by commas, or of text; or the name of a file.
    before : dict, optional

    Raises
    ------
    ValueError
        If a word is neither, or says something a second time.

    Examples
    --------
    >>> read_system(["side=100", "ramp=5e-6,2e-6", "unit=V/(A m4)"])
    {'side': 100.0, 'ramp': [5e-06, 2e-06], 'unit': 'V/(A m4)'}
    """
    system = dict(before or {})
    for word in words:
        name, sign, value = word.partition("=")
        if sign and not Path(word).exists():
            name = name.strip().lower()
            if name in system:
                raise ValueError(f"{name} is given two values; give it one.")
            system[name] = _value(word, name, value.strip())
        else:
            system["files"] = [*system.get("files", []), _file(word)]
    return system


def _value(word, name, value):
    if name in TEXTS and value:
        return value
    if name not in NUMBERS:
        allowed = "; ".join(f"{key}: {KEYS[key]}" for key in (*NUMBERS, *TEXTS))
        raise ValueError(f"{word!r} says nothing that is known; allowed are {allowed}.")
    try:
        numbers = [float(part) for part in value.split(",")]
    except ValueError:
        raise ValueError(
            f"{word!r} gives no number; {name} is {KEYS[name]}. Write e.g. {name}=1.5, and several apart by commas "
            "without blanks."
        ) from None
    return numbers if len(numbers) > 1 else numbers[0]


def _file(word):
    path = Path(word)
    if path.suffix.lower() not in FILES:
        raise ValueError(
            f"{word!r} is neither WHAT=VALUE, as side=100, nor a file that describes a system ({', '.join(FILES)}). "
            "Write sheets before --system."
        )
    if not path.is_file():
        raise ValueError(f"there is no file {word}; check its name and folder.")
    return word


def in_options(text: str) -> str:
    """Sentences of the readers with the options of the command line in place of Python's keywords.

    >>> in_options("say it with system={'side': …} in m.")
    'say it with --system side=… in m.'
    >>> in_options("say it with columns={'f': 'frequency (Hz)', 'err': 'not used'}.")
    'say it with --column "f=frequency (Hz)" --column "err=not used".'
    >>> in_options("read it with method='fdem', or leave it out with columns=.")
    'read it with --method fdem, or leave it out with --column.'
    >>> in_options("say which with columns={'ip': 'chargeability (mV/V)'}.")
    'say which with --column "ip=chargeability (mV/V)".'
    """
    text = re.sub(r"system=\{(.*?)\}", lambda found: f"--system {_pairs(found[1])}", text)
    text = re.sub(r"columns=\{(.*?)\}", lambda found: _meanings(found[1]), text)
    text = re.sub(r"(system|method|component)='([^']*)'", r"--\1 \2", text)
    return re.sub(r"\bsystem=", "--system", re.sub(r"\bcolumns=(?!=)", "--column", text))


def _meanings(text):
    pairs = re.findall(r"""('[^']*'|"[^"]*"|…): ('[^']*'|"[^"]*")""", text)
    said = ["=".join(word.strip("'\"") for word in pair) for pair in pairs]
    return " ".join(f'--column "{word}"' for word in said)


def _pairs(text):
    pairs = re.findall(r"'(\w+)': ('[^']*'|\[[^\]]*\]|[^,]*)", text)
    said = ["=".join((key, value.strip("'[]"))) for key, value in pairs]
    return " ".join(f'"{word}"' if " " in word else word for word in said)
