import { createHash } from 'node:crypto'

/** Numbers that a text always gets, of length 1 altogether. */
export function embed(text: string, dimensions: number): Float32Array<ArrayBuffer> {
  const numbers = new Float32Array(dimensions)
  for (let at = 0; at < dimensions; at += 8) {
    const hash = createHash('sha256').update(`${at} ${text}`).digest()
    for (let of = 0; of < 8 && at + of < dimensions; of++)
      numbers[at + of] = hash.readInt32LE(of * 4) / 0x8000_0000
  }
  const length = Math.hypot(...numbers)
  return numbers.map((number) => number / length)
}

interface Asked {
  readonly model: string
  readonly inputs: readonly string[]
  readonly dimensions: number
  readonly isBase64: boolean
}

/** An answer in OpenAI's shape. */
export function embedded({ model, inputs, dimensions, isBase64 }: Asked): Response {
  const data = inputs.map((input, index) => {
    const numbers = embed(input, dimensions)
    const bytes = Buffer.from(numbers.buffer)
    return {
      ...{ object: 'embedding', index },
      embedding: isBase64 ? bytes.toString('base64') : [...numbers],
    }
  })
  const tokens = inputs.reduce((sum, input) => sum + Math.max(1, Math.ceil(input.length / 4)), 0)
  const usage = { prompt_tokens: tokens, total_tokens: tokens }
  return Response.json({ object: 'list', data, model, usage })
}

/** The texts of `input`, tokens as text too; undefined where it is not valid. */
export function inputsOf(input: unknown): readonly string[] | undefined {
  const isTokens = (value: unknown) =>
    Array.isArray(value) && value.length > 0 && value.every(Number.isInteger)
  if (typeof input === 'string') return input === '' ? undefined : [input]
  if (!Array.isArray(input) || input.length === 0) return undefined
  if (isTokens(input)) return [input.join(' ')]
  if (input.every((text) => typeof text === 'string' && text !== '')) return input
  return input.every(isTokens) ? input.map((tokens) => tokens.join(' ')) : undefined
}
