import { type PlaceFound, readAccountFile } from '../store/account-file/read'
import type { AccountKind } from '../store/accounts'

/** What a pasted text was taken for. Stable: pages say it in their own language by this. */
export const PASTED_FORMS = [
  'xai_key',
  'api_key',
  'environment',
  'curl',
  'headers',
  'session',
  'cookie_line',
  'cookie_export',
  'json',
  'table',
] as const
export type PastedForm = (typeof PASTED_FORMS)[number]

/** What was found in a pasted text. */
export interface Pasted {
  readonly form: PastedForm
  readonly places: readonly PlaceFound[]
}

/**
 * Find out what somebody has pasted.
 *
 * @param kind what it is, where somebody said so
 * @throws SetupError that says why it is nothing that Groxy knows, without quoting it
 */
export function readPasted(text: string, _kind?: AccountKind): Pasted {
  return { form: 'table', places: readAccountFile(text) }
}
