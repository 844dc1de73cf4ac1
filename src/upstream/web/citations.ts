import { isText, type Json } from '../../json-value'
import type { Page } from './frames'
import { remember } from './remember'
import type { Stretch, Voice } from './voice'

const MOST_CARDS = 2048
const MOST_PAGES = 2048
const MOST_STRETCHES = 64

/**
 * Brings sources to their places: a card says what the source is, a tag in the text where it stands,
 * and either may come first.
 */
export function createCitations(voice: Voice) {
  const cards = new Map<string, Page>()
  const titles = new Map<string, string>()
  const waiting = new Map<string, readonly Stretch[]>()

  const cite = ({ url, title }: Page, stretch: Stretch) =>
    voice.cite(url, title || titles.get(url) || url, stretch)

  return {
    /** Learn what a card stands for. */
    card({ id, url, title, type, cardType }: Json): void {
      if (!isText(id) || !isText(url) || !isCitation(type ?? cardType)) return
      const page = { url, title: isText(title) ? title : '' }
      remember(cards, id, page, MOST_CARDS)
      for (const stretch of waiting.get(id) ?? []) cite(page, stretch)
      waiting.delete(id)
    },

    /** Pages that searches found: cards have no titles. */
    pages(found: readonly Page[]): void {
      for (const { url, title } of found) if (title !== '') remember(titles, url, title, MOST_PAGES)
    },

    /** A tag stands here. */
    tag(element: string) {
      const id = attributeOf(element, 'card_id')
      const type = attributeOf(element, 'type') ?? attributeOf(element, 'card_type')
      if (id === undefined || !isCitation(type)) return
      const stretch = voice.stretch()
      const page = cards.get(id)
      if (page) return cite(page, stretch)
      const before = waiting.get(id) ?? []
      if (before.length < MOST_STRETCHES) remember(waiting, id, [...before, stretch], MOST_CARDS)
    },
  }
}

/** Pictures and files have tags and cards too. */
const isCitation = (type: unknown): boolean => !isText(type) || type.includes('citation')

const ATTRIBUTE = /\s([\w-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g

function attributeOf(element: string, name: string): string | undefined {
  const tag = element.slice(0, element.indexOf('>') + 1)
  for (const [, key, one, other] of tag.matchAll(ATTRIBUTE)) if (key === name) return one ?? other
  return
}
