"""The generator webmacs-fan beside a server: what it counted, and what the server spent meanwhile."""

import json
import os
import subprocess

from setting import BUILD

FAN = BUILD / "tests" / "bench" / "webmacs-fan"


def fan(peer, core, subscribers, seconds, form=None, query="", **options):
    """Its figures, with `cpu` (the server's seconds of processor time while it counted). `options`: in_flight,
    by_answers, frame_messages, burst, interval (webmacs-fan --help)."""
    words = ["--port", peer.port, "--publish", peer.publish, "--subscribe", peer.subscribe + query,
             "--form", form or peer.form, "--subscribers", subscribers, "--seconds", seconds]
    for name, value in options.items():
        words += [f"--{name.replace('_', '-')}"] + ([] if value is True else [value])
    process = subprocess.Popen(["taskset", "-c", str(core), str(FAN), *map(str, words)],
                               env={**os.environ, **peer.environment}, stdout=subprocess.PIPE, text=True)
    started = process.stdout.readline()
    before = peer.cpu() if started else 0
    line = process.stdout.readline()
    spent = peer.cpu() - before if line else 0
    if process.wait(30) != 0 or not line:
        raise RuntimeError(f"webmacs-fan failed with {peer.name}:\n{peer.program.log()}")
    figures = json.loads(line)
    figures["cpu"] = spent
    figures["rate"] = figures["deliveries"] / figures["seconds"]
    return figures
