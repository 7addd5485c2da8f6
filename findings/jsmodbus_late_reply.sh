#!/usr/bin/env bash
# jsmodbus 5.0.0, Modbus TCP: a reply that comes late, while the next request is in flight, fails that next request, too,
# although that one is answered in time and each reply carries its own transaction id. The error says that the function
# codes do not match; they do (3 and 3). From the third request on all is well again. modbus-serial 8.0.25 in the same
# situation throws the late reply away and loses the first request alone.
#
# Seen on Debian 12 with Node.js 20:
#   jsmodbus: 100 Timeout, 200 OutOfSync: request fc and response fc does not match., 300 good, 400 good
#   modbus-serial: 100 TransactionTimedOutError, 200 good, 300 good, 400 good
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-fund --no-audit jsmodbus@5.0.0 modbus-serial@8.0.25
cat >late.js <<'END'
const net = require("net");
const jsmodbus = require("jsmodbus");
const ModbusRTU = require("modbus-serial");
const addresses = [100, 200, 300, 400];
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

// Each register holds its address; the first reply of a connection comes after 0.8 s, the others at once, in order.
const device = net.createServer((socket) => {
  let ready = sleep(800);
  socket.on("error", () => {});
  socket.on("data", (request) => {
    const reply = Buffer.from([...request.subarray(0, 4), 0, 5, request[6], 3, 2, request[8], request[9]]);
    ready = ready.then(() => { socket.write(reply); });
  });
});

async function ask(name, read) {
  const seen = [];
  for (const address of addresses) {
    try {
      seen.push(`${address} ${(await read(address)) === address ? "good" : "another register's value"}`);
    } catch (error) {
      seen.push(`${address} ${error.err ? error.err + (error.err === "OutOfSync" ? ": " + error.message : "") : error.name}`);
    }
    await sleep(100);
  }
  console.log(`${name}: ${seen.join(", ")}`);
}

device.listen(0, "127.0.0.1", async () => {
  const port = device.address().port;
  const socket = net.connect(port, "127.0.0.1");
  const client = new jsmodbus.client.TCP(socket, 1, 500);
  await new Promise((done) => socket.on("connect", done));
  await ask("jsmodbus", async (address) => (await client.readHoldingRegisters(address, 1)).response.body.valuesAsArray[0]);

  const other = new ModbusRTU();
  await other.connectTCP("127.0.0.1", { port });
  other.setID(1);
  other.setTimeout(500);
  await ask("modbus-serial", async (address) => (await other.readHoldingRegisters(address, 1)).data[0]);
  process.exit(0);
});
END
node late.js | tee seen
diff seen - <<'END'
jsmodbus: 100 Timeout, 200 OutOfSync: request fc and response fc does not match., 300 good, 400 good
modbus-serial: 100 TransactionTimedOutError, 200 good, 300 good, 400 good
END
