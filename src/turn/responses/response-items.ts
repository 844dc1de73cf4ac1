import { isObject } from '../../json-value'

const encoder = new TextEncoder()

/** Where an output item has what the model said. */
const SAID = ['text', 'refusal', 'arguments', 'input'] as const

/** UTF-8 bytes of all that was said in output items. */
export function saidBytes(items: readonly unknown[]): number {
  let bytes = 0
  for (const item of items) {
    if (!isObject(item)) continue
    for (const key of SAID) {
      const text = item[key]
      if (typeof text === 'string') bytes += encoder.encode(text).length
    }
    for (const parts of [item.content, item.summary])
      if (Array.isArray(parts)) bytes += saidBytes(parts)
  }
  return bytes
}
