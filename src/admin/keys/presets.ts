import type { LIMIT_NAMES } from './schema'

export const PRESETS = ['unlimited', 'recommended', 'small'] as const
export type Preset = (typeof PRESETS)[number]

/** What the fields of a form hold for each: whoever makes a key goes on from there. */
export const PRESET_LIMITS: Readonly<
  Record<Preset, Readonly<Partial<Record<keyof typeof LIMIT_NAMES, string>>>>
> = {
  unlimited: {},
  recommended: {
    requests_per_minute: '60',
    concurrency: '8',
    heavy_per_day: '100',
    image_per_day: '100',
    video_per_day: '20',
    cost_usd_ticks_per_day: '10',
    cost_usd_ticks_per_month: '100',
  },
  small: {
    requests_per_minute: '10',
    concurrency: '2',
    chat_per_day: '50',
    heavy_per_day: '5',
    image_per_day: '10',
    video_per_day: '1',
    cost_usd_ticks_per_day: '1',
    cost_usd_ticks_per_month: '10',
  },
}
