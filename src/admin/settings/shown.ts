import { proxyName } from '../../proxy'
import { isProxySetting, isSecretSetting } from '../../store/settings'
import { maskSecret } from '../audit'
import type { View } from '../view'
import { bytes, duration } from '../widgets/numbers'
import { settingsWords, unitWords } from './words'

/** Of a secret this short its end would say too much. */
const LEAST_SIGNS = 16

/** A value as it may be read by everybody who may see settings, and be written down. */
export function maskedSetting(name: string, value: unknown): unknown {
  if (!isSecretSetting(name) || value === '') return value
  const text = String(value)
  if (isProxySetting(name)) return proxyName(text)
  return text.length < LEAST_SIGNS ? '…' : maskSecret(text)
}

/** In what a setting is counted, as its name says. */
export function unitOf(name: string, { language }: View): string | undefined {
  const end = name.slice(name.lastIndexOf('_') + 1)
  const units: Readonly<Record<string, string>> = unitWords[language]
  return Object.hasOwn(units, end) ? units[end] : undefined
}

/** A value in words, with what large numbers come to. */
export function settingText(view: View, name: string, value: unknown): string {
  const say = settingsWords[view.language]
  const masked = maskedSetting(name, value)
  if (masked === '') return say.nothing
  if (typeof masked === 'boolean') return masked ? say.on : say.off
  if (typeof masked !== 'number' || masked === 0) return String(masked)
  if (name.endsWith('_ms')) return `${masked} (${duration(view, masked)})`
  if (name.endsWith('_bytes')) return `${masked} (${bytes(view, masked)})`
  return String(masked)
}
