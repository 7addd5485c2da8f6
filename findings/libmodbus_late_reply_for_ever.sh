#!/usr/bin/env bash
# libmodbus 3.1.6 (Debian 12's libmodbus5 3.1.6-2.1) on a serial line, and modbus-serial 8.0.25 with connectTelnet (RTU
# frames over TCP): after one reply that comes late, every later read is answered with the value of the read before it,
# as a success, for ever. Neither drops what has come before it sends the next request, and a reply to a read names no
# address.
#
# Seen on Debian 12 with Node.js 20; each register holds its address:
#   libmodbus: 100 fails, 200 reads 100, 300 reads 200, 400 reads 300, 500 reads 400
#   modbus-serial: 100 fails, 200 reads 100, 300 reads 200, 400 reads 300, 500 reads 400
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get -q -o APT::Sandbox::User=root download libmodbus5=3.1.6-2.1 >/dev/null
dpkg-deb -x libmodbus5_*.deb root
npm init -y >/dev/null
npm install --silent --no-fund --no-audit modbus-serial@8.0.25

# Both: the first reply comes after 0.8 s, the others at once, in order; the client waits for half a second.
cat >serial.py <<'END'
import ctypes
import glob
import os
import pty
import struct
import threading
import time
import tty


def checksum(data):
    value = 0xFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = (value >> 1) ^ 0xA001 if value & 1 else value >> 1
    return struct.pack("<H", value)


def serve(line):
    received, requests = b"", 0
    while True:
        received += os.read(line, 256)
        while len(received) >= 8:
            request, received = received[:8], received[8:]
            requests += 1
            if requests == 1:
                time.sleep(0.8)
            reply = request[:2] + b"\2" + request[2:4]
            os.write(line, reply + checksum(reply))


master, slave = pty.openpty()
tty.setraw(master)
tty.setraw(slave)
threading.Thread(target=serve, args=(master,), daemon=True).start()
library = ctypes.CDLL(glob.glob("root/usr/lib/*/libmodbus.so.5")[0], use_errno=True)
library.modbus_new_rtu.restype = ctypes.c_void_p
client = ctypes.c_void_p(library.modbus_new_rtu(os.ttyname(slave).encode(), 19200, ctypes.c_char(b"N"), 8, 1))
library.modbus_set_slave(client, 1)
library.modbus_set_response_timeout(client, 0, 500000)
assert library.modbus_connect(client) == 0
seen = []
for address in (100, 200, 300, 400, 500):
    word = ctypes.c_uint16()
    good = library.modbus_read_registers(client, address, 1, ctypes.byref(word)) == 1
    seen.append(f"{address} reads {word.value}" if good else f"{address} fails")
    time.sleep(0.1)
print("libmodbus:", ", ".join(seen))
END
cat >telnet.js <<'END'
const net = require("net");
const ModbusRTU = require("modbus-serial");
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

function framed(body) {
  let value = 0xffff;
  for (const byte of body) {
    value ^= byte;
    for (let bit = 0; bit < 8; ++bit) value = value & 1 ? (value >> 1) ^ 0xa001 : value >> 1;
  }
  return Buffer.from([...body, value & 255, value >> 8]);
}

const device = net.createServer((socket) => {
  let ready = sleep(800);
  socket.on("error", () => {});
  socket.on("data", (request) => {
    const reply = framed([request[0], 3, 2, request[2], request[3]]);
    ready = ready.then(() => { socket.write(reply); });
  });
});

device.listen(0, "127.0.0.1", async () => {
  const client = new ModbusRTU();
  await client.connectTelnet("127.0.0.1", { port: device.address().port });
  client.setID(1);
  client.setTimeout(500);
  const seen = [];
  for (const address of [100, 200, 300, 400, 500]) {
    try {
      seen.push(`${address} reads ${(await client.readHoldingRegisters(address, 1)).data[0]}`);
    } catch {
      seen.push(`${address} fails`);
    }
    await sleep(100);
  }
  console.log(`modbus-serial: ${seen.join(", ")}`);
  process.exit(0);
});
END
{
  /usr/bin/python3 serial.py
  node telnet.js
} | tee seen
diff seen - <<'END'
libmodbus: 100 fails, 200 reads 100, 300 reads 200, 400 reads 300, 500 reads 400
modbus-serial: 100 fails, 200 reads 100, 300 reads 200, 400 reads 300, 500 reads 400
END
