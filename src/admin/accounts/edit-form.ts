import { ApiError } from '../../errors'
import type { StoredAccount } from '../../store/accounts'
import { checked } from '../form'
import { shownAddress } from './described'
import { AccountFields } from './fields'

/**
 * What a form wants to change about an account.
 *
 * @throws ApiError that names the field
 */
export function fieldsOf(
  form: URLSearchParams,
  { kind, baseUrl }: Pick<StoredAccount, 'kind' | 'baseUrl'>,
): AccountFields {
  const text = (name: string) => form.get(name)?.trim() ?? ''
  const orNull = (name: string) => text(name) || null
  const isWeb = kind === 'web'
  return checked(AccountFields, {
    name: text('name'),
    // An address may hold a password, which the form does not show: left alone, it keeps that.
    ...(text('base_url') !== shownAddress(baseUrl) && { base_url: text('base_url') }),
    ...(text('secret') && { secret: text('secret') }),
    weight: numberOf(form, 'weight'),
    max_in_flight: numberOf(form, 'max_in_flight'),
    requests_per_minute: numberOf(form, 'requests_per_minute'),
    models: listOf(text('models'), /[\n,]/),
    tags: listOf(text('tags'), /[,，]/),
    note: orNull('note'),
    ...(isWeb ? { tier: orNull('tier') } : { api: orNull('api') }),
    ...(form.has('no_proxy') ? { proxy: null } : text('proxy') && { proxy: text('proxy') }),
    ...(isWeb && headersOf(form)),
    ...(isWeb && cookiesOf(form)),
  })
}

function numberOf(form: URLSearchParams, name: string): number | null {
  const text = form.get(name)?.trim() ?? ''
  if (text === '') return null
  const value = Number(text)
  if (Number.isInteger(value)) return value
  throw new ApiError('invalid_value', 'That is no whole number.', { param: name })
}

function listOf(text: string, between: RegExp): readonly string[] | null {
  const all = text
    .split(between)
    .map((one) => one.trim())
    .filter(Boolean)
  return all.length > 0 ? [...new Set(all)] : null
}

/** Lines as `Name: value`, and the names of those that are to go. */
function headersOf(form: URLSearchParams) {
  const lines = (form.get('headers') ?? '').split(/\r?\n/).filter((line) => line.trim() !== '')
  const set = lines.map((line) => {
    const at = line.indexOf(':')
    if (at > 0) return [line.slice(0, at).trim(), line.slice(at + 1).trim()] as const
    throw new ApiError('invalid_value', 'Write headers as NAME: VALUE, one a line.', {
      param: 'headers',
    })
  })
  const gone = form.getAll('take_header').map((name) => [name, null] as const)
  const headers = Object.fromEntries([...gone, ...set])
  return Object.keys(headers).length > 0 && { headers }
}

function cookiesOf(form: URLSearchParams) {
  const cookies = form.get('cookies')?.trim() ?? ''
  if (cookies) return { cookies }
  return form.has('no_cookies') && { cookies: null }
}
