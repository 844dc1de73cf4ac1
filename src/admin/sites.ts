import { ApiError } from '../errors'
import type { OriginOf } from '../http/origin'

interface SiteParts {
  /** Where addresses of ours begin: the operator's word, else what the browser asked. */
  readonly originOf: OriginOf
  /** What the browser asked, as far as proxies before us tell. */
  readonly askedOf: OriginOf
}

const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

/** Tells requests of our own pages from those that pages of other sites make a browser send. */
export function createSites({ originOf, askedOf }: SiteParts) {
  const isOwn = (request: Request, page: string): boolean => {
    const host = URL.parse(page)?.host
    return (
      host !== undefined &&
      [askedOf(request), originOf(request)].some((own) => hostOf(own) === host)
    )
  }

  return {
    /**
     * Refuse what another site's page makes a browser send. Browsers say themselves where a request comes
     * from, in `Sec-Fetch-Site`, and pages cannot change it; older ones say it in `Origin` or `Referer`.
     *
     * @throws ApiError `cross_site`
     */
    refuse(request: Request): void {
      if (SAFE.has(request.method)) return
      const { headers } = request
      const site = headers.get('sec-fetch-site')
      const page = headers.get('origin') ?? headers.get('referer')
      const isFine = site
        ? site === 'same-origin' || site === 'none'
        : page === null || isOwn(request, page)
      if (!isFine)
        throw new ApiError(
          'cross_site',
          'This request comes from the page of another site, and is refused.',
        )
    },

    /** Whether a browser sent this by https, though it may not have reached us so. */
    isHttps(request: Request): boolean {
      if (request.headers.get('origin')?.startsWith('https:')) return true
      const [asked, told] = [askedOf(request), originOf(request)]
      if (asked.startsWith('https:')) return true
      return told.startsWith('https:') && hostOf(told) === hostOf(asked)
    },
  }
}

export type Sites = ReturnType<typeof createSites>

const hostOf = (origin: string): string | undefined => URL.parse(origin)?.host
