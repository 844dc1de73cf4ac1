import { UpstreamFault } from '../../errors'
import { isObject, isText, type MutableJson, parseObject } from '../../json-value'
import { createEventReader } from '../../stream/sse'
import { estimatedUsage, includeReasoning, readChatUsage, toChatUsage, type Usage } from '../usage'
import { missingChoices } from './choices'
import { type ContentTemplate, learnTemplate, matchTemplate } from './content-template'
import { readInBandFault } from './in-band-fault'
import { createNativeChoice } from './native-choice'

/** What the client asked for and the upstream need not know or heed. */
export interface StreamTerms {
  /** The model as the client names it. */
  readonly model: string
  readonly includeUsage: boolean
  /** How many choices were asked for. */
  readonly choices: number
  readonly showThinking: boolean
  /** Write what is shown of the thinking into the content, between tags. */
  readonly thinkTags?: boolean
  /** The client gave the deprecated `functions`: it looks for its call in `function_call`. */
  readonly legacyCalls?: boolean
  /** UTF-8 bytes of the prompt: for an estimate where the upstream gives no usage. */
  readonly promptBytes: number
  readonly newId: () => string
  /** Seconds since 1970, for an upstream that does not say. */
  readonly created: number
}

const DONE = 'data: [DONE]\n\n'
const encoder = new TextEncoder()
const NOTHING = new Uint8Array()

/**
 * Makes an upstream's chat stream into the one that OpenAI documents, touching only what differs:
 * chunks that are right pass as the bytes they came in.
 *
 * Nothing comes out before the first event that a client can use, so that everything earlier may
 * still fail over unseen.
 */
