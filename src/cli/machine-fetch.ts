import type { FetchInit } from '../net/http'

const EXCEPTIONS = ['NO_PROXY', 'no_proxy'] as const

/**
 * Bun's `fetch`, but for `NO_PROXY`: that makes exceptions from the proxies of the environment, and
 * Bun would make them from an account's own proxy too, whose calls must not go out without it.
 */
export function machineFetch(): (url: string, init: FetchInit) => Promise<Response> {
  const kept = EXCEPTIONS.map((name) => [name, process.env[name]] as const)
  if (kept.every(([, value]) => value === undefined)) return fetch
  return (url, init) => {
    if (!init.proxy) return fetch(url, init)
    // Bun reads them while `fetch` is called, so nobody else sees them gone.
    for (const [name] of kept) delete process.env[name]
    try {
      return fetch(url, init)
    } finally {
      for (const [name, value] of kept) if (value !== undefined) process.env[name] = value
    }
  }
}
