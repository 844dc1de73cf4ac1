import type OpenAI from 'openai'
import { typeOf } from '../fakes/media/pictures'
import type { Gateway } from './gateway'
import { mediaPool } from './media-pool'
import { webGateway } from './web-gateway'

/** A gateway with accounts of one kind that draws, and how to ask it. */
export interface Studio extends Gateway {
  readonly sdk: OpenAI
}

export interface PictureKind {
  readonly name: string
  readonly model: string
  readonly editModel: string
  /** How many pictures one call makes. */
  readonly most: number
  /** How pictures come unless something else is asked for. */
  readonly format: 'url' | 'b64_json'
  /** What its pictures are. */
  readonly type: 'png' | 'jpeg'
  /** Whether it takes a mask. */
  readonly masks: boolean
  /** Whether it shows previews. */
  readonly previews: boolean
  readonly open: (settings?: Record<string, unknown>) => Promise<Studio>
}

/** Every kind of account that makes pictures. */
export const PICTURE_KINDS: readonly PictureKind[] = [
  {
    name: 'xai',
    model: 'grok-imagine-image',
    editModel: 'grok-imagine-image',
    most: 10,
    format: 'url',
    type: 'jpeg',
    masks: false,
    previews: false,
    open: (settings = {}) => mediaPool({ xai: ['one', 'two'], settings }),
  },
  {
    name: 'openai',
    model: 'gpt-image-1',
    editModel: 'gpt-image-1',
    most: 10,
    format: 'b64_json',
    type: 'png',
    masks: true,
    previews: true,
    open: (settings = {}) => mediaPool({ openai: ['one', 'two'], settings }),
  },
  {
    name: 'web, in a chat',
    model: 'grok-imagine-1.0',
    editModel: 'grok-imagine-1.0-edit',
    most: 2,
    format: 'url',
    type: 'jpeg',
    masks: false,
    previews: true,
    open: (settings = {}) => webGateway({ accounts: SESSIONS, settings }),
  },
  {
    name: 'web, by its page Imagine',
    model: 'grok-imagine-1.0',
    editModel: 'grok-imagine-1.0-edit',
    most: 4,
    format: 'url',
    type: 'jpeg',
    masks: false,
    previews: true,
    open: (settings = {}) =>
      webGateway({ accounts: SESSIONS, settings: { image_method: 'imagine', ...settings } }),
  },
]

const SESSIONS = [{ name: 'one' }, { name: 'two' }]

/** What is behind an address of the gateway. */
export async function fetched(url: string | undefined) {
  const reply = await fetch(url ?? '')
  const bytes = await reply.bytes()
  return { status: reply.status, mime: reply.headers.get('content-type'), type: typeOf(bytes) }
}

/** What base64 stands for. */
export const typeOf64 = (base64: string | undefined) => typeOf(Buffer.from(base64 ?? '', 'base64'))
