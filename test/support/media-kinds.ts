import { jpeg } from '../fakes/media/jpeg'
import { png, webp } from '../fakes/media/pictures'
import { type MediaMachine, mediaMachine } from './media-machine'

const A = jpeg('a cat')
const B = png('a dog')
const C = webp('a fox')

/** Pictures of clients. */
export const PICTURES = {
  jpeg: A,
  png: B,
  webp: C,
  another: jpeg('a stag'),
  mask: png('where'),
} as const

/** A kind of account that makes media, and what it is asked with. */
export interface MediaKind {
  readonly name: string
  readonly accounts: Parameters<typeof mediaMachine>[0]
  readonly image: string
  readonly edit: string
  /** A model with many pictures, more than one call makes where the upstream has a limit below OpenAI's. */
  readonly many: readonly [model: string, count: number]
  readonly previews: boolean
  readonly masks: boolean
  readonly chat: string
  readonly video?: string
  readonly embedding?: string
}

const WEB = {
  web: [
    { name: 'one', tier: 'super' },
    { name: 'two', tier: 'super' },
  ],
} as const
const GROK = {
  ...{ image: 'grok-imagine-1.0', edit: 'grok-imagine-1.0-edit', chat: 'grok-4' },
  ...{ previews: true, masks: false, video: 'grok-imagine-1.0-video' },
  many: ['grok-imagine-1.0', 5],
} satisfies Partial<MediaKind>

export const MEDIA_KINDS: readonly MediaKind[] = [
  {
    ...{ name: 'xai', accounts: { xai: ['one'] }, previews: false, masks: false },
    many: ['grok-imagine-image', 10],
    ...{ image: 'grok-imagine-image', edit: 'grok-imagine-image', chat: 'grok-4.7' },
    ...{ video: 'grok-imagine-video', embedding: 'grok-embedding-small' },
  },
  {
    ...{ name: 'openai', accounts: { openai: ['one'] }, previews: true, masks: true },
    many: ['dall-e-3', 4],
    ...{ image: 'gpt-image-1', edit: 'gpt-image-1', chat: 'gpt-5' },
    embedding: 'text-embedding-3-small',
  },
  { name: 'web, in a chat', accounts: WEB, ...GROK },
  {
    ...{ name: 'web, by its page Imagine', ...GROK },
    accounts: { ...WEB, settings: { image_method: 'imagine' } },
  },
]

export const hashOf = (bytes: Uint8Array) => Bun.SHA256.hash(bytes, 'hex')

/** The executable in front of one kind, whose upstream draws what is known where it sends that in base64. */
export async function kindMachine({ accounts }: MediaKind) {
  const world = await mediaMachine(accounts)
  world.openai.alwaysDraws({ bytes: B })
  world.grok.scriptImagine(() => ({ bytes: A }))
  return world
}

/** What OpenAI and the page Imagine send in base64. */
const WITHIN_ANSWERS = [A, B]

/** SHA-256 of everything that the fakes have to give. */
export function made({ xai, openai, grok }: MediaMachine): ReadonlySet<string> {
  const hosted = [...xai.allMedia(), ...openai.allMedia()].map(({ source }) =>
    source.read(0, source.size),
  )
  const fetched = grok.callsOf({ endpoint: 'asset' }).map(({ path }) => grok.asset(path)?.bytes)
  const all = [...WITHIN_ANSWERS, ...hosted, ...fetched]
  return new Set(all.map((bytes) => hashOf(bytes ?? new Uint8Array())))
}

/** All pictures that came to an upstream for an edit or a video, in order. */
export function picturesSent({ xai, openai, grok }: MediaMachine): readonly Uint8Array[] {
  const apis = [...xai.calls, ...openai.calls].flatMap(({ pictures }) =>
    pictures.flatMap(({ bytes }) => (bytes ? [bytes] : [])),
  )
  return [...apis, ...uploadsTo(grok)]
}

/** What the pictures and files are that a session uploaded. */
function uploadsTo(grok: MediaMachine['grok']): readonly Uint8Array[] {
  return grok.callsOf({ endpoint: 'upload' }).map(({ body }) => {
    const { content } = body as { readonly content: string }
    return Buffer.from(content, 'base64')
  })
}

/** Texts of files that came to an upstream, uploaded or within a turn. */
export function filesSent({ xai, openai, grok }: MediaMachine): readonly string[] {
  const files = [...xai.files(), ...openai.files(), ...uploadsTo(grok).map((bytes) => ({ bytes }))]
  return files.map(({ bytes }) => new TextDecoder().decode(bytes))
}
