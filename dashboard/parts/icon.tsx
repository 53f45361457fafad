/** Drawn on a grid of 16 by 16, in strokes. */
const PATHS = {
  overview: 'M2 9h4v5H2zM6 2h4v12H6zM10 6h4v8h-4z',
  jobs: 'M2.5 4h11M2.5 8h11M2.5 12h7',
  models: 'M8 1.5l6 3.2v6.6L8 14.5l-6-3.2V4.700zM2 4.700l6 3.3 6-3.300M8 8v6.5',
  playground: 'M4.5 2.500v11l9-5.500z',
  webhooks:
    'M5.5 6.500a2.5 2.5 0 1 1 4.2 1.800l2 3.400M8 6l-2.5 5M5.5 11a2.5 2.5 0 1 1-2.5-2.500M6 12h5.500a2 2 0 1 0 .5-1.5',
  tenants:
    'M6 8a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM1.5 13.500c0-2.5 2-4 4.5-4s4.5 1.5 4.5 4M11 3.200a2.5 2.5 0 0 1 0 4.600M12 9.800c1.6.5 2.5 1.9 2.5 3.7',
  reference: 'M3 2.500h7.500L13 5v8.500H3zM5.5 7h5M5.5 10h5',
  signout: 'M6 2.500H3v11h3M10 5l3 3-3 3M13 8H6',
  sun: 'M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM8 1v1.500M8 13.500V15M1 8h1.500M13.5 8H15M3 3l1 1M12 12l1 1M3 13l1-1M12 4l1-1',
  moon: 'M13.5 9.500A6 6 0 0 1 6.5 2.500a6 6 0 1 0 7 7z',
  copy: 'M5.5 5.500h8v8h-8zM10.5 5.500v-3h-8v8h3',
  check: 'M3 8.500l3.5 3.500L13 4.5',
  close: 'M3.5 3.500l9 9M12.5 3.500l-9 9',
  search: 'M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10zM10.6 10.600L14 14',
  retry: 'M13 8a5 5 0 1 1-1.5-3.500M13 2v3h-3',
  cancel: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM4 4l8 8',
  pause: 'M5 3v10M11 3v10',
  right: 'M6 3.500L10.5 8 6 12.5',
  plus: 'M8 3v10M3 8h10',
  keyboard: 'M1.5 4h13v8h-13zM4 6.500h.1M6.6 6.500h.1M9.2 6.500h.1M12 6.500h.1M5 9.500h6',
  inbox: 'M2 9l2-6h8l2 6v4H2zM2 9h3.500l1 2h3l1-2H14',
  warning: 'M8 2l6.5 11.500h-13zM8 6.500v3.500M8 12h.1',
} as const;
export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
