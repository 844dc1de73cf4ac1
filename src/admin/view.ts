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
  /** The page that somebody looks at, with its query: where to come back to. */
  readonly address: string
  /** Where addresses of this gateway begin, for what is shown to be copied. */
  readonly origin: string
  /** Absent where nobody is logged in. */
  readonly operator?: Operator | undefined
  /** Whether htmx asks for a part of the page. */
  readonly isPartial: boolean
  /** Whether htmx asks at all, which follows redirects by itself and puts what it gets into the page. */
  readonly isHtmx: boolean
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
    const url = new URL(request.url)
    const isHtmx = request.headers.get('hx-request') === 'true'
    const shown = isHtmx ? URL.parse(request.headers.get('hx-current-url') ?? '') : url
    return {
      language:
        LANGUAGES.find((one) => one === chosen) ??
        preferred(request.headers.get('accept-language')),
      theme: THEMES.find((one) => one === theme) ?? 'auto',
      path: url.pathname,
      address: shown ? shown.pathname + shown.search : '/admin',
      origin: originOf(request),
      operator,
      isHtmx,
      isPartial: request.headers.get('hx-request-type') === 'partial',
      now: now(),
      zoneMinutes: zoneMinutes(),
    }
  }