export function createNativeStream(terms: StreamTerms) {
  const choices = new Map<unknown, ReturnType<typeof createNativeChoice>>()
  let out = ''
  let changed = false
  let useful = false
  let done = false
  let id: unknown
  let created: unknown
  let template: ContentTemplate | undefined
  let usage: MutableJson | undefined
  let usageChunk: string | undefined
  let outputBytes = 0
  let malformed = 0
  let fault: UpstreamFault | undefined
  const reader = createEventReader(event)

  function event(data: string, name?: string) {
    if (done || fault) return mark()
    if (name !== undefined) mark()
    if (template) {
      const content = matchTemplate(template, data)
      if (content !== undefined) {
        outputBytes += content.length
        if (template.changes) {
          mark()
          out += `data: ${template.outPrefix}${content}${template.outSuffix}\n\n`
        } else out += `data: ${data}\n\n`
        return
      }
    }
    if (data.trim() === '[DONE]') return end(data)
    const chunk = parseObject(data)
    if (chunk) return take(chunk, data, name)
    // One bad event between good ones is no reason to end an answer.
    malformed++
    mark()
  }

  /** The bytes that came can no longer be passed on as they are. */
  function mark() {
    changed = true
  }

  function take(chunk: MutableJson, data: string, name?: string) {
    fault = readInBandFault(chunk, name)
    if (fault) return mark()
    const list = Array.isArray(chunk.choices) ? (chunk.choices as unknown[]) : undefined
    const reported = chunk.usage
    if (typeof reported === 'object' && reported !== null) usage = reported as MutableJson
    if (!list) return mark()
    if (list.length === 0) return keepUsageChunk(chunk, data)
    const before = mendHead(chunk)
    const { mended, bare } = mendChoices(chunk, list)
    if (before || mended) mark()
    emit(before || mended ? chunk : data)
    if (bare && !template) template = learnTemplate(data, before || mended ? chunk : undefined)
  }

  function emit(chunk: MutableJson | string) {
    out += `data: ${typeof chunk === 'string' ? chunk : JSON.stringify(chunk)}\n\n`
  }

  /** The last one is sent when the stream ends: exactly one, after everything else. */
  function keepUsageChunk(chunk: MutableJson, data: string) {
    mark()
    const mended = mendHead(chunk, true)
    const counted = usage !== undefined && includeReasoning(usage)
    usageChunk = counted || mended ? JSON.stringify({ ...chunk, usage }) : data
  }

  /** One id, time and model for all chunks, and `usage` only where it belongs. */
  function mendHead(chunk: MutableJson, isUsageChunk = false): boolean {
    let mended = false
    const set = (key: string, value: unknown) => {
      if (chunk[key] === value) return
      chunk[key] = value
      mended = true
    }
    id ??= isText(chunk.id) ? chunk.id : `chatcmpl-${terms.newId()}`
    created ??= Number.isInteger(chunk.created) ? chunk.created : terms.created
    set('id', id)
    set('object', 'chat.completion.chunk')
    set('created', created)
    set('model', terms.model)
    if (isUsageChunk) return mended
    if (terms.includeUsage) set('usage', null)
    else if ('usage' in chunk) {
      delete chunk.usage
      mended = true
    }
    return mended
  }

  function mendChoices(chunk: MutableJson, list: unknown[]): { mended: boolean; bare: boolean } {
    let mended = false
    let bare = list.length === 1
    for (const [position, item] of list.entries()) {
      const choice = isObject(item) ? item : {}
      if (choice !== item) {
        list[position] = choice
        mended = true
      }
      if (!Number.isInteger(choice.index)) {
        choice.index = position
        mended = true
      }
      const result = choiceOf(choice.index).mend(choice)
      if (result.before.length > 0) {
        const delta = { tool_calls: result.before }
        emit({ ...chunk, choices: [{ index: choice.index, delta, finish_reason: null }] })
        mark()
      }
      outputBytes += result.bytes
      useful ||= result.useful
      mended ||= result.changed
      bare &&= result.bare
    }
    return { mended, bare }
  }

  function choiceOf(index: unknown) {
    const known = choices.get(index)
    if (known) return known
    const choice = createNativeChoice(terms)
    choices.set(index, choice)
    return choice
  }

  /** Everything is there: what the upstream left out is added, then the one `[DONE]`. */
  function end(data?: string) {
    fault = missingChoices(choices.size, terms.choices)
    if (fault) return mark()
    const head = { id, object: 'chat.completion.chunk', created, model: terms.model }
    const tail = terms.includeUsage ? { usage: null } : {}
    for (const [index, choice] of choices) {
      const last = choice.end()
      if (!last) continue
      emit({ ...head, choices: [{ index, ...last }], ...tail })
      mark()
    }
    useful = true
    done = true
    if (terms.includeUsage) {
      mark()
      if (usage && usageChunk === undefined) includeReasoning(usage)
      const told = usage ?? toChatUsage(estimatedUsage(terms.promptBytes, outputBytes))
      emit(usageChunk !== undefined && usage ? usageChunk : { ...head, choices: [], usage: told })
    }
    if (data !== '[DONE]') mark()
    out += DONE
  }

  function drain(bytes: Uint8Array | undefined): Uint8Array {
    if (!useful) {
      mark()
      return NOTHING
    }
    const text = out
    out = ''
    const asItCame = !changed && bytes
    changed = false
    return asItCame || (text === '' ? NOTHING : encoder.encode(text))
  }

  return {
    /** Take bytes of the upstream and give those for the client; none before the first useful event. */
    push(bytes: Uint8Array): Uint8Array {
      if (!reader.push(bytes)) mark()
      return drain(bytes)
    },

    /** The upstream has closed the stream: give what remains. An answer that is not whole is a fault. */
    end(): Uint8Array {
      reader.end()
      if (!done && !fault) {
        if ([...choices.values()].every((choice) => choice.isWhole())) end()
        else fault = new UpstreamFault('broken', 'The upstream broke off its answer.')
      }
      return drain(undefined)
    },

    /** What ended the answer before it was whole; what was pushed until then is good. */
    fault: (): UpstreamFault | undefined => fault,

    /** Whether an event came that a client can use. */
    isUseful: (): boolean => useful,

    /** Whether the answer is whole, so that nothing more is to come. */
    isDone: (): boolean => done,

    /** Events that could not be read and were left out. */
    malformed: (): number => malformed,

    /** What the turn took so far: as the upstream says, else an estimate. */
    usage: (): Usage => {
      if (!usage) return estimatedUsage(terms.promptBytes, outputBytes)
      includeReasoning(usage)
      return readChatUsage(usage)
    },
  }
}

export type NativeStream = ReturnType<typeof createNativeStream>
