import type { View } from '#src/admin/view'

/** For whom pages are made in tests. */
export const viewFor = (language: View['language'], more: Partial<View> = {}): View => ({
  language,
  theme: 'auto',
  path: '/admin/accounts',
  address: '/admin/accounts?page=2',
  origin: 'http://127.0.0.1:8080',
  operator: { by: 'session', id: 's1', name: 'session s1', address: '127.0.0.1' },
  isPartial: false,
  isHtmx: false,
  now: Date.UTC(2026, 10, 21, 12),
  zoneMinutes: 480,
  ...more,
})
