import { ATTEMPTS, DatapointStream, PING_AFTER_MS, POLL_MS, QUIET_RETRY_MS, type ConnectionState } from '@/websocket';
import type { Backfill, Controller, Datapoint } from '@/messages';
import { ScriptedSocket } from './scripted_socket';

const TOKEN = 'wm_secret';

function point(event: string, value: number | null, second = 0): Datapoint {
  return {
    public_id: `dp_${event}_${second}`, value, timestamp: `2025-01-15T14:32:${String(second).padStart(2, '0')}.000Z`,
    event_public_id: event, experiment_public_id: null,
  };
}

let states: ConnectionState[];
let points: Datapoint[];
let holes: number[];
let backfills: Backfill[];
let statuses: Controller[];
let denials: string[];
let answer: () => Promise<Response>; // of the HTTP fallback
let asked: { url: string; init: RequestInit }[];
let stream: DatapointStream;

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
  vi.spyOn(Math, 'random').mockReturnValue(1);
  ScriptedSocket.made = [];
  states = [], points = [], holes = [], backfills = [], statuses = [], denials = [], asked = [];
  answer = () => Promise.reject(new TypeError('refused'));
  vi.stubGlobal('WebSocket', ScriptedSocket);
  vi.stubGlobal('fetch', (url: URL, init: RequestInit) => {
    asked.push({ url: String(url), init });
    return answer();
  });
  stream = new DatapointStream(TOKEN, {
    onState: (state, reason) => {
      states.push(state);
      if (state === 'denied') denials.push(reason);
    },
    onDatapoints: (came) => points.push(...came),
    onBackfilled: (range) => backfills.push(range),
    onStatus: (controller) => statuses.push(controller),
    onHole: (since) => holes.push(since),
  }, 'http://hub:8000');
});

