// Line icons, 24 × 24, drawn with the text's colour; they say nothing to a screen reader: the text beside them does.

const paths = {
  overview: '<rect x="3" y="3" width="8" height="8" rx="1.5"/><rect x="13" y="3" width="8" height="5" rx="1.5"/><rect x="13" y="11" width="8" height="10" rx="1.5"/><rect x="3" y="14" width="8" height="7" rx="1.5"/>',
  trends: '<path d="M3 3v18h18"/><path d="m6 15 4-6 4 4 6-8"/>',
  experiments: '<path d="M9 3h6M10 3v6L4.5 18.5A1.7 1.7 0 0 0 6 21h12a1.7 1.7 0 0 0 1.5-2.5L14 9V3"/><path d="M7.5 14h9"/>',
  agents: '<rect x="5" y="5" width="14" height="14" rx="2"/><path d="M9 1v4M15 1v4M9 19v4M15 19v4M1 9h4M1 15h4M19 9h4M19 15h4"/>',
  bad: '<path d="m6 6 12 12M18 6 6 18"/>',
  stale: '<circle cx="12" cy="12" r="8.5"/><path d="M12 7v5l3.5 2"/>',
  high: '<path d="m12 5 8 13H4z" fill="currentColor"/>',
  low: '<path d="M12 19 4 6h16z" fill="currentColor"/>',
  offline: '<path d="M3 3l18 18M8.5 15.5a5 5 0 0 1 6.5-.5M5 12a10 10 0 0 1 4-2.4M14.5 9.3A10 10 0 0 1 19 12M2 8.5A15 15 0 0 1 7 5.6M11 5a15 15 0 0 1 11 3.5M12 19h.01"/>',
  close: '<path d="m6 6 12 12M18 6 6 18"/>',
  plus: '<path d="M12 5v14M5 12h14"/>',
  minus: '<path d="M5 12h14"/>',
  left: '<path d="m15 5-7 7 7 7"/>',
  right: '<path d="m9 5 7 7-7 7"/>',
  follow: '<path d="M4 12h10M9 7l5 5-5 5M19 5v14"/>',
  list: '<path d="M8 6h13M8 12h13M8 18h13M3 6h.01M3 12h.01M3 18h.01"/>',
  steps: '<path d="M3 18h6v-6h6V6h6"/>',
  line: '<path d="m3 18 6-6 6 2 6-9"/>',
  key: '<circle cx="8" cy="15" r="4.5"/><path d="m11.5 11.5 8-8M16 7l3 3"/>',
  download: '<path d="M12 3v12M7 10l5 5 5-5M4 20h16"/>',
} as const;

export type IconName = keyof typeof paths;

export function icon(name: IconName): SVGSVGElement {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  svg.innerHTML = paths[name];
  return svg;
}
