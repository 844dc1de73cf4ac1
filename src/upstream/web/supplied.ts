import { type Extras, joinExtras, NO_EXTRAS, readCookies, readHeaders } from '../../extras'
import type { Settings } from '../../store/settings'

/** What settings say of every call of grok.com, in the form that calls need it. */
interface Supplied {
  /** The headers and cookies of a call: an account's own go before those of the settings. */
  readonly extrasOf: (own: Extras) => Extras
  readonly filteredTags: readonly string[]
}

/** Reads settings once, not for each call: they are one object until they change. */
export function createSupplied(settings: () => Settings): () => Supplied {
  let read: Settings | undefined
  let supplied: Supplied | undefined
  return () => {
    const current = settings()
    if (supplied && read === current) return supplied
    supplied = supply(current)
    read = current
    return supplied
  }
}

/** @throws SetupError for a setting that makes no header or cookie */
function supply(settings: Settings): Supplied {
  const { web_x_statsig_id: statsig, web_cf_clearance: clearance } = settings
  const { web_user_agent: agent, web_cookies: cookies, web_headers: headers } = settings
  const listed: Extras = { headers: readHeaders(headers), cookies: readCookies(cookies) }
  const lines = [statsig && `x-statsig-id: ${statsig}`, agent && `user-agent: ${agent}`]
  const named: Extras = {
    headers: readHeaders(lines.filter(Boolean).join('\n')),
    cookies: clearance && readCookies(`cf_clearance=${clearance}`),
  }
  const shared = joinExtras(listed, named)
  const joined = new WeakMap<Extras, Extras>()
  return {
    extrasOf(own) {
      if (own === NO_EXTRAS) return shared
      const known = joined.get(own) ?? joinExtras(shared, own)
      joined.set(own, known)
      return known
    },
    filteredTags: settings.web_filtered_tags
      .split(/[\s,]+/)
      .map((tag) => tag.toLowerCase())
      .filter(Boolean),
  }
}
