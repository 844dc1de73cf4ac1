import { ApiError } from '../../errors'
import type { Fields } from '../../http/form'
import { LIFETIME, PURPOSES } from './schema'

/** @throws ApiError when it is missing, or none that OpenAI knows */
export function readPurpose(fields: Fields): string {
  const purpose = fields.get('purpose')?.[0]
  if (purpose === undefined) throw wrong('purpose', 'is missing')
  const known: readonly string[] = PURPOSES
  if (!known.includes(purpose)) throw wrong('purpose', `must be one of ${PURPOSES.join(', ')}`)
  return purpose
}

/**
 * How long a file is to be kept, in OpenAI's form or xAI's; undefined for as long as nobody
 * deletes it.
 */
export function readLifetimeMs(fields: Fields): number | undefined {
  const anchor = fields.get('expires_after[anchor]')?.[0]
  const seconds = fields.get('expires_after[seconds]')?.[0]
  const plain = fields.get('expires_after')?.[0]
  if (plain !== undefined) return lifetimeMsOf(plain, 'expires_after')
  if (anchor === undefined && seconds === undefined) return
  if (anchor !== 'created_at') throw wrong('expires_after[anchor]', 'must be created_at')
  return lifetimeMsOf(seconds, 'expires_after[seconds]')
}

function lifetimeMsOf(text: string | undefined, param: string): number {
  const seconds = /^\d{1,9}$/.test(text ?? '') ? Number(text) : Number.NaN
  const { least, most } = LIFETIME
  if (seconds >= least && seconds <= most) return seconds * 1000
  throw wrong(param, `must be a whole number from ${least} to ${most}`)
}

/** What a form lacks, or has wrongly. */
export const wrong = (param: string, why: string): ApiError =>
  new ApiError('invalid_value', `'${param.slice(0, 100)}' ${why}.`, { param })
