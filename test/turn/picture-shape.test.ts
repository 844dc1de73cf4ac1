import { expect, test } from 'bun:test'
import { ratioFor, resolutionFor } from '#src/turn/picture-shape'

test.each([
  [1024, 1024, '1:1', '1k'],
  [512, 512, '1:1', '1k'],
  [256, 256, '1:1', '1k'],
  [1536, 1024, '3:2', '1k'],
  [1024, 1536, '2:3', '1k'],
  [1792, 1024, '16:9', '1.5k'],
  [1024, 1792, '9:16', '1.5k'],
  [1280, 720, '16:9', '1k'],
  [576, 1024, '9:16', '1k'],
  [768, 1024, '3:4', '1k'],
  [1024, 768, '4:3', '1k'],
  [1536, 1536, '1:1', '1.5k'],
  [1920, 1080, '16:9', '1.5k'],
  [2048, 2048, '1:1', '2k'],
  [2560, 1440, '16:9', '2k'],
  [3840, 2160, '16:9', '2k'],
  [2000, 1000, '2:1', '1.5k'],
  [1000, 2000, '1:2', '1.5k'],
  [2520, 1080, '21:9', '1.5k'],
  [8192, 16, '5:2', '1k'],
  [16, 8192, '9:20', '1k'],
])('%i x %i is nearest to %s in %s', (width, height, ratio, resolution) => {
  const size = { width, height }
  expect([ratioFor(size), resolutionFor(size)]).toEqual([ratio, resolution] as never)
})
