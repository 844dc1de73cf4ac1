import type { Mood } from './frames'
import type { TagFilter } from './tag-filter'
import type { Voice } from './voice'

interface ThoughtsParts {
  readonly voice: Voice
  readonly filterFor: (text: (text: string) => void) => TagFilter
}

/** What a thought is made of: what the model says, lines about what it does, and lists below these. */
type Block = 'text' | 'line' | 'item'

interface Note {
  readonly kind: 'line' | 'item'
  readonly mood?: Mood
}

/** Writes what a model thinks: section by section, each with its title and whose it is. */
export function createThoughts({ voice, filterFor }: ThoughtsParts) {
  const filter = filterFor((text) => write(text, 'text'))
  let isOpen = false
  let part = 0
  let block: Block | undefined
  /** Line breaks at the end of what was written. */
  let breaks = 0
  let step: number | undefined
  let agent: string | undefined
  /** The agent whose name is to head what it says. */
  let unnamed: string | undefined
  let onlyAgent: string | undefined
  let startsItem = false

  function write(text: string, kind: Block) {
    voice.interrupt('thinking')
    const before = unnamed === undefined ? '' : `**${unnamed}**\n\n`
    unnamed = undefined
    const said = before === '' ? separator(kind) + text : before + text
    voice.think(said, part)
    isOpen = true
    block = kind
    breaks = said.endsWith('\n\n') ? 2 : said.endsWith('\n') ? 1 : 0
  }

  function separator(kind: Block): string {
    if (block === undefined) return ''
    if (block === 'text' && kind === 'text') return startsItem && breaks === 0 ? '\n' : ''
    const wanted = kind === block || (block === 'line' && kind === 'item') ? 1 : 2
    return '\n'.repeat(Math.max(0, wanted - breaks))
  }

  function startPart() {
    filter.end()
    if (block !== undefined) part++
    block = undefined
    breaks = 0
  }

  /** Go where this is thought: another section, or another agent, has a part of its own. */
  function enter(mood: Mood) {
    const isOther = mood.agent !== undefined && mood.agent !== agent
    if (!isOther && (mood.step === undefined || mood.step === step)) return
    startPart()
    step = mood.step ?? step
    if (!isOther) return
    agent = mood.agent
    unnamed = agent === onlyAgent ? undefined : agent
  }

  function title(text: string) {
    const named = text.trim()
    startPart()
    if (named === '') return
    const heading = unnamed === undefined ? named : `${unnamed}: ${named}`
    unnamed = undefined
    write(`**${heading}**\n\n`, 'text')
  }

  function over() {
    if (!isOpen) return
    isOpen = false
    part = 0
    block = undefined
    breaks = 0
    voice.thought()
  }

  return {
    say(text: string, mood: Mood) {
      enter(mood)
      if (mood.tag === 'header') return title(text)
      // The points of a summary come one by one, without the breaks between them.
      startsItem = mood.tag === 'summary' && text.startsWith('- ')
      filter.push(text)
      startsItem = false
    },

    /** Tell what is done, on a line of its own or in a list. */
    note(text: string, { kind, mood }: Note): void {
      if (mood) enter(mood)
      write(text, kind)
    },

    /** Who is going to think: one alone needs no name. */
    setAgents(names: readonly unknown[]): void {
      const [only] = names
      onlyAgent = names.length === 1 && typeof only === 'string' ? only : undefined
    },

    /** Something else comes between. */
    pause: over,

    /** The thought is over. */
    end(): void {
      filter.end()
      over()
    },
  }
}

export type Thoughts = ReturnType<typeof createThoughts>
