/** The shapes of pictures, as xAI calls them. */
export const RATIOS = [
  '1:1',
  '3:4',
  '4:3',
  '9:16',
  '16:9',
  '2:3',
  '3:2',
  '9:19.5',
  '19.5:9',
  '9:20',
  '20:9',
  '1:2',
  '2:1',
  '21:9',
  '5:2',
] as const

/** The resolutions of pictures, as xAI calls them. */
export const RESOLUTIONS = ['1k', '1.5k', '2k'] as const
