"""A longer search by hand: ``python -m tests.fuzz [SECONDS] [SEED]`` prints what it finds.

Stories and YAML files are broken and checked; what compiles is run too, every third time.
"""

from __future__ import annotations

import sys
import time
import traceback
import warnings
from collections import Counter
from random import Random

from tests.fuzz import running, yaml_form
from tests.fuzz.mutation import mutated, seeds
from tests.fuzz.trial import OURS, attempt, imported

SLOW = 2.0
"""Seconds of CPU that no check may take."""


def main(seconds: float = 60, seed: int = 0) -> int:
    """Try broken stories for so long; the number of different failures."""
    warnings.simplefilter("ignore")
    stories, files = seeds(), yaml_form.seeds()
    random, end = Random(seed), time.monotonic() + seconds
    found: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    while time.monotonic() < end:
        in_yaml = random.random() < 0.2
        text = yaml_form.mutated_yaml(files, random) if in_yaml else mutated(stories, random)
        name = "fuzzed.yaml" if in_yaml else "fuzzed.story"
        started = time.process_time()
        try:
            result = attempt(text, name)
            took = time.process_time() - started
            counts["tried"] += 1
            counts["yaml"] += in_yaml
            if took > SLOW:
                print(f"=== slow: {took:.1f} s\n{text}\n---", flush=True)
            if result.code is None:
                continue
            counts["compiled"] += 1
            if counts["compiled"] % 3 == 0 and imported(result.code) <= OURS:
                counts["run"] += 1
                running.run(result, name)
                counts["ran to the end"] += 1
        except OverflowError:
            continue
        except Exception as error:
            place = traceback.extract_tb(error.__traceback__)[-1]
            what = f"{type(error).__name__}: {str(error)[:40]} at {place.name}"
            found[what] += 1
            if found[what] == 1:
                print(f"=== {what}\n{text}\n---", flush=True)
                traceback.print_exc(limit=-4, file=sys.stdout)
    print(f"{dict(counts)}, failures: {dict(found)}")
    return len(found)


if __name__ == "__main__":
    told = sys.argv[1:]
    seconds, seed = float(told[0]) if told else 60, int(told[1]) if told[1:] else 0
    sys.exit(main(seconds, seed) > 0)
