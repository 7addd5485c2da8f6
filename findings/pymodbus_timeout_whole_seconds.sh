#!/usr/bin/env bash
# pymodbus 3.0.0 (Debian 12's python3-pymodbus 3.0.0-7): the client cuts its `timeout` to whole seconds. With timeout=1.9
# it waits 1.0 s for a reply. With any timeout below one second it cannot even connect: the zero that is left makes the
# socket non-blocking, and the error speaks of an operation in progress, not of the timeout.
#
# Seen on Debian 12:
#   timeout=2.0: connected, waits 2 s
#   timeout=1.9: connected, waits 1 s
#   timeout=0.9: not connected
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get -q -o APT::Sandbox::User=root download python3-pymodbus=3.0.0-7 >/dev/null
dpkg-deb -x python3-pymodbus_*.deb root
cat >client.py <<'END'
import logging
import socket
import time

from pymodbus.client import ModbusTcpClient
from pymodbus.exceptions import ModbusException

logging.disable(logging.CRITICAL)
listener = socket.create_server(("127.0.0.1", 0))  # connects, and says nothing
for timeout in (2.0, 1.9, 0.9):
    client = ModbusTcpClient("127.0.0.1", port=listener.getsockname()[1], timeout=timeout, retries=0)
    if not client.connect():
        print(f"timeout={timeout}: not connected")
        continue
    began = time.monotonic()
    try:
        client.read_holding_registers(0, 1, slave=1)
    except ModbusException:
        pass
    print(f"timeout={timeout}: connected, waits {time.monotonic() - began:.0f} s")
    client.close()
END
PYTHONPATH=$folder/root/usr/lib/python3/dist-packages /usr/bin/python3 client.py | tee seen
diff seen - <<'END'
timeout=2.0: connected, waits 2 s
timeout=1.9: connected, waits 1 s
timeout=0.9: not connected
END
