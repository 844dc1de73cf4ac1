import type { Demand } from '../../http/demand'

interface Call {
  readonly requestId: string
  readonly method: string
  /** After `/v1`, with the query. */
  readonly path: string
  readonly text: string
  /** What the body holds, where it is JSON. */
  readonly fields: Readonly<Record<string, unknown>>
}

/** What a call that Groxy does not model takes of its key's limits, as far as path and body tell. */
export function demandOf({ requestId, method, path, text, fields }: Call): Demand {
  const model = typeof fields.model === 'string' ? fields.model : ''
  const most = fields.max_output_tokens ?? fields.max_completion_tokens ?? fields.max_tokens
  const maxOutput = countOf(most, 0)
  const endpoint = `${method} ${path.split('?')[0]}`
  const plain: Demand = { requestId, endpoint, stream: false, model, text, maxOutput }
  if (method !== 'POST') return plain
  if (path.startsWith('/images/'))
    return { ...plain, feature: 'image', count: countOf(fields.n, 1) }
  if (path.startsWith('/videos')) return { ...plain, feature: 'video' }
  return { ...plain, feature: model ? 'chat' : undefined }
}

const countOf = (value: unknown, otherwise: number): number =>
  Number.isInteger(value) && Number(value) > 0 ? Number(value) : otherwise
