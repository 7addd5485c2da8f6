// npm's `ws` as a client of the hub: WEBMACS_HUB (ws://host:port), WEBMACS_CONTROLLER and WEBMACS_VIEWER (tokens).
// Each case is a function; what does not hold is thrown. Prints how many there were.
'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const WebSocket = require('ws');

const { WEBMACS_HUB: hub, WEBMACS_CONTROLLER: controllerToken, WEBMACS_VIEWER: viewerToken } = process.env;
const telemetry = `${hub}/ws/controller/telemetry`;
const stream = `${hub}/ws/datapoints/stream`;
const ping = '{"type":"ping"}';
const pong = '{"type":"pong"}';

async function open(url, token, options = {}, protocols = []) {
  const socket = new WebSocket(url, protocols, { perMessageDeflate: false, ...options,
    headers: token ? { Authorization: `Bearer ${token}` } : {} });
  socket.closed = once(socket, 'close').then(([code, reason]) => [code, reason.toString()]);
  socket.arrived = [];
  socket.on('message', (data, isBinary) => {
    assert(!isBinary);
    socket.arrived.push(data.toString());
    socket.emit('arrived');
  });
  await once(socket, 'open');
  return socket;
}

async function receive(socket) {
  while (socket.arrived.length === 0) await once(socket, 'arrived');
  return socket.arrived.shift();
}

const controller = (options) => open(telemetry, controllerToken, options);

async function refusedWith(url, options) {
  const socket = new WebSocket(url, { ...options, headers: { Authorization: `Bearer ${controllerToken}` } });
  const [, answer] = await once(socket, 'unexpected-response');
  socket.on('error', () => {});
  socket.terminate();
  return answer.statusCode;
}

// What is sent, by a function of the socket, and the code that the hub closes with.
async function closesWith(code, send) {
  const socket = await controller();
  send(socket);
  assert.equal((await socket.closed)[0], code);
}

const cases = {
  async 'a batch is acknowledged and reaches a subscriber'() {
    const subscriber = await open(`${stream}?events=evt_ws`, viewerToken);
    const socket = await open(`${telemetry}?ack=1`, controllerToken);
    assert.equal(JSON.parse(await receive(socket)).type, 'connected');
    const datapoints = Array.from({ length: 200 }, (_, i) => ({ event_public_id: 'evt_ws', value: i + 0.5,
      timestamp: new Date(Date.UTC(2025, 0, 15) + i).toISOString() }));
    socket.send(JSON.stringify({ batch: 7, datapoints }));
    const ack = JSON.parse(await receive(socket));
    assert.deepEqual([ack.type, ack.batch, ack.stored], ['ack', 7, 200]);
    for (let i = 0; i < 200; ++i) assert.equal(JSON.parse(await receive(subscriber)).value, i + 0.5);
    subscriber.close(1000);
    assert.deepEqual(await subscriber.closed, [1000, '']);
    socket.terminate();
  },
  async 'pings come back with what they held'() {
    const socket = await controller();
    for (const payload of ['', 'a', 'x'.repeat(125)]) {
      socket.ping(payload);
      assert.equal((await once(socket, 'pong'))[0].toString(), payload);
    }
    socket.terminate();
  },
  async 'fragments, with pings and pongs between them'() {
    const socket = await controller();
    const pongs = [];
    socket.on('pong', (data) => pongs.push(data.toString()));
    for (let i = 0; i < ping.length; ++i) {
      socket.send(ping[i], { fin: i === ping.length - 1 });
      if (i < ping.length - 1) i % 2 ? socket.ping(`${i}`) : socket.pong(`${i}`);
    }
    assert.equal(await receive(socket), pong);
    assert.deepEqual(pongs, Array.from(ping.slice(0, -1)).map((_, i) => `${i}`).filter((i) => i % 2));
    socket.terminate();
  },
  async 'messages of every length encoding, up to the most'() {
    const socket = await controller();
    for (const size of [22, 125, 126, 127, 65535, 65536]) {
      const start = '{"type":"ping","x":"';
      socket.send(`${start}${'x'.repeat(size - start.length - 2)}"}`);
      assert.equal(await receive(socket), pong);
    }
    socket.terminate();
  },
  async 'a byte more closes with 1009'() {
    await closesWith(1009, (socket) => socket.send('x'.repeat(65537)));
    await closesWith(1009, (socket) => {
      socket.send('x'.repeat(40000), { fin: false });
      socket.send('x'.repeat(25537));
    });
  },
  async 'compression is declined'() {
    const socket = await controller({ perMessageDeflate: true });
    assert.equal(socket.extensions, '');
    socket.send(ping);
    assert.equal(await receive(socket), pong);
    socket.terminate();
  },
  async 'every close code that may be sent comes back'() {
    for (const code of [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 3000, 3999, 4000, 4999]) {
      await closesWith(code, (socket) => socket.close(code, 'why'));
    }
    await closesWith(1005, (socket) => socket.close());
  },
  async 'binary closes with 1003'() {
    await closesWith(1003, (socket) => socket.send(Buffer.from(ping), { binary: true }));
  },
  async 'what is no UTF-8 closes with 1007, split over frames too'() {
    const text = { binary: false };
    await closesWith(1007, (socket) => socket.send(Buffer.from([0xff]), text));
    await closesWith(1007, (socket) => {
      socket.send(Buffer.from([0xe2, 0x82]), { ...text, fin: false });
      socket.send(Buffer.from([0x41]), text);
    });
    await closesWith(1007, (socket) => {
      socket.send('a', { fin: false });
      socket.send(Buffer.from([0xe2, 0x82]), text);
    });
    const whole = await controller();
    const euro = Buffer.from('{"type":"ping","x":"€"}');
    whole.send(euro.subarray(0, 21), { ...text, fin: false });
    whole.send(euro.subarray(21), text);
    assert.equal(await receive(whole), pong);
    whole.terminate();
  },
  async 'a frame that is not masked closes with 1002'() {
    await closesWith(1002, (socket) => socket.send(ping, { mask: false }));
  },
  async 'a token in the subprotocol enters, a wrong one hears why'() {
    const socket = await open(stream, null, {}, ['webmacs.v1', `bearer.${viewerToken}`]);
    assert.equal(socket.protocol, 'webmacs.v1');
    socket.terminate();
    const refused = await open(stream, null, {}, ['webmacs.v1', 'bearer.wm_wrong']);
    assert.equal(refused.protocol, 'webmacs.v1');
    assert.deepEqual(await refused.closed, [1008, 'Invalid or expired token']);
  },
  async 'a foreign Origin and another version do not enter'() {
    assert.equal(await refusedWith(telemetry, { origin: 'https://elsewhere.example' }), 403);
    assert.equal(await refusedWith(telemetry, { protocolVersion: 8 }), 426);
  },
};

async function main() {
  for (const [name, run] of Object.entries(cases)) {
    const late = setTimeout(() => { throw new Error(`${name}: no end after 20 s`); }, 20000);
    try {
      await run();
    } catch (error) {
      error.message = `${name}: ${error.message}`;
      throw error;
    }
    clearTimeout(late);
  }
  console.log(`${Object.keys(cases).length} cases`);
}

main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
}).finally(() => process.exit());
