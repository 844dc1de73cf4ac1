import { unable } from '../../errors'
import { lacking, offerAll } from '../../turn/offer'
import type { Effort, HostedTool, TurnRequest, TurnTool } from '../../turn/request'
import type { Ask } from '../upstream'
import type { RequestForm, WebModel } from './models'

/** How grok.com is to answer, as far as it can be told. */
export interface Manner {
  /** `modelMode`, without `MODEL_MODE_`. */
  readonly mode: string
  readonly search: boolean
  readonly draw: boolean
  /** What of the request it has nothing of the kind for. */
  readonly dropped: readonly string[]
}

/** What grok.com does by itself where it sees fit, by what clients call it. */
const SEARCH = /^(?:web_search|x_search)/
const DRAW = /^image_generation/
const OWN = /^(?:web_search|x_search|image_generation|code_interpreter|code_execution)/

/**
 * Read how a turn is to be answered. grok.com searches, draws and runs code of its own accord: it can
 * be kept from searching and drawing, and be made to do nothing.
 *
 * @throws UpstreamFault when the turn cannot do without what grok.com has not
 */
export function readManner(
  ask: Ask,
  turn: TurnRequest,
  model: WebModel,
  form: RequestForm,
): Manner {
  if (turn.choices > 1) throw unable('grok.com gives one answer at a time, not several.', 'n')
  const names = NAMES[ask.dialect]
  const dropped = unsayable(turn, names)
  if (ask.dialect === 'chat' && ask.request.value.logit_bias) dropped.push('logit_bias')
  const given = turn.tools.filter(isHosted)
  const wanted = given.length > 0 ? wantedTools(turn, given) : given
  for (const { tool } of wanted) {
    const { type, ...fields } = tool
    if (!OWN.test(type)) dropped.push(type)
    else for (const name of Object.keys(fields)) dropped.push(`${type}.${name}`)
  }
  if (given.length < turn.tools.length) dropOwnTools(turn, dropped)
  const isOff = (kind: RegExp) =>
    given.some(({ tool }) => kind.test(tool.type)) &&
    !wanted.some(({ tool }) => kind.test(tool.type))
  const mode = modeFor(turn.effort, model, form)
  if (!isMet(turn.effort, mode)) dropped.push(names.effort)
  return {
    mode,
    search: !isOff(SEARCH),
    draw: !isOff(DRAW),
    dropped,
  }
}

const isHosted = (tool: TurnTool): tool is HostedTool => tool.type === 'hosted'

/** The tools of upstreams that a turn's choice leaves. */
function wantedTools(turn: TurnRequest, given: readonly HostedTool[]): readonly HostedTool[] {
  const { tools, choice } = offerAll(turn)
  if (choice === 'none') return []
  const left = tools.filter(isHosted)
  if (typeof choice === 'object') {
    if (!('hosted' in choice)) return []
    if (!OWN.test(choice.hosted)) throw lacking(choice.hosted)
    return given.filter(({ tool }) => tool.type === choice.hosted)
  }
  const [first] = left
  if (choice === 'required' && first && !left.some(({ tool }) => OWN.test(tool.type)))
    throw lacking(first.tool.type)
  return left
}

/** Tools of the client that nobody has put in words: the setting `tools_in_prompt_web` is off. */
function dropOwnTools({ toolChoice }: TurnRequest, dropped: string[]): void {
  const isForced =
    toolChoice === 'required' ||
    (typeof toolChoice === 'object' && ('name' in toolChoice || 'only' in toolChoice))
  if (isForced) throw unable('grok.com knows no tools of programs.', 'tool_choice', 'invalid_value')
  if (toolChoice !== 'none') dropped.push('tools')
}

const FAST = 'FAST'

const isLow = (effort: Effort): boolean =>
  effort === 'none' || effort === 'minimal' || effort === 'low'

/**
 * The mode that comes nearest to the wanted effort. Only the fast one may take the place of another:
 * it costs no more, while the slower ones take of the quota what was not reserved. Each mode of g3 has
 * a quota of its own.
 */
const modeFor = (effort: Effort | undefined, { mode }: WebModel, form: RequestForm): string =>
  effort !== undefined && isLow(effort) && mode === 'AUTO' && form !== 'g3' ? FAST : mode

const SLOW = /EXPERT|HEAVY|THINKING/

function isMet(effort: Effort | undefined, mode: string): boolean {
  if (effort === undefined) return true
  if (isLow(effort)) return mode === FAST
  return effort === 'medium' ? mode === 'AUTO' : SLOW.test(mode)
}

/** What fields are called, by dialect. */
const NAMES = {
  chat: {
    maxTokens: 'max_tokens',
    effort: 'reasoning_effort',
    verbosity: 'verbosity',
    logprobs: 'logprobs',
  },
  responses: {
    maxTokens: 'max_output_tokens',
    effort: 'reasoning.effort',
    verbosity: 'text.verbosity',
    logprobs: 'top_logprobs',
  },
} as const

function unsayable(turn: TurnRequest, names: (typeof NAMES)[keyof typeof NAMES]): string[] {
  const dropped: string[] = []
  if (turn.maxTokens !== undefined) dropped.push(names.maxTokens)
  if (turn.temperature !== undefined) dropped.push('temperature')
  if (turn.topP !== undefined) dropped.push('top_p')
  if (turn.frequencyPenalty) dropped.push('frequency_penalty')
  if (turn.presencePenalty) dropped.push('presence_penalty')
  if (turn.seed !== undefined) dropped.push('seed')
  if (turn.logprobs !== undefined) dropped.push(names.logprobs)
  if (turn.verbosity !== undefined) dropped.push(names.verbosity)
  if (turn.serviceTier !== undefined) dropped.push('service_tier')
  return dropped
}
