// What the tests of the live connection share: a stream at whose other end the test is, and what it told its handlers.

import { ATTEMPTS, DatapointStream, type ConnectionState } from '@/websocket';
import type { Backfill, Controller, Datapoint } from '@/messages';
import { ScriptedSocket } from './scripted_socket';

export const TOKEN = 'wm_secret';

export function point(event: string, value: number | null, second = 0): Datapoint {
  return {
    public_id: `dp_${event}_${second}`, value, timestamp: `2025-01-15T14:32:${String(second).padStart(2, '0')}.000Z`,
    event_public_id: event, experiment_public_id: null,
  };
}

// Time is faked from its making until end(): it passes when a test says so.
export class StreamTest {
  readonly states: ConnectionState[] = [];
  readonly points: Datapoint[] = [];
  readonly holes: number[] = [];
  readonly backfills: Backfill[] = [];
  readonly statuses: Controller[] = [];
  readonly denials: string[] = [];
  readonly asked: { url: string; init: RequestInit }[] = []; // over HTTP
  answer: (init: RequestInit) => Promise<Response> = () => Promise.reject(new TypeError('refused'));
  readonly stream: DatapointStream;

  constructor(origin = 'http://hub:8000') {
    vi.useFakeTimers({ now: 1_000_000 });
    vi.spyOn(Math, 'random').mockReturnValue(1);
    ScriptedSocket.made = [];
    vi.stubGlobal('WebSocket', ScriptedSocket);
    vi.stubGlobal('fetch', (url: URL, init: RequestInit) => {
      this.asked.push({ url: String(url), init });
      return this.answer(init);
    });
    this.stream = new DatapointStream(TOKEN, {
      onState: (state, reason) => {
        this.states.push(state);
        if (state === 'denied') this.denials.push(reason);
      },
      onDatapoints: (came) => this.points.push(...came),
      onBackfilled: (range) => this.backfills.push(range),
      onStatus: (controller) => this.statuses.push(controller),
      onHole: (since) => this.holes.push(since),
    }, origin);
  }

  end(): void {
    this.stream.stop();
    vi.restoreAllMocks();
    vi.unstubAllGlobals();
    vi.useRealTimers();
  }

  get values(): (number | null)[] {
    return this.points.map((came) => came.value);
  }

  // Every attempt fails at once, until the service gives up.
  async failAll(): Promise<void> {
    for (let i = 0; i < ATTEMPTS; i += 1) {
      ScriptedSocket.last.drop();
      await pass(i + 1 < ATTEMPTS ? 4000 : 0);
    }
    await pass(0);
  }
}

export const answers = (body: unknown, status = 200) => () => Promise.resolve(new Response(JSON.stringify(body), { status }));
export const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
