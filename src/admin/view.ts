import type { OriginOf } from '../http/origin'
import { cookieOf } from './cookies'
import type { Operator } from './operator'
import { LANGUAGES, type Language, preferred } from './words'

export const THEMES = ['auto', 'light', 'dark'] as const
export type Theme = (typeof THEMES)[number]

/** For whom a page is made, and how. */
export interface View {
  readonly language: Language
  readonly theme: Theme
  /** The path of the page, to mark it in the navigation. */
  readonly path: string
  /** Where addresses of this gateway begin, for what is shown to be copied. */
  readonly origin: string
  /** Absent where nobody is logged in. */
  readonly operator?: Operator | undefined
  /** Whether htmx asks for a part of the page. */
  readonly isPartial: boolean
  readonly now: number
  /** Minutes by which the operator's days begin before those of UTC. */
  readonly zoneMinutes: number
}

interface ViewParts {
  readonly originOf: OriginOf
  readonly now: () => number
  readonly zoneMinutes: () => number
}

export const LANGUAGE_COOKIE = 'groxy_language'
export const THEME_COOKIE = 'groxy_theme'

/** Reads how somebody wants to see pages from what the browser says. */
export const createViews =
  ({ originOf, now, zoneMinutes }: ViewParts) =>
  (request: Request, operator?: Operator): View => {
    const chosen = cookieOf(request, LANGUAGE_COOKIE)
    const theme = cookieOf(request, THEME_COOKIE)
    return {
      language:
        LANGUAGES.find((one) => one === chosen) ??
        preferred(request.headers.get('accept-language')),
      theme: THEMES.find((one) => one === theme) ?? 'auto',
      path: new URL(request.url).pathname,
      origin: originOf(request),
      operator,
      isPartial: request.headers.get('hx-request-type') === 'partial',
      now: now(),
      zoneMinutes: zoneMinutes(),
    }
  }
