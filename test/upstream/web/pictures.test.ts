import { describe, expect, test } from 'bun:test'
import type { WebWork } from '#src/upstream/web/models'
import type { MediaEvent, WebEvent } from '#src/upstream/web/voice'
import {
  card,
  closing,
  decode,
  eventsOf,
  frame,
  OPENING,
  said,
  thinking,
  token,
  whole,
} from '../../support/web-answer'

const REPORT = "I generated images with the prompt: 'a cat'"
const path = (id: string) => `users/u/generated/${id}/image.jpg`
const address = (id: string) => `https://assets.example/${path(id)}`

const picture = (id: string, index: number, progress: number, more: object = {}) =>
  frame({
    streamingImageGenerationResponse: {
      imageId: id,
      imageUrl: path(progress < 100 ? `${id}-part-0` : id),
      imageIndex: index,
      progress,
      moderated: false,
      isFinal: progress >= 100,
      ...more,
    },
  })

const pictureCard = (id: string, chunk: object | null, more: object = {}) => ({
  id,
  type: 'render_generated_image',
  cardType: 'generated_image_card',
  image_chunk: chunk && {
    imageUuid: `uuid-${id}`,
    imageUrl: '',
    progress: 0,
    moderated: false,
    ...chunk,
  },
  ...more,
})

const shownOf = (events: readonly WebEvent[]): MediaEvent[] =>
  events.filter((event) => event.type === 'media')

const urlsOf = (events: readonly WebEvent[]): string[] => shownOf(events).map(({ url }) => url)

const lastOf = (events: readonly WebEvent[]) => {
  const last = events.at(-1)
  return last?.type === 'finish' ? last.reason : last?.type
}

