// What the address asks for: `#/trends?events=a,b&range=1h`.

export const pages = ['overview', 'trends', 'experiments', 'agents'] as const;
export type PageName = (typeof pages)[number];

export interface Route {
  page: PageName | null; // null: there is no such page
  name: string; // as the address has it
  id: string; // what follows the page's name, or ''
  query: URLSearchParams;
}

export function parseRoute(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?', 2);
  const [name = '', id = ''] = path.split('/', 2);
  const page = name === '' ? 'overview' : (pages.find((known) => known === name) ?? null);
  return { page, name, id: safelyDecoded(id), query: new URLSearchParams(query) };
}

export function trendsLink(events: string[], more: Record<string, string> = {}): string {
  return `#/trends?${readable(new URLSearchParams({ events: events.join(','), ...more }))}`;
}

// Commas and colons may stand in a fragment as they are.
export function readable(query: URLSearchParams): string {
  return query.toString().replaceAll('%2C', ',').replaceAll('%3A', ':');
}

function safelyDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}
