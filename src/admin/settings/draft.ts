import { DEFAULT_SETTINGS, isSecretSetting, type Settings } from '../../store/settings'
import type { SettingChanges } from './service'

/** What an operator sent: what he was shown, and what he made of it. */
export interface Draft {
  readonly revision: number
  /** The values that he was shown, but for secrets. */
  readonly seen: Readonly<Record<string, unknown>>
  /** Only what he changed. */
  readonly changes: SettingChanges
}

/** What a form holds of the values that were shown, so that it can be told what was changed. */
export const seenText = (settings: Settings): string =>
  JSON.stringify(
    Object.fromEntries(Object.entries(settings).filter(([name]) => !isSecretSetting(name))),
  )

/** Read the form of the settings page. */
export function readDraft(form: URLSearchParams): Draft {
  const seen = readSeen(form.get('seen') ?? '')
  const changes: Record<string, unknown> = {}
  for (const [name, usual] of Object.entries(DEFAULT_SETTINGS)) {
    if (isSecretSetting(name)) {
      const text = form.get(name)?.trim()
      if (text) changes[name] = text
      continue
    }
    if (!(name in seen)) continue
    const value = typeof usual === 'boolean' ? form.has(name) : typedValue(usual, form.get(name))
    if (value !== undefined && value !== seen[name]) changes[name] = value
  }
  return { revision: Number(form.get('revision') ?? Number.NaN), seen, changes }
}

/** A text that is no number stays one, to be shown again with what is wrong. */
function typedValue(usual: unknown, text: string | null): unknown {
  if (text === null) return undefined
  const trimmed = text.trim()
  return typeof usual === 'number' && /^[+-]?\d{1,15}$/.test(trimmed) ? Number(trimmed) : trimmed
}

function readSeen(text: string): Readonly<Record<string, unknown>> {
  try {
    const seen: unknown = JSON.parse(text)
    return typeof seen === 'object' && seen !== null ? { ...seen } : {}
  } catch {
    return {}
  }
}
