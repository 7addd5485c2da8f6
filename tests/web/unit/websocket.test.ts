import { ATTEMPTS, PING_AFTER_MS } from '@/websocket';
import { ScriptedSocket } from './scripted_socket';
import { answers, pass, point, StreamTest, TOKEN } from './stream_test';

let test: StreamTest;

beforeEach(() => {
  test = new StreamTest();
});

afterEach(() => test.end());

describe('the first connection', () => {
  it('asks for envelopes, with the token as a subprotocol and in no address', () => {
    test.stream.start();
    expect(test.states).toEqual(['connecting']);
    const socket = ScriptedSocket.last;
    expect(socket.url.href).toBe('ws://hub:8000/ws/datapoints/stream?format=batch');
    expect(socket.protocols).toEqual(['webmacs.v1', `bearer.${TOKEN}`]);
  });

  it('is live when the hub has greeted it, and hands over the latest values', () => {
    test.stream.start();
    ScriptedSocket.last.greet('a:7', false, [point('t', 1)]);
    expect(test.states).toEqual(['connecting', 'live']);
    expect(test.values).toEqual([1]);
    expect(test.holes).toEqual([]);
  });

  it('uses wss where the page came by https', () => {
    test.end();
    test = new StreamTest('https://lab');
    test.stream.start();
    expect(ScriptedSocket.last.url.protocol).toBe('wss:');
  });

  it('fails when no greeting comes within ten seconds', async () => {
    test.stream.start();
    await pass(9_999);
    expect(ScriptedSocket.last.closedWith).toBeNull();
    await pass(1);
    expect(ScriptedSocket.made[0]!.closedWith).toBe(1000);
    expect(test.states).toEqual(['connecting']);
    await pass(1000);
    expect(ScriptedSocket.made).toHaveLength(2);
  });
});

describe('while live', () => {
  beforeEach(() => {
    test.stream.start();
    ScriptedSocket.last.greet('a:1');
  });

  it('hands over datapoints, backfills and statuses', () => {
    const socket = ScriptedSocket.last;
    socket.say({ type: 'datapoints_batch', cursor: 'a:2', datapoints: [point('t', 1), point('t', null, 1)] });
    socket.say({ type: 'backfilled', cursor: 'a:3', event_public_ids: ['t'], from: 'x', to: 'y' });
    socket.say({ type: 'status', name: 'rig1', online: true });
    expect(test.values).toEqual([1, null]);
    expect(test.backfills).toMatchObject([{ event_public_ids: ['t'], from: 'x', to: 'y' }]);
    expect(test.statuses).toMatchObject([{ name: 'rig1', online: true }]);
  });

  it('tells a hole when the hub skipped points, from the envelope before', async () => {
    await pass(500);
    ScriptedSocket.last.say({ type: 'datapoints_batch', cursor: 'a:2', datapoints: [] });
    await pass(500);
    ScriptedSocket.last.say({ type: 'datapoints_batch', cursor: 'a:900', datapoints: [point('t', 1)], skipped: 850 });
    expect(test.holes).toEqual([1_000_500]);
  });

  it('is not disturbed by what is no JSON', () => {
    ScriptedSocket.last.onmessage!({ data: '<html>' });
    expect(test.states).toEqual(['connecting', 'live']);
  });

  it('asks after ten seconds of silence, and takes an answer for life', async () => {
    await pass(PING_AFTER_MS);
    expect(ScriptedSocket.last.sent).toEqual(['{"type":"ping"}']);
    ScriptedSocket.last.say({ type: 'pong' });
    await pass(PING_AFTER_MS - 1);
    expect(test.states).toEqual(['connecting', 'live']);
    expect(ScriptedSocket.made).toHaveLength(1);
  });

  it('takes a connection that does not answer for dead', async () => {
    await pass(2 * PING_AFTER_MS);
    expect(ScriptedSocket.made[0]!.closedWith).toBe(1000);
    expect(test.states).toEqual(['connecting', 'live', 'connecting']);
  });
});

describe('a token that is not accepted', () => {
  it('is denied with the hub\'s words, and not tried again', async () => {
    test.stream.start();
    ScriptedSocket.last.drop(1008, 'Token has been revoked');
    expect(test.states).toEqual(['connecting', 'denied']);
    expect(test.denials).toEqual(['Token has been revoked']);
    await pass(600_000);
    test.stream.tryNow();
    expect(ScriptedSocket.made).toHaveLength(1);
    expect(test.asked).toEqual([]);
  });

  it('is denied while live', () => {
    test.stream.start();
    ScriptedSocket.last.greet();
    ScriptedSocket.last.drop(1008, 'Invalid or expired token');
    expect(test.states).toEqual(['connecting', 'live', 'denied']);
  });

  it.each([401, 403])('is denied while polling by %i', async (status) => {
    test.answer = answers({}, status);
    test.stream.start();
    await test.failAll();
    expect(test.states).toEqual(['connecting', 'denied']);
    await pass(600_000);
    expect(test.asked).toHaveLength(1);
    expect(ScriptedSocket.made).toHaveLength(ATTEMPTS);
  });
});

describe('stopping', () => {
  it('closes the socket cleanly and says nothing more', async () => {
    test.stream.start();
    const socket = ScriptedSocket.last;
    socket.greet();
    test.stream.stop();
    expect(socket.closedWith).toBe(1000);
    socket.drop(1000);
    socket.say({ type: 'datapoints_batch', cursor: 'a:2', datapoints: [point('t', 1)] });
    await pass(600_000);
    expect(test.states).toEqual(['connecting', 'live']);
    expect(test.points).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('ends polling, with an answer on its way', async () => {
    let arrive!: (response: Response) => void;
    test.answer = () => new Promise((resolve) => (arrive = resolve));
    test.stream.start();
    await test.failAll();
    test.stream.stop();
    arrive(new Response(JSON.stringify([point('t', 1)])));
    await pass(600_000);
    expect(test.states).toEqual(['connecting']);
    expect(test.points).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('ends a wait between two attempts', async () => {
    test.stream.start();
    ScriptedSocket.last.drop();
    test.stream.stop();
    await pass(600_000);
    expect(ScriptedSocket.made).toHaveLength(1);
  });
});