describe('pictures', () => {
  const two = [path('i-1'), path('i-2')]
  const listed = closing(REPORT, { generatedImageUrls: two })
  const both = [address('i-1'), address('i-2')]

  test.each<[string, readonly string[], readonly string[]]>([
    ['told one by one', [picture('i-1', 0, 100), picture('i-2', 1, 100), ...closing(REPORT)], both],
    ['and listed again', [picture('i-1', 0, 100), picture('i-2', 1, 100), ...listed], both],
    ['listed only', [...listed], both],
    [
      'one of which is listed only',
      [picture('i-1', 0, 100), picture('i-2', 1, 50), ...listed],
      both,
    ],
    [
      'listed with placeholders, previews and addresses',
      closing(REPORT, {
        generatedImageUrls: [
          '',
          '/',
          path('i-1-part-0'),
          address('i-1'),
          `/${path('i-1')}`,
          null,
          ...two,
        ],
      }),
      both,
    ],
    [
      'that come in another order',
      [picture('i-2', 1, 100), picture('i-1', 0, 100), ...closing(REPORT)],
      both,
    ],
    [
      'of which the first never comes',
      [picture('i-2', 1, 100), picture('i-1', 0, 50), ...closing(REPORT)],
      [both[1] ?? ''],
    ],
    [
      'without places',
      [
        picture('i-1', 0, 100, { imageIndex: undefined }),
        picture('i-2', 0, 100),
        ...closing(REPORT),
      ],
      both,
    ],
    [
      'told by their last frame twice, and late by an earlier one',
      [
        picture('i-1', 0, 100),
        picture('i-1', 0, 100),
        picture('i-1', 0, 50),
        picture('i-2', 1, 100),
        ...closing(REPORT),
      ],
      both,
    ],
    [
      'in wrappers of other generations',
      [
        frame({ doImgGen: true, imageAttachmentInfo: {}, token: '' }),
        frame({ cachedImageGenerationResponse: { imageUrl: path('i-1') } }),
        frame({
          doImgGen: {
            streamingImageGenerationResponse: {
              imageId: 'i-2',
              imageUrl: path('i-2'),
              progress: 100,
            },
          },
        }),
        ...closing(REPORT),
      ],
      both,
    ],
    [
      'as cards',
      [
        card(pictureCard('g1', { progress: 50 })),
        card(pictureCard('g2', null)),
        card(pictureCard('g1', { progress: 100, imageUrl: path('i-1') })),
        card(pictureCard('g2', { progress: 100, imageUrl: path('i-2') })),
        token('<grok:render card_id="g1" type="render_generated_image"></grok:render>'),
        whole('', {
          cardAttachmentsJson: [
            JSON.stringify(pictureCard('g1', { progress: 100, imageUrl: path('i-1') })),
          ],
        }),
      ],
      both,
    ],
    [
      'as cards of the whole response',
      [
        whole(REPORT, {
          cardAttachmentsJson: ['i-1', 'i-2'].map((id) =>
            JSON.stringify(pictureCard(id, { progress: 100, imageUrl: path(id) })),
          ),
        }),
      ],
      both,
    ],
  ])('%s', (_, lines, urls) => {
    for (const work of ['text', 'image', 'edit', 'imagine'] as const) {
      const events = eventsOf([...OPENING, ...lines], { work })
      expect(urlsOf(events)).toEqual([...urls])
      expect(said(events, 'text')).toBe('')
      expect(lastOf(events)).toBe('stop')
    }
  })

  test('are shown when they are done, with word of how it goes on', () => {
    const lines = [
      thinking('Drawing.'),
      picture('i-1', 0, 33),
      picture('i-2', 1, 33),
      picture('i-1', 0, 20),
      picture('i-1', 0, 66),
      picture('i-1', 0, 100, { imageTitle: 'A cat' }),
      picture('i-2', 1, 100),
      whole(REPORT),
    ]
    expect(eventsOf(lines)).toEqual([
      ...[
        'Drawing.',
        '\n\nPicture 1: 33 %',
        '\nPicture 2: 33 %',
        '\nPicture 1: 66 %',
        '\nPicture 1: 100 %',
      ].map((text) => ({ type: 'thinking', choice: 0, text, part: 0 })),
      { type: 'thought', choice: 0, encrypted: null },
      { type: 'media', sort: 'image', url: address('i-1'), title: 'A cat', id: 'i-1' },
      { type: 'thinking', choice: 0, text: 'Picture 2: 100 %', part: 0 },
      { type: 'thought', choice: 0, encrypted: null },
      { type: 'media', sort: 'image', url: address('i-2'), title: '', id: 'i-2' },
      { type: 'finish', choice: 0, reason: 'stop' },
    ] as never)
  })

  test('stand beside what the model says of them in a chat', () => {
    const lines = [
      token('Here '),
      token('it is: '),
      picture('i-1', 0, 100),
      token('I made an image.'),
      whole(REPORT),
    ]
    const events = eventsOf(lines)
    expect(said(events, 'text')).toBe('Here it is: I made an image.')
    expect(events.findIndex(({ type }) => type === 'media')).toBeGreaterThan(1)
  })

  test('have no report beside them where they are the answer', () => {
    const answer = (...texts: string[]) =>
      said(
        eventsOf([picture('i-1', 0, 100), ...texts.map((it) => token(it)), whole(REPORT)], {
          work: 'image',
        }),
        'text',
      )
    expect(answer(...REPORT)).toBe('')
    expect(answer(...`${REPORT.slice(0, -1)}${' and a dog'.repeat(100)}'`)).toBe('')
    expect(answer('I could not ', 'make the other image.')).toBe(
      'I could not make the other image.',
    )
    expect(answer('I could not ', 'make more of it. '.repeat(30), 'Sorry.')).toEndWith(
      'of it. Sorry.',
    )
  })

  test('that were moderated are refused, if nothing else came', () => {
    for (const lines of [
      [picture('i-1', 0, 100, { moderated: true, imageUrl: '' }), ...closing(REPORT)],
      [picture('i-1', 0, 50), picture('i-1', 0, 100, { moderated: true, imageUrl: '' })],
      [card(pictureCard('g1', { moderated: true })), whole('')],
    ])
      for (const work of ['text', 'image', 'edit'] as const) {
        const events = eventsOf(lines, { work })
        expect(said(events, 'thinking')).toEndWith('Picture 1: moderated')
        expect(said(events, 'refusal')).toContain('moderation')
        expect(said(events, 'text')).toBe('')
        expect(lastOf(events)).toBe('content_filter')
      }
  })

  test('that were moderated stay so', () => {
    const events = eventsOf([
      picture('i-1', 0, 50, { moderated: true }),
      picture('i-1', 0, 100),
      whole(''),
    ])
    expect(urlsOf(events)).toEqual([])
    expect(lastOf(events)).toBe('content_filter')
  })

  test('keep their names where only the list has their address', () => {
    const lines = [picture('i-2', 1, 50, { imageTitle: 'A cat' }), ...listed]
    expect(shownOf(eventsOf(lines))).toMatchObject([
      { url: address('i-1'), title: '', id: 'id1' },
      { url: address('i-2'), title: 'A cat', id: 'i-2' },
    ])
  })

  test('that were moderated hide no others, and no text', () => {
    const bad = picture('i-1', 0, 100, { moderated: true, imageUrl: '' })
    const other = eventsOf([bad, picture('i-2', 1, 100), whole(REPORT)])
    expect(urlsOf(other)).toEqual([address('i-2')])
    expect(lastOf(other)).toBe('stop')
    const text = eventsOf([token('Here: '), bad, whole('Here: ')])
    expect(said(text, 'text')).toBe('Here: ')
    expect(lastOf(text)).toBe('stop')
  })

  test('that never came are a fault', () => {
    const missing = { kind: 'malformed', message: 'grok.com ended its answer without a picture.' }
    expect(decode([picture('i-1', 0, 50), ...closing('')]).fault).toEqual(missing as never)
    expect(decode([picture('i-1', 0, 50), ...closing(REPORT)]).fault).toEqual(missing as never)
    for (const work of ['image', 'edit'] as const)
      expect(decode([...OPENING, ...closing('')], { work }).fault).toEqual(missing as never)
    expect(
      decode([picture('i-1', 0, 50), ...closing('I am not allowed to.')]).fault,
    ).toBeUndefined()
    expect(
      decode([token('I am not allowed to.'), ...closing('')], { work: 'image' }).fault,
    ).toBeUndefined()
  })
})

