import { isObject, isText, type MutableJson } from '../../json-value'
import { byteLength } from '../byte-length'
import { finishReason } from './finish-reason'
import { createToolCallOrder } from './tool-calls'

interface ChoiceParts {
  readonly showThinking: boolean
  readonly newId: () => string
}

/** What was found in one delta of a choice. */
interface Mended {
  /** Something had to change. */
  readonly changed: boolean
  /** The delta is text and nothing else, so that later ones may look the same. */
  readonly bare: boolean
  /** A client can use it. */
  readonly useful: boolean
  /** UTF-8 bytes of what the model said. */
  readonly bytes: number
  /** Fragments that must be sent before it: arguments for calls that ended without any. */
  readonly before: readonly MutableJson[]
}

/** Short thoughts may honestly repeat ("ha", "ha"). */
const LONGEST_HONEST_REPEAT = 8

/** Follows one choice of a streamed answer and makes its deltas what OpenAI documents. */
export function createNativeChoice({ showThinking, newId }: ChoiceParts) {
  const calls = createToolCallOrder(() => `call_${newId()}`)
  let begun = false
  let legacyFunction = false
  let finished = false
  /** The upstream sent an empty finish reason, so the choice may end without a better one. */
  let blankFinish = false
  let lastReasoning: unknown

  const called = () => ({ tools: calls.any(), legacyFunction })

  /** `role` is said in the first delta, and only there. */
  function mendRole(delta: MutableJson): boolean {
    const isFirst = !begun
    begun = true
    if (isFirst ? delta.role === 'assistant' : !('role' in delta)) return false
    if (isFirst) delta.role = 'assistant'
    else delete delta.role
    return true
  }

  /** xAI repeats a placeholder such as "Thinking… " while it works. */
  function mendReasoning(delta: MutableJson): boolean {
    const thought = delta.reasoning_content
    const repeats =
      typeof thought === 'string' &&
      thought.length > LONGEST_HONEST_REPEAT &&
      thought === lastReasoning
    lastReasoning = thought
    if (thought === undefined || (showThinking && !repeats)) return false
    delete delta.reasoning_content
    return true
  }

  function mendCalls(delta: MutableJson): boolean {
    if (isObject(delta.function_call)) legacyFunction = true
    if (!Array.isArray(delta.tool_calls)) return false
    const { fragments, changed } = calls.order(delta.tool_calls)
    if (changed) delta.tool_calls = fragments
    return changed
  }

  function mendFinish(choice: MutableJson): boolean {
    const said = choice.finish_reason
    if (said === null) return false
    if (said === undefined || said === '') {
      if (said === '') blankFinish = true
      choice.finish_reason = null
      return true
    }
    finished = true
    choice.finish_reason = finishReason(said, called())
    return choice.finish_reason !== said
  }

  return {
    /** Mend one entry of a chunk's `choices`, in place. */
    mend(choice: MutableJson): Mended {
      const hadDelta = isObject(choice.delta)
      if (!hadDelta) choice.delta = {}
      const delta = choice.delta as MutableJson
      const bytes = bytesOf(delta)
      const role = mendRole(delta)
      const reasoning = mendReasoning(delta)
      const ordered = mendCalls(delta)
      const ended = mendFinish(choice)
      const logprobs = mendLogprobs(choice)
      const missing = choice.finish_reason === null ? [] : calls.missingArguments()
      // Calls that this very delta opens get their arguments in it; the others in one before it.
      const before = missing.filter(({ index }) => !completeCall(delta, index))
      const { finish_reason: reason } = choice
      return {
        changed:
          !hadDelta ||
          role ||
          reasoning ||
          ordered ||
          ended ||
          logprobs ||
          before.length < missing.length,
        bare: reason === null && isBareText(choice, delta),
        useful: reason !== null || carriesAnswer(delta),
        bytes,
        before,
      }
    },

    /** Nothing is missing that an honest end would have. */
    isWhole: (): boolean => finished || blankFinish,

    /** What to send when the answer is over and this choice has not said so. */
    end(): { readonly delta: MutableJson; readonly finish_reason: string } | undefined {
      if (finished) return
      const missing = calls.missingArguments()
      return {
        delta: missing.length > 0 ? { tool_calls: missing } : {},
        finish_reason: finishReason(undefined, called()),
      }
    },
  }
}

/** Give a call without arguments the empty ones, if the delta has it. */
function completeCall({ tool_calls: fragments }: MutableJson, index: unknown): boolean {
  const list = Array.isArray(fragments) ? (fragments as MutableJson[]) : []
  const fragment = list.find((one) => one.index === index)
  if (!fragment) return false
  fragment.function = { ...(fragment.function as MutableJson), arguments: '{}' }
  return true
}

/** OpenAI requires both lists of `logprobs`. Says whether one was missing. */
export function mendLogprobs({ logprobs }: MutableJson): boolean {
  if (!isObject(logprobs)) return false
  let changed = false
  for (const key of ['content', 'refusal'])
    if (logprobs[key] === undefined) {
      logprobs[key] = null
      changed = true
    }
  return changed
}

const ANSWERS = ['content', 'reasoning_content', 'refusal'] as const

function carriesAnswer(delta: MutableJson): boolean {
  if (ANSWERS.some((key) => isText(delta[key]))) return true
  const { tool_calls: fragments } = delta
  if (Array.isArray(fragments) && fragments.length > 0) return true
  return isObject(delta.function_call) || isObject(delta.audio)
}

const isBareText = (choice: MutableJson, delta: MutableJson): boolean =>
  isText(delta.content) &&
  Object.keys(delta).length === 1 &&
  (choice.logprobs === undefined || choice.logprobs === null)

function bytesOf(delta: MutableJson): number {
  let bytes = 0
  for (const key of ANSWERS) if (isText(delta[key])) bytes += byteLength(delta[key])
  return delta.tool_calls ? bytes + JSON.stringify(delta.tool_calls).length : bytes
}
