#!/usr/bin/env bash
# pymodbus 3.0.0 (Debian 12's python3-pymodbus 3.0.0-7), Modbus TCP server: a request whose twelve bytes come in two TCP
# segments, the first one cut behind the address, gets no answer; the server takes the piece for an illegal function and
# hangs up. TCP may cut anywhere. jsmodbus 5.0.0 and modbus-serial 8.0.25 wait for the rest and answer.
#
# Seen on Debian 12 with Node.js 20:
#   pymodbus: whole good, in two pieces closed
#   jsmodbus: whole good, in two pieces good
#   modbus-serial: whole good, in two pieces good
set -euo pipefail
folder=$(mktemp -d)
server=
trap 'kill $server 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
apt-get -q -o APT::Sandbox::User=root download python3-pymodbus=3.0.0-7 >/dev/null
dpkg-deb -x python3-pymodbus_*.deb root
npm init -y >/dev/null
npm install --silent --no-fund --no-audit jsmodbus@5.0.0 modbus-serial@8.0.25
mapfile -t ports < <(python3 -c '
import socket
free = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
print(*(each.getsockname()[1] for each in free), sep="\n")')

# Each register holds its address.
cat >server.py <<'END'
import logging
import sys

from pymodbus.datastore import ModbusSequentialDataBlock, ModbusServerContext, ModbusSlaveContext
from pymodbus.server import StartTcpServer

logging.disable(logging.CRITICAL)
unit = ModbusSlaveContext(hr=ModbusSequentialDataBlock(0, list(range(100))), zero_mode=True)
StartTcpServer(context=ModbusServerContext(unit, single=True), address=("127.0.0.1", int(sys.argv[1])))
END
cat >servers.js <<'END'
const net = require("net");
const jsmodbus = require("jsmodbus");
const { ServerTCP } = require("modbus-serial");
const holding = Buffer.alloc(200);
for (let i = 0; i < 100; ++i) holding.writeUInt16BE(i, 2 * i);
const plain = net.createServer();
new jsmodbus.server.TCP(plain, { holding });
plain.listen(process.argv[2], "127.0.0.1");
new ServerTCP({ getHoldingRegister: (address) => address }, { host: "127.0.0.1", port: process.argv[3], unitID: 255 });
END
cat >ask.py <<'END'
import socket
import sys
import time

REQUEST = bytes.fromhex("000100000006 01 03 000a 0001")
REPLY = bytes.fromhex("000100000005 01 03 02 000a")


def connect(port):
    for _ in range(200):
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=3)
        except ConnectionRefusedError:
            time.sleep(0.05)
    raise SystemExit(f"nobody listens on {port}")


def ask(port, *pieces):
    with connect(port) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in pieces:
            connection.sendall(piece)
            time.sleep(0.2)
        try:
            reply = connection.recv(100)
        except TimeoutError:
            return "silent"
        except ConnectionResetError:
            return "closed"
        return {REPLY: "good", b"": "closed"}.get(reply, reply.hex())


for name, port in zip(("pymodbus", "jsmodbus", "modbus-serial"), map(int, sys.argv[1:])):
    print(f"{name}: whole {ask(port, REQUEST)}, in two pieces {ask(port, REQUEST[:10], REQUEST[10:])}")
END
PYTHONPATH=$folder/root/usr/lib/python3/dist-packages /usr/bin/python3 server.py "${ports[0]}" &
server=$!
node servers.js "${ports[1]}" "${ports[2]}" &
server+=" $!"
python3 ask.py "${ports[@]}" | tee seen
diff seen - <<'END'
pymodbus: whole good, in two pieces closed
jsmodbus: whole good, in two pieces good
modbus-serial: whole good, in two pieces good
END
