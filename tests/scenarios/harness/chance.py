"""Chance that can be had again: what a scenario draws comes from a seed that it prints, and that WEBMACS_SEED sets."""

import os
import random
import sys


def seed(usual=None):
    """WEBMACS_SEED; without it `usual`, and without that another one at each call."""
    given = os.environ.get("WEBMACS_SEED")
    chosen = int(given) if given else usual if usual is not None else random.SystemRandom().randrange(1, 10**6)
    print(f"WEBMACS_SEED={chosen}", file=sys.stderr, flush=True)
    return chosen
