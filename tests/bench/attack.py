"""One attack on the hub, over and over until it is ended. abuse.py runs it as a process of its own with the arguments NAME
PORT; the token is in WEBMACS_CONTROLLER."""

import os
import resource
import sys
import time

from setting import Setting  # noqa: F401  (finds the harness)

from harness import attacks
from harness.controller import PATH

LORISES = 5000
TARGET = f"{PATH}?token={os.environ.get('WEBMACS_CONTROLLER', '')}"


def slow_lorises(port):
    peers = attacks.slow_lorises(port, LORISES)
    time.sleep(8)
    for peer in peers:
        peer.close()


ATTACKS = {
    "slow lorises": slow_lorises,
    "storm of connections": lambda port: attacks.storm(port, TARGET, 1000),
    "garbage before the upgrade": lambda port: attacks.garbage_before_the_upgrade(port, 100),
    "garbage after the upgrade": lambda port: attacks.garbage_after_the_upgrade(port, TARGET, 100),
    "frames of a byte too many": lambda port: attacks.a_byte_too_many(port, TARGET, 100),
    "tiny fragments": lambda port: attacks.tiny_fragments(port, TARGET, 1_000_000, attacks.NEVER_GROWS),
    "tiny fragments that grow": lambda port: attacks.tiny_fragments(port, TARGET, 1_000_000, attacks.GROWS),
}

def run():
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    while True:
        try:
            ATTACKS[sys.argv[1]](int(sys.argv[2]))
        except OSError:
            time.sleep(0.01)  # turned away