describe('videos', () => {
  const VIDEO = 'users/u/generated/v-1/generated_video.mp4'
  const DONE = {
    assetId: 'as-1',
    videoUrl: VIDEO,
    thumbnailImageUrl: 'users/u/generated/v-1/preview_image.jpg',
    videoPrompt: 'waves',
    moderated: false,
  }
  const SAID = "I generated a video with the prompt: 'waves'"
  const video = (progress: number | undefined, more: object = {}) =>
    frame({ streamingVideoGenerationResponse: { videoId: 'v-1', progress, ...more } })
  const shown = {
    type: 'media',
    sort: 'video',
    url: `https://assets.example/${VIDEO}`,
    title: 'waves',
    id: 'v-1',
    poster: 'https://assets.example/users/u/generated/v-1/preview_image.jpg',
  }

  test('are shown once, with word of how it goes on', () => {
    const lines = [
      ...OPENING,
      video(1, { mode: 'normal', modelName: 'imagine_x' }),
      token('', { messageTag: undefined }),
      ...[5, 20, 13, 50, 50].map((progress) => video(progress)),
      video(100, DONE),
      video(100, DONE),
      token('I generated a video '),
      token("with the prompt: 'waves'"),
      ...closing(SAID, { fileAttachments: ['as-1'] }),
    ]
    const events = eventsOf(lines, { work: 'video' })
    expect(said(events, 'thinking').split('\n')).toEqual(
      [1, 5, 20, 50, 100].map((progress) => `Video: ${progress} %`),
    )
    expect(events.slice(-3)).toEqual([
      { type: 'thought', choice: 0, encrypted: null },
      shown,
      { type: 'finish', choice: 0, reason: 'stop' },
    ] as never)
  })

  test.each<[string, readonly string[]]>([
    ['whose address comes before the last progress', [video(50, DONE), ...closing(SAID)]],
    ['without progress', [video(undefined, DONE), ...closing(SAID)]],
    ['behind which the connection closes', [video(100, DONE)]],
    ['whose address is absolute', [video(100, { ...DONE, videoUrl: shown.url }), ...closing(SAID)]],
  ])('%s', (_, lines) => {
    const events = eventsOf(lines, { work: 'video' })
    expect(shownOf(events)).toEqual([shown] as never)
    expect(said(events, 'text')).toBe('')
    expect(lastOf(events)).toBe('stop')
  })

  test('may be several, and without a picture', () => {
    const other = { videoId: 'v-2', videoUrl: 'v2.mp4', thumbnailImageUrl: '/' }
    const events = eventsOf([
      video(100, DONE),
      video(60, other),
      video(100, other),
      ...closing(SAID),
    ])
    expect(said(events, 'thinking')).toContain('Video 2: 60 %')
    expect(shownOf(events)).toEqual([
      shown,
      { type: 'media', sort: 'video', url: 'https://assets.example/v2.mp4', title: '', id: 'v-2' },
    ] as never)
  })

  test('that were moderated are refused', () => {
    const events = eventsOf(
      [video(50), video(100, { moderated: true, videoUrl: '' }), token(SAID), ...closing(SAID)],
      { work: 'video' },
    )
    expect(said(events, 'thinking')).toEndWith('Video: moderated')
    expect(said(events, 'refusal')).toContain('moderation')
    expect(said(events, 'text')).toBe('')
    expect(lastOf(events)).toBe('content_filter')
  })

  test.each<[string, readonly string[], WebWork]>([
    ['never come', [video(50), token(SAID), ...closing(SAID)], 'video'],
    ['break off', [video(1), video(95)], 'video'],
    ['have no address', [video(100, { assetId: 'as-1' }), ...closing(SAID)], 'imagine'],
    ['have a placeholder for one', [video(100, { videoUrl: '/' }), ...closing(SAID)], 'text'],
    ['are not so much as begun', [...OPENING, ...closing('')], 'video'],
  ])('that %s are a fault', (_, lines, work) => {
    const { fault, events } = decode(lines, { work })
    expect(fault).toEqual({
      kind: 'malformed',
      message: 'grok.com ended its answer without the video.',
    } as never)
    expect(lastOf(events)).not.toBe('stop')
  })

  test('that are refused in words are text', () =>
    expect(
      said(eventsOf([token('I cannot do that.'), ...closing('')], { work: 'video' }), 'text'),
    ).toBe('I cannot do that.'))
})