afterEach(() => {
  stream.stop();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const answers = (body: unknown, status = 200) => () => Promise.resolve(new Response(JSON.stringify(body), { status }));
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

// Every attempt fails at once, until the service gives up.
async function failAll(): Promise<void> {
  for (let i = 0; i < ATTEMPTS; i += 1) {
    ScriptedSocket.last.drop();
    await pass(i + 1 < ATTEMPTS ? 4000 : 0);
  }
}

describe('the first connection', () => {
  it('asks for envelopes, with the token as a subprotocol and in no address', () => {
    stream.start();
    expect(states).toEqual(['connecting']);
    const socket = ScriptedSocket.last;
    expect(socket.url.href).toBe('ws://hub:8000/ws/datapoints/stream?format=batch');
    expect(socket.protocols).toEqual(['webmacs.v1', `bearer.${TOKEN}`]);
  });

  it('is live when the hub has greeted it, and hands over the latest values', () => {
    stream.start();
    ScriptedSocket.last.greet('a:7', false, [point('t', 1)]);
    expect(states).toEqual(['connecting', 'live']);
    expect(points.map((p) => p.value)).toEqual([1]);
    expect(holes).toEqual([]);
  });

  it('uses wss where the page came by https', () => {
    const secure = new DatapointStream(TOKEN, { onState() {}, onDatapoints() {}, onBackfilled() {}, onStatus() {}, onHole() {} }, 'https://lab');
    secure.start();
    expect(ScriptedSocket.last.url.protocol).toBe('wss:');
    secure.stop();
  });

  it('fails when no greeting comes within ten seconds', async () => {
    stream.start();
    await pass(9_999);
    expect(ScriptedSocket.last.closedWith).toBeNull();
    await pass(1);
    expect(ScriptedSocket.made[0]!.closedWith).toBe(1000);
    expect(states).toEqual(['connecting']);
    await pass(1000);
    expect(ScriptedSocket.made).toHaveLength(2);
  });
});

describe('while live', () => {
  beforeEach(() => {
    stream.start();
    ScriptedSocket.last.greet('a:1');
  });

  it('hands over datapoints, backfills and statuses', () => {
    const socket = ScriptedSocket.last;
    socket.say({ type: 'datapoints_batch', cursor: 'a:2', datapoints: [point('t', 1), point('t', null, 1)] });
    socket.say({ type: 'backfilled', cursor: 'a:3', event_public_ids: ['t'], from: 'x', to: 'y' });
    socket.say({ type: 'status', name: 'rig1', online: true });
    expect(points.map((p) => p.value)).toEqual([1, null]);
    expect(backfills).toMatchObject([{ event_public_ids: ['t'], from: 'x', to: 'y' }]);
    expect(statuses).toMatchObject([{ name: 'rig1', online: true }]);
  });

  it('tells a hole when the hub skipped points, from the envelope before', async () => {
    await pass(500);
    ScriptedSocket.last.say({ type: 'datapoints_batch', cursor: 'a:2', datapoints: [] });
    await pass(500);
    ScriptedSocket.last.say({ type: 'datapoints_batch', cursor: 'a:900', datapoints: [point('t', 1)], skipped: 850 });
    expect(holes).toEqual([1_000_500]);
  });

  it('is not disturbed by what is no JSON', () => {
    ScriptedSocket.last.onmessage!({ data: '<html>' });
    expect(states).toEqual(['connecting', 'live']);
  });

  it('asks after ten seconds of silence, and takes an answer for life', async () => {
    await pass(PING_AFTER_MS);
    expect(ScriptedSocket.last.sent).toEqual(['{"type":"ping"}']);
    ScriptedSocket.last.say({ type: 'pong' });
    await pass(PING_AFTER_MS - 1);
    expect(states).toEqual(['connecting', 'live']);
    expect(ScriptedSocket.made).toHaveLength(1);
  });

  it('takes a connection that does not answer for dead', async () => {
    await pass(2 * PING_AFTER_MS);
    expect(ScriptedSocket.made[0]!.closedWith).toBe(1000);
    expect(states).toEqual(['connecting', 'live', 'connecting']);
  });
});

describe('a lost connection', () => {
  beforeEach(() => {
    stream.start();
    ScriptedSocket.last.greet('a:1');
    ScriptedSocket.last.say({ type: 'datapoints_batch', cursor: 'a:41', datapoints: [point('t', 1)] });
  });

  it('is taken up again where it ended, without a hole', async () => {
    ScriptedSocket.last.drop(1001);
    expect(states.at(-1)).toBe('connecting');
    await pass(500);
    expect(ScriptedSocket.last.url.searchParams.get('since')).toBe('a:41');
    ScriptedSocket.last.greet('a:41', true);
    ScriptedSocket.last.say({ type: 'datapoints_batch', cursor: 'a:43', datapoints: [point('t', 2, 1)] });
    expect(states).toEqual(['connecting', 'live', 'connecting', 'live']);
    expect(points.map((p) => p.value)).toEqual([1, 2]);
    expect(holes).toEqual([]);
  });

  it('tells a hole from the last that was heard when the hub cannot replay', async () => {
    await pass(2000);
    ScriptedSocket.last.drop();
    await pass(500);
    ScriptedSocket.last.greet('b:0', false, [point('t', 5, 9)]);
    expect(holes).toEqual([1_000_000]);
    expect(points.at(-1)!.value).toBe(5);
  });

  it('waits twice as long after each failed attempt', async () => {
    ScriptedSocket.last.drop();
    await pass(499);
    expect(ScriptedSocket.made).toHaveLength(1);
    await pass(1);
    expect(ScriptedSocket.made).toHaveLength(2);
    ScriptedSocket.last.drop();
    await pass(999);
    expect(ScriptedSocket.made).toHaveLength(2);
    await pass(1);
    expect(ScriptedSocket.made).toHaveLength(3);
    ScriptedSocket.last.drop();
    await pass(2000);
    expect(ScriptedSocket.made).toHaveLength(4);
  });

  it('waits at least half as long, at random', async () => {
    vi.mocked(Math.random).mockReturnValue(0);
    ScriptedSocket.last.drop();
    await pass(249);
    expect(ScriptedSocket.made).toHaveLength(1);
    await pass(1);
    expect(ScriptedSocket.made).toHaveLength(2);
  });

  it('counts only attempts in a row', async () => {
    for (let i = 0; i < 3 * ATTEMPTS; i += 1) {
      ScriptedSocket.last.drop();
      await pass(500);
      ScriptedSocket.last.greet('a:50', true);
    }
    expect(asked).toEqual([]);
    expect(states.at(-1)).toBe('live');
  });
});

describe('after three failed attempts', () => {
  it('polls the latest values every one and a half seconds, with the token in a header', async () => {
    answer = answers([point('t', 3)]);
    stream.start();
    await failAll();
    await pass(0);
    expect(ScriptedSocket.made).toHaveLength(ATTEMPTS);
    expect(states).toEqual(['connecting', 'polling']);
    expect(asked[0]!.url).toBe('http://hub:8000/api/v1/datapoints/latest');
    expect(asked[0]!.init.headers).toEqual({ Authorization: `Bearer ${TOKEN}` });
    await pass(4 * POLL_MS);
    expect(asked).toHaveLength(5);
    expect(points).toHaveLength(5);
  });

  it('is offline while that fails, too, and polling when it works again', async () => {
    stream.start();
    await failAll();
    await pass(0);
    expect(states).toEqual(['connecting', 'offline']);
    answer = answers({}, 503);
    await pass(POLL_MS);
    expect(states).toEqual(['connecting', 'offline']);
    answer = answers([]);
    await pass(POLL_MS);
    expect(states).toEqual(['connecting', 'offline', 'polling']);
  });

  it('tries the socket every thirty seconds, and says nothing of it', async () => {
    answer = answers([]);
    stream.start();
    await failAll();
    await pass(QUIET_RETRY_MS - 1);
    expect(ScriptedSocket.made).toHaveLength(ATTEMPTS);
    await pass(1);
    expect(ScriptedSocket.made).toHaveLength(ATTEMPTS + 1);
    ScriptedSocket.last.drop();
    await pass(QUIET_RETRY_MS);
    expect(ScriptedSocket.made).toHaveLength(ATTEMPTS + 2);
    expect(states).toEqual(['connecting', 'polling']);
  });

  it('returns to the socket, and polls no more', async () => {
    answer = answers([]);
    stream.start();
    await failAll();
    await pass(QUIET_RETRY_MS);
    ScriptedSocket.last.greet('a:9');
    const before = asked.length;
    await pass(5 * POLL_MS);
    expect(states).toEqual(['connecting', 'polling', 'live']);
    expect(asked).toHaveLength(before);
  });

  it('resumes by the cursor from before the polling', async () => {
    answer = answers([]);
    stream.start();
    ScriptedSocket.last.greet('a:17');
    ScriptedSocket.last.drop();
    await pass(500);
    await failAll();
    await pass(QUIET_RETRY_MS);
    expect(ScriptedSocket.last.url.searchParams.get('since')).toBe('a:17');
  });

  it('tries the socket soon when a hub that was away answers again', async () => {
    stream.start();
    await failAll();
    await pass(POLL_MS);
    answer = answers([]);
    await pass(POLL_MS + 2000);
    expect(ScriptedSocket.made).toHaveLength(ATTEMPTS + 1);
  });

  it('takes a poll that is not answered for a failure', async () => {
    answer = () => new Promise(() => {});
    vi.stubGlobal('fetch', (_url: URL, init: RequestInit) =>
      new Promise((_resolve, reject) => init.signal!.addEventListener('abort', () => reject(new Error('aborted')))));
    stream.start();
    await failAll();
    await pass(10_000);
    expect(states).toEqual(['connecting', 'offline']);
  });

  it('falls back again when it is lost again', async () => {
    answer = answers([]);
    stream.start();
    await failAll();
    await pass(QUIET_RETRY_MS);
    ScriptedSocket.last.greet('a:9');
    ScriptedSocket.last.drop();
    expect(states.at(-1)).toBe('connecting');
    await pass(500);
    await failAll();
    await pass(0);
    expect(states).toEqual(['connecting', 'polling', 'live', 'connecting', 'polling']);
  });

  it('is told at once that the network is back', async () => {
    stream.start();
    await failAll();
    await pass(0);
    stream.tryNow();
    expect(ScriptedSocket.made).toHaveLength(ATTEMPTS + 1);
    ScriptedSocket.last.greet('a:1');
    expect(states.at(-1)).toBe('live');
    stream.tryNow();
    expect(ScriptedSocket.made).toHaveLength(ATTEMPTS + 1);
  });
});

describe('a token that is not accepted', () => {
  it('is denied with the hub\'s words, and not tried again', async () => {
    stream.start();
    ScriptedSocket.last.drop(1008, 'Token has been revoked');
    expect(states).toEqual(['connecting', 'denied']);
    expect(denials).toEqual(['Token has been revoked']);
    await pass(600_000);
    stream.tryNow();
    expect(ScriptedSocket.made).toHaveLength(1);
    expect(asked).toEqual([]);
  });

  it('is denied while live', () => {
    stream.start();
    ScriptedSocket.last.greet();
    ScriptedSocket.last.drop(1008, 'Invalid or expired token');
    expect(states).toEqual(['connecting', 'live', 'denied']);
  });

  it.each([401, 403])('is denied while polling by %i', async (status) => {
    answer = answers({}, status);
    stream.start();
    await failAll();
    await pass(0);
    expect(states).toEqual(['connecting', 'denied']);
    await pass(600_000);
    expect(asked).toHaveLength(1);
    expect(ScriptedSocket.made).toHaveLength(ATTEMPTS);
  });
});

describe('stopping', () => {
  it('closes the socket cleanly and says nothing more', async () => {
    stream.start();
    const socket = ScriptedSocket.last;
    socket.greet();
    stream.stop();
    expect(socket.closedWith).toBe(1000);
    socket.drop(1000);
    socket.say({ type: 'datapoints_batch', cursor: 'a:2', datapoints: [point('t', 1)] });
    await pass(600_000);
    expect(states).toEqual(['connecting', 'live']);
    expect(points).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('ends polling, with an answer on its way', async () => {
    let arrive: (response: Response) => void = () => {};
    answer = () => new Promise((resolve) => (arrive = resolve));
    stream.start();
    await failAll();
    stream.stop();
    arrive(new Response(JSON.stringify([point('t', 1)])));
    await pass(600_000);
    expect(states).toEqual(['connecting']);
    expect(points).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('ends a wait between two attempts', async () => {
    stream.start();
    ScriptedSocket.last.drop();
    stream.stop();
    await pass(600_000);
    expect(ScriptedSocket.made).toHaveLength(1);
  });
});
