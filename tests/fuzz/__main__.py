"""A longer search by hand: ``python -m tests.fuzz [SECONDS] [SEED]`` prints what it finds."""

from __future__ import annotations

import sys
import time
import traceback
from collections import Counter
from random import Random

from tests.fuzz.mutation import mutated, seeds
from tests.fuzz.trial import attempt


def main(seconds: float = 60, seed: int = 0) -> int:
    """Try mutated stories for so long; the number of different failures."""
    stories, random, end = seeds(), Random(seed), time.monotonic() + seconds
    found: Counter[str] = Counter()
    tried = compiled = 0
    while time.monotonic() < end:
        text = mutated(stories, random)
        started = time.monotonic()
        try:
            compiled += attempt(text).code is not None
        except Exception as error:
            place = traceback.extract_tb(error.__traceback__)[-1]
            what = f"{type(error).__name__}: {str(error)[:40]} at {place.name}"
            found[what] += 1
            if found[what] == 1:
                print(f"=== {what}\n{text}\n---", flush=True)
                traceback.print_exc(limit=-4, file=sys.stdout)
        if time.monotonic() - started > 2:
            print(f"=== slow: {time.monotonic() - started:.1f} s\n{text}\n---", flush=True)
        tried += 1
    print(f"{tried} tried, {compiled} compiled, failures: {dict(found)}")
    return len(found)


if __name__ == "__main__":
    told = sys.argv[1:]
    seconds, seed = float(told[0]) if told else 60, int(told[1]) if told[1:] else 0
    sys.exit(main(seconds, seed) > 0)
