import { DEFAULT_SETTINGS, isSecretSetting, type Settings } from '../../store/settings'
import { type Html, html } from '../html'
import type { View } from '../view'
import { badge } from '../widgets/badge'
import { button } from '../widgets/button'
import { check, choice, field, textArea } from '../widgets/field'
import { boundsOf } from './problems'
import { SETTING_WORDS } from './setting-words'
import { maskedSetting, settingText, unitOf } from './shown'
import { settingsWords } from './words'

/** A limit so far away is nobody's concern. */
const UNSPOKEN = 1e9

interface Shown {
  /** What it is now. */
  readonly value: unknown
  /** What it is to become, as it was typed, where it was not saved. */
  readonly given?: unknown
  readonly problem?: string | undefined
  /** Somebody else has changed it since the page was made. */
  readonly isTheirs?: boolean
  /** Why it cannot be used here. */
  readonly unusable?: string | undefined
  /** What is looked for on the page. */
  readonly search?: string
}

/** What a setting is called. */
export const settingLabel = ({ language }: View, name: keyof Settings): string =>
  SETTING_WORDS[name][language]

/** One setting: a labelled control, what it means, what is usual, and a way back to that. */
export function settingField(view: View, name: keyof Settings, shown: Shown): Html {
  const say = settingsWords[view.language]
  const { value, isTheirs } = shown
  const label = settingLabel(view, name)
  const isChanged = value !== DEFAULT_SETTINGS[name]
  const isSecret = isSecretSetting(name)
  const isHidden = shown.search !== undefined && !says(view, name, shown.search)
  const words = isSecret ? say.remove : say.reset
  return html`
    <div class="setting" id="setting-${name}" data-words="${wordsOf(view, name)}"${isHidden && html` hidden`}>
      ${control(view, name, shown)}
      ${isTheirs && html`<p class="message warn">${say.theirs(settingText(view, name, value))}</p>`}
      ${
        isChanged &&
        html`<div class="row">${badge(say.changed, 'quiet')}${button({
          text: words,
          tone: 'plain',
          type: 'button',
          isSmall: true,
          attributes: html` hx-post="/admin/settings/${name}/reset" hx-target="#setting-${name}" hx-swap="outerHTML" aria-label="${words}: ${label}"${isSecret && html` hx-confirm="${say.removeAsk(label)}"`}`,
        })}</div>`
      }
    </div>`
}

function control(view: View, name: keyof Settings, shown: Shown): Html {
  const { value, given = value, problem, unusable } = shown
  const say = settingsWords[view.language]
  const label = settingLabel(view, name)
  const { type, enum: options, minimum, maximum, pattern } = boundsOf(name)
  const isLost = isSecretSetting(name) && shown.given !== undefined
  const labelled = {
    label,
    name,
    problem: [problem, isLost && say.typeAgain].filter(Boolean).join(' ') || undefined,
    hint: hintOf(view, name, shown),
  }
  const off = unusable !== undefined && html` disabled`
  if (isSecretSetting(name)) {
    // What was typed is not sent back: a secret is in no page.
    if (name === 'web_headers')
      return textArea({ ...labelled, rows: 3, isCode: true, attributes: html`${off}` })
    const attributes = html` autocomplete="new-password" spellcheck="false"${off}`
    return field({ ...labelled, type: 'password', attributes })
  }
  if (type === 'boolean') return check({ ...labelled, checked: given === true, isSwitch: true })
  if (options)
    return choice({
      ...labelled,
      value: String(given),
      options: options.map((one) => [one, one] as const),
    })
  if (type === 'integer') {
    const attributes = html` required step="1" inputmode="numeric"${minimum !== undefined && html` min="${minimum}"`}${maximum !== undefined && html` max="${maximum}"`}`
    return field({ ...labelled, value: String(given), type: 'number', attributes })
  }
  const attributes = html` spellcheck="false" autocomplete="off"`
  return field({ ...labelled, value: String(given), type: pattern ? 'url' : 'text', attributes })
}

function hintOf(view: View, name: keyof Settings, { value, unusable }: Shown): Html {
  const say = settingsWords[view.language]
  const { minimum, maximum } = boundsOf(name)
  const usual = DEFAULT_SETTINGS[name]
  const secret = value === '' ? say.secretFree : say.secret(String(maskedSetting(name, value)))
  const unit = unitOf(name, view)
  const told = isSecretSetting(name)
    ? [secret]
    : [
        unit && say.in(unit),
        say.usual(settingText(view, name, usual)),
        minimum !== undefined && say.from(String(minimum)),
        maximum !== undefined && maximum < UNSPOKEN && say.upTo(String(maximum)),
      ]
  return html`${coded(explanation(view, name))} ${told
    .filter(Boolean)
    .join(' ')} <code>${name}</code>${unusable && html` <strong>${unusable}</strong>`}`
}

const explanation = ({ language }: View, name: keyof Settings): string =>
  language === 'zh' ? SETTING_WORDS[name].explained : (boundsOf(name).description ?? '')

/** What is between backticks is code. */
const coded = (text: string): Html =>
  html`${text.split('`').map((part, at) => (at % 2 === 1 ? html`<code>${part}</code>` : part))}`

/** By what a setting is found, whatever language is spoken. */
function wordsOf(view: View, name: keyof Settings): string {
  const { en, zh } = SETTING_WORDS[name]
  return `${name} ${en} ${zh} ${explanation(view, name)}`.toLowerCase()
}

/** Whether a setting says something that is looked for. */
export const says = (view: View, name: keyof Settings, search: string): boolean => {
  const words = wordsOf(view, name)
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => words.includes(word))
}
