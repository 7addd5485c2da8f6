import { ATTEMPTS } from '@/websocket';
import { ScriptedSocket } from './scripted_socket';
import { pass, point, StreamTest } from './stream_test';

let test: StreamTest;

beforeEach(() => {
  test = new StreamTest();
});

afterEach(() => test.end());

describe('a lost connection', () => {
  beforeEach(() => {
    test.stream.start();
    ScriptedSocket.last.greet('a:1');
    ScriptedSocket.last.say({ type: 'datapoints_batch', cursor: 'a:41', datapoints: [point('t', 1)] });
  });

  it('is taken up again where it ended, without a hole', async () => {
    ScriptedSocket.last.drop(1001);
    expect(test.states.at(-1)).toBe('connecting');
    await pass(500);
    expect(ScriptedSocket.last.url.searchParams.get('since')).toBe('a:41');
    ScriptedSocket.last.greet('a:41', true);
    ScriptedSocket.last.say({ type: 'datapoints_batch', cursor: 'a:43', datapoints: [point('t', 2, 1)] });
    expect(test.states).toEqual(['connecting', 'live', 'connecting', 'live']);
    expect(test.values).toEqual([1, 2]);
    expect(test.holes).toEqual([]);
  });

  it('tells a hole from the last that was heard when the hub cannot replay', async () => {
    await pass(2000);
    ScriptedSocket.last.drop();
    await pass(500);
    ScriptedSocket.last.greet('b:0', false, [point('t', 5, 9)]);
    expect(test.holes).toEqual([1_000_000]);
    expect(test.points.at(-1)!.value).toBe(5);
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
    expect(test.asked).toEqual([]);
    expect(test.states.at(-1)).toBe('live');
  });
});
