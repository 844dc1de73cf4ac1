import { isText, type Json } from '../../json-value'
import type { HostedItem } from '../../turn/event'
import { type Mood, type Page, shorten } from './frames'
import { remember } from './remember'
import type { Thoughts } from './thoughts'
import { aboutOf, type Findings, kindOfTool, type ToolCard } from './tool-cards'
import type { Voice } from './voice'

interface ToolsParts {
  readonly voice: Voice
  readonly thoughts: Thoughts
  readonly dialect: 'chat' | 'responses'
  readonly newId: () => string
}

/** A tool in use. */
interface Call {
  readonly id: string
  /** Who uses it in which section, for results that do not name their card. */
  readonly agent: string | undefined
  readonly step: number | undefined
  name: string
  args: Json
  logs: string | undefined
  readonly found: Set<string>
  /** Whether it is known what it does. */
  isTold: boolean
  state: 'new' | 'begun' | 'ready' | 'done'
}

const MOST_CALLS = 256
const MOST_FOUND = 200
const NO_ARGS: Json = {}

/**
 * Follows the tools that the model uses. Responses tells of each as an output item, one after the other;
 * chat as lines among the thoughts, and only the end of each is said, for what the answer rests on.
 */
export function createTools({ voice, thoughts, dialect, newId }: ToolsParts) {
  const calls = new Map<string, Call>()
  const inChat = dialect === 'chat'
  /** The item that the client sees running: anything else that is said ends it. */
  let live: Call | undefined
  /** Those that the client has not seen, the first one first. */
  let queue: Call[] = []

  function callOf(card: string | undefined, { agent, step }: Mood): Call {
    const known = card === undefined ? undefined : calls.get(card)
    if (known) return known
    const call: Call = {
      id: card ?? newId(),
      agent,
      step,
      name: '',
      args: NO_ARGS,
      logs: undefined,
      found: new Set(),
      isTold: false,
      state: 'new',
    }
    const forgotten = remember(calls, call.id, call, MOST_CALLS)
    if (forgotten) leaveQueue(forgotten)
    queue.push(call)
    return call
  }

  function leaveQueue(call: Call) {
    if (queue.includes(call)) queue = queue.filter((other) => other !== call)
  }

  /** The call that results belong to which do not name it: the first one in the same place. */
  function openCall({ agent, step }: Mood): Call | undefined {
    const open = [...calls.values()].filter(
      (call) => call.state !== 'done' && (agent === undefined || call.agent === agent),
    )
    return open.find((call) => step === undefined || call.step === step) ?? open.at(-1)
  }

  /** Tell what it does, where the client's dialect has no item for it. */
  function tell(call: Call, mood: Mood, mayWrite: boolean) {
    if (call.isTold || call.name === '') return
    call.isTold = true
    const kind = kindOfTool(call.name)
    if (!mayWrite || (!inChat && kind.sort !== 'other')) return
    thoughts.note(lineOf(kind.does, kind.sort === 'code', aboutOf(kind, call.args), call.args), {
      kind: 'line',
      mood,
    })
  }

  function begin(call: Call) {
    if (inChat || live || call.state !== 'new') return
    const item = itemOf(call, 'in_progress')
    if (!item) return
    leaveQueue(call)
    call.state = 'begun'
    live = call
    thoughts.pause()
    voice.hosted(item, false)
  }

  function finish(call: Call) {
    leaveQueue(call)
    if (live === call) live = undefined
    call.state = 'done'
    const item = itemOf(call, 'completed')
    if (!item) return
    if (!inChat) thoughts.pause()
    voice.hosted(item, true)
  }

  function finishReady() {
    for (const call of queue) if (call.state === 'ready') finish(call)
  }

  /** Take in what was found; says whether anything is new. */
  function gather(call: Call, pages: readonly Page[], show: ((page: Page) => void) | undefined) {
    let more = false
    for (const page of pages) {
      if (call.found.size >= MOST_FOUND || call.found.has(page.url)) continue
      call.found.add(page.url)
      more = true
      show?.(page)
    }
    return more
  }

  return {
    /** A tool is used; its card may come in pieces. */
    use({ id, name, args }: ToolCard, mood: Mood, mayWrite: boolean): void {
      const call = callOf(id, mood)
      if (call.name === '') call.name = name
      if (Object.keys(call.args).length === 0) call.args = args
      const kind = kindOfTool(call.name)
      if (kind.about.length > 0 && aboutOf(kind, call.args) === '') return
      tell(call, mood, mayWrite)
      begin(call)
    },

    /** It is done, and this came of it. */
    settle({ card, pages, logs }: Findings, mood: Mood, mayWrite: boolean): void {
      const open = card === undefined ? openCall(mood) : calls.get(card)
      if (!open && pages.length === 0) return
      const call = open ?? callOf(card, mood)
      if (call.name === '' && pages.length > 0) call.name = 'web_search'
      tell(call, mood, mayWrite)
      call.logs ??= logs
      const isLate = call.state === 'done'
      if (inChat) {
        const show = mayWrite
          ? (page: Page) => thoughts.note(linkTo(page), { kind: 'item', mood })
          : undefined
        if (gather(call, pages, show) || !isLate) finish(call)
        return
      }
      if (isLate) return
      gather(call, pages, undefined)
      if (live && live !== call) {
        call.state = 'ready'
        return
      }
      finish(call)
      finishReady()
      const next = queue.find(({ isTold }) => isTold)
      if (next) begin(next)
    },

    /** Something else is said: what runs is over for the client, and before the answer all is. */
    interrupt(by: 'thinking' | 'answer') {
      if (inChat || (!live && queue.length === 0)) return
      if (live) live.state = 'done'
      live = undefined
      if (by === 'thinking') return finishReady()
      for (const call of queue) finish(call)
    },
  }

  function itemOf(call: Call, status: string): HostedItem | undefined {
    const { id, name, args, logs } = call
    const kind = kindOfTool(name)
    const about = aboutOf(kind, args)
    switch (kind.sort) {
      case 'search': {
        const found = [...call.found].map((url) => ({ type: 'url', url }))
        const sources = found.length > 0 ? { sources: found } : {}
        const action = { type: 'search', query: about, ...sources }
        return { type: 'web_search_call', id, status, action }
      }
      case 'page':
        return { type: 'web_search_call', id, status, action: { type: 'open_page', url: about } }
      case 'code': {
        const outputs = logs === undefined ? null : [{ type: 'logs', logs }]
        const type = 'code_interpreter_call'
        return { type, id, status, code: about, container_id: '', outputs }
      }
      case 'other':
        return
    }
  }
}

function lineOf(does: string, isCode: boolean, about: string, { language }: Json): string {
  if (about === '') return does
  if (!isCode) return `${does}: ${shorten(about)}`
  const fence = about.includes('```') ? '````' : '```'
  const named = isText(language) ? language : ''
  return `${does}:\n${fence}${named}\n${about}\n${fence}`
}

/** Signs that would end a link of Markdown too early are written in another way. */
function linkTo({ url, title }: Page): string {
  const shown = shorten(title || url).replaceAll(/[[\]\\]/g, '\\$&')
  return `- [${shown}](${url.replaceAll(/[ ()<>\n\r\t]/g, percent)})`
}

const percent = (sign: string): string =>
  `%${sign.charCodeAt(0).toString(16).padStart(2, '0').toUpperCase()}`
