import { ATTEMPTS, POLL_MS, QUIET_RETRY_MS } from '@/websocket';
import { ScriptedSocket } from './scripted_socket';
import { answers, pass, point, StreamTest, TOKEN } from './stream_test';

let test: StreamTest;

beforeEach(() => {
  test = new StreamTest();
});

afterEach(() => test.end());

describe('after three failed attempts', () => {
  it('polls the latest values every one and a half seconds, with the token in a header', async () => {
    test.answer = answers([point('t', 3)]);
    test.stream.start();
    await test.failAll();
    expect(ScriptedSocket.made).toHaveLength(ATTEMPTS);
    expect(test.states).toEqual(['connecting', 'polling']);
    expect(test.asked[0]!.url).toBe('http://hub:8000/api/v1/datapoints/latest');
    expect(test.asked[0]!.init.headers).toEqual({ Authorization: `Bearer ${TOKEN}` });
    await pass(4 * POLL_MS);
    expect(test.asked).toHaveLength(5);
    expect(test.points).toHaveLength(5);
  });

  it('is offline while that fails, too, and polling when it works again', async () => {
    test.stream.start();
    await test.failAll();
    expect(test.states).toEqual(['connecting', 'offline']);
    test.answer = answers({}, 503);
    await pass(POLL_MS);
    expect(test.states).toEqual(['connecting', 'offline']);
    test.answer = answers([]);
    await pass(POLL_MS);
    expect(test.states).toEqual(['connecting', 'offline', 'polling']);
  });

  it('tries the socket every thirty seconds, and says nothing of it', async () => {
    test.answer = answers([]);
    test.stream.start();
    await test.failAll();
    await pass(QUIET_RETRY_MS - 1);
    expect(ScriptedSocket.made).toHaveLength(ATTEMPTS);
    await pass(1);
    expect(ScriptedSocket.made).toHaveLength(ATTEMPTS + 1);
    ScriptedSocket.last.drop();
    await pass(QUIET_RETRY_MS);
    expect(ScriptedSocket.made).toHaveLength(ATTEMPTS + 2);
    expect(test.states).toEqual(['connecting', 'polling']);
  });

  it('returns to the socket, and polls no more', async () => {
    test.answer = answers([]);
    test.stream.start();
    await test.failAll();
    await pass(QUIET_RETRY_MS);
    ScriptedSocket.last.greet('a:9');
    const before = test.asked.length;
    await pass(5 * POLL_MS);
    expect(test.states).toEqual(['connecting', 'polling', 'live']);
    expect(test.asked).toHaveLength(before);
  });

  it('resumes by the cursor from before the polling', async () => {
    test.answer = answers([]);
    test.stream.start();
    ScriptedSocket.last.greet('a:17');
    ScriptedSocket.last.drop();
    await pass(500);
    await test.failAll();
    await pass(QUIET_RETRY_MS);
    expect(ScriptedSocket.last.url.searchParams.get('since')).toBe('a:17');
  });

  it('tries the socket soon when a hub that was away answers again', async () => {
    test.stream.start();
    await test.failAll();
    await pass(POLL_MS);
    test.answer = answers([]);
    await pass(POLL_MS + 2000);
    expect(ScriptedSocket.made).toHaveLength(ATTEMPTS + 1);
  });

  it('takes a poll that is not answered for a failure', async () => {
    test.answer = ({ signal }) =>
      new Promise((_resolve, reject) => signal!.addEventListener('abort', () => reject(new Error('aborted'))));
    test.stream.start();
    await test.failAll();
    await pass(10_000);
    expect(test.states).toEqual(['connecting', 'offline']);
  });

  it('falls back again when it is lost again', async () => {
    test.answer = answers([]);
    test.stream.start();
    await test.failAll();
    await pass(QUIET_RETRY_MS);
    ScriptedSocket.last.greet('a:9');
    ScriptedSocket.last.drop();
    expect(test.states.at(-1)).toBe('connecting');
    await pass(500);
    await test.failAll();
    expect(test.states).toEqual(['connecting', 'polling', 'live', 'connecting', 'polling']);
  });

  it('is told at once that the network is back', async () => {
    test.stream.start();
    await test.failAll();
    test.stream.tryNow();
    expect(ScriptedSocket.made).toHaveLength(ATTEMPTS + 1);
    ScriptedSocket.last.greet('a:1');
    expect(test.states.at(-1)).toBe('live');
    test.stream.tryNow();
    expect(ScriptedSocket.made).toHaveLength(ATTEMPTS + 1);
  });
});
