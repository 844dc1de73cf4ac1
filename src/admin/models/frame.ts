import { type Content, type Html, html } from '../html'
import { shell } from '../shell'
import type { View } from '../view'
import { tabs } from '../widgets/tabs'
import { modelWords } from './words'

const TABS = [
  ['/admin/models', 'models'],
  ['/admin/models/aliases', 'aliases'],
  ['/admin/models/prices', 'prices'],
] as const

/** One of the pages about models, and the way to the others. */
export function frame(view: View, current: (typeof TABS)[number][1], main: Content): Html {
  const say = modelWords[view.language]
  return shell(view, {
    title: say.title,
    main: html`
      ${tabs(
        say.views,
        TABS.map(([href, name]) => ({ href, text: say[name], isCurrent: name === current })),
      )}
      ${main}`,
  })
}

/** A page's address with one thing that is named by people. */
export const pathWith = (path: string, name: string, value: string): string =>
  `${path}?${new URLSearchParams({ [name]: value })}`
