import type { Json } from '../grok-web/checks'
import { failed, invalid, lacking, unknownField } from './refusals'

/** Which rules a model that draws has. */
export type Family = 'gpt' | 'gpt-2' | 'dall-e-2' | 'dall-e-3'

/** The family of a model, undefined for one that does not draw. */
export function familyOf(model: string): Family | undefined {
  if (model === 'dall-e-2' || model === 'dall-e-3') return model
  if (/^gpt-image-2(-|$)/.test(model)) return 'gpt-2'
  return /^(gpt|chatgpt)-image-/.test(model) ? 'gpt' : undefined
}

export const isGpt = (family: Family): boolean => family.startsWith('gpt')

const EVERY = ['prompt', 'model', 'n', 'size', 'quality', 'user']
const GPT = [
  ...['output_format', 'output_compression', 'background', 'stream', 'partial_images'],
  'moderation',
]
const INPUTS = ['image', 'image[]', 'images', 'mask']

/** The fields that a family has. */
const FIELDS: Readonly<Record<Family, readonly string[]>> = {
  gpt: [...EVERY, ...GPT],
  'gpt-2': [...EVERY, ...GPT],
  'dall-e-2': [...EVERY, 'response_format'],
  'dall-e-3': [...EVERY, 'response_format', 'style'],
}

const SIZES: Readonly<Record<Family, readonly string[]>> = {
  gpt: ['auto', '1024x1024', '1536x1024', '1024x1536'],
  'gpt-2': ['auto', '1024x1024', '1536x1024', '1024x1536'],
  'dall-e-2': ['auto', '256x256', '512x512', '1024x1024'],
  'dall-e-3': ['auto', '1024x1024', '1792x1024', '1024x1792'],
}

const LONGEST = { gpt: 32_000, 'gpt-2': 32_000, 'dall-e-2': 1_000, 'dall-e-3': 4_000 } as const

const QUALITIES = {
  gpt: ['auto', 'low', 'medium', 'high'],
  'gpt-2': ['auto', 'low', 'medium', 'high'],
  'dall-e-2': ['auto', 'standard'],
  'dall-e-3': ['auto', 'standard', 'hd'],
} as const

const CHOICES: Readonly<Record<string, readonly string[]>> = {
  ...{ output_format: ['png', 'jpeg', 'webp'], moderation: ['auto', 'low'] },
  ...{ background: ['auto', 'transparent', 'opaque'], style: ['vivid', 'natural'] },
  ...{ response_format: ['url', 'b64_json'], input_fidelity: ['high', 'low'] },
}

const RANGES: Readonly<Record<string, readonly [number, number]>> = {
  ...{ n: [1, 10], output_compression: [0, 100], partial_images: [0, 3] },
}

/** The second image family takes any size within bounds. */
function isFree(size: string): boolean {
  const [, width = 0, height = 0] = /^(\d+)x(\d+)$/.exec(size)?.map(Number) ?? []
  const [least, most] = [Math.min(width, height), Math.max(width, height)]
  if (least < 16 || width % 16 !== 0 || height % 16 !== 0) return false
  return most <= 3 * least && most <= 3840 && least <= 2160
}

function faultOfSize(family: Family, size: unknown): Response | undefined {
  if (size === undefined || SIZES[family].some((known) => known === size)) return undefined
  if (family === 'gpt-2' && isFree(String(size))) return undefined
  const known = SIZES[family].join("', '")
  return invalid('size', `Invalid value: '${size}'. Supported values are: '${known}'.`)
}

function faultOfValues(body: Json): Response | undefined {
  for (const [field, known] of Object.entries(CHOICES)) {
    const value = body[field]
    if (value !== undefined && !known.some((choice) => choice === value))
      return invalid(field, `Invalid value: '${value}'. Supported values are: ${known.join(', ')}.`)
  }
  for (const [field, [least, most]] of Object.entries(RANGES)) {
    const value = body[field]
    if (value === undefined) continue
    if (!Number.isInteger(value))
      return invalid(field, `Invalid type for '${field}': expected an integer.`, 'invalid_type')
    if (Number(value) < least || Number(value) > most)
      return invalid(field, `Invalid '${field}': expected a value from ${least} to ${most}.`)
  }
  const { stream } = body
  if (stream !== undefined && typeof stream !== 'boolean')
    return invalid('stream', "Invalid type for 'stream': expected a boolean.", 'invalid_type')
  return undefined
}

/** What is wrong with a call that draws, its nulls left out. */
export function refusalOf(
  body: Json,
  family: Family,
  kind: 'generations' | 'edits' | 'forms',
): Response | undefined {
  const isEdit = kind !== 'generations'
  const known = [...FIELDS[family], ...(isEdit ? [...INPUTS, 'input_fidelity'] : [])]
  // Only the JSON form of an edit may say how strict moderation is.
  const isKnown = (field: string) =>
    known.includes(field) && !(kind === 'forms' && field === 'moderation')
  const odd = Object.keys(body).find((field) => !isKnown(field))
  if (odd !== undefined) return unknownField(odd)
  const { prompt, quality, n, background } = body
  if (typeof prompt !== 'string' || prompt === '') return lacking('prompt')
  if (prompt.length > LONGEST[family])
    return invalid('prompt', `At most ${LONGEST[family]} characters.`, 'string_above_max_length')
  const wrong = faultOfValues(body) ?? faultOfSize(family, body.size)
  if (wrong) return wrong
  if (quality !== undefined && !QUALITIES[family].some((choice) => choice === quality))
    return invalid('quality', `Invalid value: '${quality}'.`)
  if (family === 'dall-e-3' && n !== undefined && n !== 1)
    return invalid('n', 'You must provide n=1 for this model.')
  if (family === 'dall-e-3' && isEdit)
    return failed(400, 'The model dall-e-3 cannot edit.', { param: 'model', code: 'invalid_value' })
  if (background === 'transparent' && body.output_format === 'jpeg')
    return invalid('background', 'Transparent pictures are PNG or WebP.')
  return undefined
}
