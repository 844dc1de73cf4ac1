import type { FetchInit } from '../net/http'
import { noExceptions } from './no-exceptions'

/** Bun's `fetch`, but for `NO_PROXY`: no exception is made from an account's own proxy. */
export function machineFetch(): (url: string, init: FetchInit) => Promise<Response> {
  const always = noExceptions()
  return (url, init) => (init.proxy ? always(() => fetch(url, init)) : fetch(url, init))
}
