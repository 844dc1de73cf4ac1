import { describe, expect, test } from 'bun:test'
import { ApiError } from '#src/errors'
import { decodeChat } from '#src/turn/chat/decode'
import { encodeChatRequest } from '#src/turn/chat/request'
import { encodeResponsesRequest } from '#src/turn/responses/request'
import { readVideoConfig } from '#src/turn/video-config'

const NOTHING = {
  aspectRatio: undefined,
  seconds: undefined,
  resolution: undefined,
  preset: undefined,
}

describe('what a video is to be', () => {
  for (const [given, meant] of [
    [{}, {}],
    [{ aspect_ratio: '16:9' }, { aspectRatio: '16:9' }],
    [{ size: '1280x720' }, { aspectRatio: '16:9' }],
    [{ size: '1792x1024' }, { aspectRatio: '16:9' }],
    [{ size: '720x1280' }, { aspectRatio: '9:16' }],
    [{ size: '1024X1024' }, { aspectRatio: '1:1' }],
    [{ aspect_ratio: '2:3', size: '16:9' }, { aspectRatio: '2:3' }],
    [{ video_length: 6 }, { seconds: 6 }],
    [{ video_length: 15 }, { seconds: 15 }],
    [{ seconds: '10' }, { seconds: 10 }],
    [{ resolution: 'SD' }, { resolution: '480p' }],
    [{ resolution: 'hd' }, { resolution: '720p' }],
    [{ resolution_name: '720p' }, { resolution: '720p' }],
    [{ preset: 'fun' }, { preset: 'fun' }],
    [{ preset: null, video_length: null }, {}],
  ] as const)
    test(`${JSON.stringify(given)} is read`, () => {
      expect(readVideoConfig(given)).toEqual({ ...NOTHING, ...meant })
    })

  for (const [given, param] of [
    [{ aspect_ratio: '5:1' }, 'video_config.aspect_ratio'],
    [{ aspect_ratio: 'wide' }, 'video_config.aspect_ratio'],
    [{ size: '0x0' }, 'video_config.size'],
    [{ video_length: 0 }, 'video_config.video_length'],
    [{ video_length: 16 }, 'video_config.video_length'],
    [{ video_length: 6.5 }, 'video_config.video_length'],
    [{ seconds: 'six' }, 'video_config.seconds'],
    [{ seconds: [6] }, 'video_config.seconds'],
    [{ resolution: '4k' }, 'video_config.resolution'],
    [{ resolution_name: 'toString' }, 'video_config.resolution_name'],
    [{ preset: 'spicy' }, 'video_config.preset'],
    [{ preset: { name: 'fun' } }, 'video_config.preset'],
    [{ preset: { toString: 1 } }, 'video_config.preset'],
    [{ size: { toString: 1 } }, 'video_config.size'],
  ] as const)
    test(`${JSON.stringify(given)} is refused by name`, () => {
      const problem = refusalOf(() => readVideoConfig(given))
      expect([problem.status, problem.details.param]).toEqual([400, param])
    })
})

test('a server that makes no video is not told', () => {
  const turn = decodeChat(
    {
      model: 'm',
      messages: [{ role: 'user', content: 'Waves' }],
      video_config: { preset: 'whatever' },
    },
    'm',
  )
  expect(encodeChatRequest(turn, { stream: false }).body).not.toContain('video')
  const { body } = encodeResponsesRequest(turn, { stream: false, model: 'm' })
  expect(body).not.toContain('video')
})

function refusalOf(act: () => unknown): ApiError {
  try {
    act()
  } catch (cause) {
    if (cause instanceof ApiError) return cause
  }
  throw new Error('It was not refused.')
}
