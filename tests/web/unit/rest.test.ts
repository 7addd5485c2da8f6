import { Rest } from '@/data/rest';

interface Asked {
  method: string;
  path: string;
}

// A hub that answers each request by its method and path; what is not named is not there.
function hub(answers: Record<string, [status: number, body?: object]>): { rest: Rest; asked: Asked[]; denied: () => number } {
  const asked: Asked[] = [];
  let denied = 0;
  vi.stubGlobal('fetch', (path: string, { method }: { method: string }) => {
    asked.push({ method, path });
    const [status, body] = answers[`${method} ${path}`] ?? [404, { title: 'Not Found' }];
    return Promise.resolve(new Response(JSON.stringify(body ?? {}), { status }));
  });
  return { rest: new Rest('wm_x', () => (denied += 1)), asked, denied: () => denied };
}

afterEach(() => vi.unstubAllGlobals());

const STOP = 'PUT /api/v1/experiments/exp_none/stop';

describe('what the token may do', () => {
  it.each(['viewer', 'operator', 'admin'])('is told by the hub: %s', async (role) => {
    const { rest, asked } = hub({ 'GET /api/v1/me': [200, { name: 'lab', role, expires: null }] });
    expect(await rest.role()).toBe(role);
    expect(asked).toEqual([{ method: 'GET', path: '/api/v1/me' }]);
  });

  it('is found out by a refusal where a hub of 0.1 does not tell', async () => {
    expect(await hub({ [STOP]: [403] }).rest.role()).toBe('viewer');
    expect(await hub({ [STOP]: [404] }).rest.role()).toBe('operator');
  });

  it('is not known while the hub is busy, and nothing is written to find it out', async () => {
    const { rest, asked } = hub({ 'GET /api/v1/me': [503] });
    expect(await rest.role()).toBeNull();
    expect(asked.map(({ method }) => method)).toEqual(['GET']);
  });

  it('ends with the token', async () => {
    const { rest, denied } = hub({ 'GET /api/v1/me': [401] });
    expect(await rest.role()).toBeNull();
    expect(denied()).toBe(1);
  });
});
