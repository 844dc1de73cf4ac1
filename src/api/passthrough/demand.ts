import type { Demand } from '../../http/demand'

interface Call {
  readonly method: string
  /** After `/v1`, with the query. */
  readonly path: string
  readonly text: string
  /** What the body holds, where it is JSON. */
  readonly fields: Readonly<Record<string, unknown>>
}

/** What a call that Groxy does not model takes of its key's limits, as far as path and body tell. */
export function demandOf({ method, path, text, fields }: Call): Demand {
  const model = typeof fields.model === 'string' ? fields.model : ''
  const most = fields.max_output_tokens ?? fields.max_completion_tokens ?? fields.max_tokens
  const maxOutput = countOf(most, 0)
  if (method !== 'POST') return { model, text, maxOutput }
  if (path.startsWith('/images/'))
    return { model, feature: 'image', count: countOf(fields.n, 1), text, maxOutput }
  if (path.startsWith('/videos')) return { model, feature: 'video', text, maxOutput }
  return { model, feature: model ? 'chat' : undefined, text, maxOutput }
}

const countOf = (value: unknown, otherwise: number): number =>
  Number.isInteger(value) && Number(value) > 0 ? Number(value) : otherwise
