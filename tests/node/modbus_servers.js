// npm's jsmodbus and modbus-serial as Modbus TCP units on free ports: prints {"jsmodbus": PORT, "modbus_serial": PORT} and
// serves until standard input ends. What each register holds is what tests/scenarios/modbus/foreign_servers.py expects.
'use strict';

const net = require('node:net');
const jsmodbus = require('jsmodbus');
const { ServerTCP } = require('modbus-serial');

const registers = 200;  // of jsmodbus, from 0: a read beyond is answered with fewer, as a success
const listening = {};

function tell(name, port) {
  listening[name] = port;
  if (Object.keys(listening).length === 2) console.log(JSON.stringify(listening));
}

const holding = Buffer.alloc(2 * registers);
const input = Buffer.alloc(2 * registers);
for (let i = 0; i < registers; ++i) {
  holding.writeUInt16BE(i, 2 * i);
  input.writeUInt16BE(1000 + i, 2 * i);
}
const bits = Buffer.alloc(4, 0b10101010);
const plain = net.createServer();
new jsmodbus.server.TCP(plain, { holding, input, coils: bits, discrete: bits });
plain.listen(0, '127.0.0.1', () => tell('jsmodbus', plain.address().port));

// Without callbacks for coils and discrete inputs: those functions get no answer at all.
const refused = 150;
const vector = {
  getHoldingRegister: (address) => {
    if (address === refused) throw Object.assign(new Error('refused'), { modbusErrorCode: 4 });
    return address;
  },
  getInputRegister: (address) => 1000 + address,
};
const probe = net.createServer().listen(0, '127.0.0.1', () => {
  const { port } = probe.address();
  probe.close(() => {
    const server = new ServerTCP(vector, { host: '127.0.0.1', port, unitID: 255 });
    server.on('initialized', () => tell('modbus_serial', port));
  });
});

process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
