import { isObject, isText, type MutableJson } from '../../json-value'

interface Call {
  readonly id: string
  readonly upstreamIndex: unknown
  readonly named: boolean
  readonly custom: boolean
  hasArguments: boolean
}

/**
 * Puts the tool calls of one streamed choice in order: each has one index, one id and one name, said
 * in its first fragment only. Upstreams say every call at index 0, repeat ids in each fragment, or
 * give no id at all.
 */
export function createToolCallOrder(newCallId: () => string) {
  const calls: Call[] = []

  function find(fragment: MutableJson): number {
    const { id, index } = fragment
    if (isText(id))
      return calls.findLastIndex(
        (call) => call.id === id && (index === undefined || call.upstreamIndex === index),
      )
    const at =
      index === undefined
        ? calls.length - 1
        : calls.findLastIndex(({ upstreamIndex }) => upstreamIndex === index)
    const isNext = isText(functionOf(fragment)?.name) && calls[at]?.named
    return isNext ? -1 : at
  }

  function open(fragment: MutableJson): { readonly out: MutableJson; readonly changed: boolean } {
    const { id } = fragment
    const called = functionOf(fragment)
    const custom = fragment.type === 'custom'
    const unique = isText(id) && !calls.some((call) => call.id === id)
    const index = calls.length
    const callId = unique ? (id as string) : newCallId()
    const given = called?.arguments
    const text = argumentText(given)
    calls.push({
      id: callId,
      upstreamIndex: fragment.index,
      named: isText(called?.name),
      custom,
      hasArguments: text !== '',
    })
    const changed =
      !unique ||
      fragment.index !== index ||
      (!custom && (fragment.type !== 'function' || given !== text))
    if (custom) return { out: { ...fragment, index, id: callId }, changed }
    const out = { ...fragment, index, id: callId, type: 'function' }
    return { out: { ...out, function: { ...called, arguments: text } }, changed }
  }

  function carryOn(
    fragment: MutableJson,
    index: number,
  ): { readonly out: MutableJson; readonly changed: boolean } {
    const { id, type, function: _, ...others } = fragment
    const call = calls[index]
    if (!call || call.custom)
      return { out: { ...fragment, index }, changed: fragment.index !== index }
    const { name, arguments: given, ...rest } = functionOf(fragment) ?? {}
    const text = argumentText(given)
    call.hasArguments ||= text !== ''
    const changed =
      fragment.index !== index ||
      id !== undefined ||
      type !== undefined ||
      name !== undefined ||
      given !== text
    return { out: { ...others, index, function: { ...rest, arguments: text } }, changed }
  }

  return {
    /** The fragments of one delta as an OpenAI client expects them. */
    order(fragments: readonly unknown[]): {
      readonly fragments: MutableJson[]
      readonly changed: boolean
    } {
      const results = fragments.filter(isObject).map((fragment) => {
        const index = find(fragment)
        return index < 0 ? open(fragment) : carryOn(fragment, index)
      })
      return {
        fragments: results.map(({ out }) => out),
        changed: results.length !== fragments.length || results.some(({ changed }) => changed),
      }
    },

    /** Whether the choice called anything. */
    any: (): boolean => calls.length > 0,

    /**
     * Fragments for calls that came without arguments, which clients parse as JSON all the same. They
     * are given once: an upstream may tell several times that it has finished.
     */
    missingArguments(): MutableJson[] {
      const fragments: MutableJson[] = []
      for (const [index, call] of calls.entries()) {
        if (call.custom || call.hasArguments) continue
        call.hasArguments = true
        fragments.push({ index, function: { arguments: '{}' } })
      }
      return fragments
    },
  }
}

/** The tool calls of a whole answer: unique ids, a type, and arguments that are JSON text. */
export function orderToolCalls(calls: readonly unknown[], newCallId: () => string): MutableJson[] {
  const ids = new Set<unknown>()
  return calls.filter(isObject).map((call) => {
    const { index: _, ...rest } = call
    const id = isText(call.id) && !ids.has(call.id) ? call.id : newCallId()
    ids.add(id)
    if (call.type === 'custom') return { ...rest, id }
    const called = functionOf(call) ?? {}
    const text = argumentText(called.arguments)
    return { ...rest, id, type: 'function', function: { ...called, arguments: text || '{}' } }
  })
}

/** Arguments as text: some upstreams send them as an object. */
export function argumentText(value: unknown): string {
  if (typeof value === 'string') return value
  return value === undefined || value === null ? '' : JSON.stringify(value)
}

const functionOf = (call: MutableJson): MutableJson | undefined =>
  isObject(call.function) ? call.function : undefined
