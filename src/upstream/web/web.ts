import { unable } from '../../errors'
import type { Upstream } from '../upstream'

/** A grok.com session. */
export function createWeb(): Upstream {
  const never = async (): Promise<never> => {
    throw unable('grok.com is not asked yet.', 'model')
  }
  return { ask: never, models: never, check: never }
}
