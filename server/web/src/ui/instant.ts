// Moments as texts: in the reader's zone, or in UTC.

const dateTime = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
const timeOnly = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });

export function formatTime(ms: number): string {
  return dateTime.format(ms);
}

// Without the date when it is today.
export function formatMoment(ms: number): string {
  return new Date(ms).toDateString() === new Date().toDateString() ? timeOnly.format(ms) : dateTime.format(ms);
}

export function formatInstant(ms: number): string {
  return formatMoment(ms);
}

export function utc(ms: number): string {
  return `${new Date(ms).toISOString().replace('T', ' ').replace('Z', '')} UTC`;
}

// For <input type="datetime-local">, and back; seconds are kept.
export function toLocalInput(ms: number): string {
  const local = new Date(ms - new Date(ms).getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 19);
}

export function fromLocalInput(text: string): number {
  return new Date(text).getTime();
}
