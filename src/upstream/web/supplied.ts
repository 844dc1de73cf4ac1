import { SetupError } from '../../errors'
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
  const headers = (name: Name, prefix = '') => readAs(settings, name, prefix, readHeaders) ?? {}
  const cookies = (name: Name, prefix = '') => readAs(settings, name, prefix, readCookies) ?? ''
  const listed: Extras = { headers: headers('web_headers'), cookies: cookies('web_cookies') }
  const named: Extras = {
    headers: {
      ...headers('web_x_statsig_id', 'x-statsig-id: '),
      ...headers('web_user_agent', 'user-agent: '),
    },
    cookies: cookies('web_cf_clearance', 'cf_clearance='),
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

type Name =
  | 'web_headers'
  | 'web_cookies'
  | 'web_x_statsig_id'
  | 'web_user_agent'
  | 'web_cf_clearance'

/** Read a setting, if it says anything, and name it if it is wrong. */
function readAs<T>(
  settings: Settings,
  name: Name,
  prefix: string,
  read: (text: string) => T,
): T | undefined {
  const text = settings[name].trim()
  if (text === '') return
  try {
    return read(prefix + text)
  } catch (cause) {
    throw new SetupError(
      `The setting ${name} holds nothing that can be sent.`,
      `Correct it: groxy settings set ${name} VALUE`,
      cause,
    )
  }
}
