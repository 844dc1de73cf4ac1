import { unable } from '../../errors'
import { lacking, offerAll } from '../../turn/offer'
import type { Effort, HostedTool, TurnRequest, TurnTool } from '../../turn/request'
import { findUnsaid, isAsked } from '../unsaid'
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

/** Whether grok.com does by itself what a tool is for. */
export const runsAtGrok = (tool: string): boolean => OWN.test(tool)

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
  const dropped = findUnsaid(ask, LACKING)
  const given = turn.tools.filter(isHosted)
  const wanted = given.length > 0 ? wantedTools(turn, given) : given
  for (const { tool } of wanted) {
    const { type, ...fields } = tool
    if (!OWN.test(type)) dropped.push(type)
    else
      for (const [field, value] of Object.entries(fields)) {
        const name = `${type}.${field}`
        if (isAsked(name, value)) dropped.push(name)
      }
  }
  if (given.length < turn.tools.length) dropOwnTools(turn, dropped)
  const isOff = (kind: RegExp) =>
    given.some(({ tool }) => kind.test(tool.type)) &&
    !wanted.some(({ tool }) => kind.test(tool.type))
  const mode = modeFor(turn.effort, model, form)
  if (!isMet(turn.effort, mode)) dropped.push(EFFORT[ask.dialect])
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

/** What the wish for an effort is called. */
const EFFORT = { chat: 'reasoning_effort', responses: 'reasoning.effort' } as const

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

/** What grok.com has no field for. */
const LACKING: ReadonlySet<string> = new Set([
  'max_completion_tokens',
  'max_tokens',
  'max_output_tokens',
  'temperature',
  'top_p',
  'frequency_penalty',
  'presence_penalty',
  'seed',
  'logprobs',
  'top_logprobs',
  'include.message.output_text.logprobs',
  'verbosity',
  'text.verbosity',
  'service_tier',
])
