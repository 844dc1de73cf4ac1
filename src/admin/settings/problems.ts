import type { SetupError } from '../../errors'
import { isSecretSetting, Settings } from '../../store/settings'
import type { View } from '../view'
import { settingText } from './shown'
import { settingsWords } from './words'

/** What a schema says of a setting's values. */
export interface Bounds {
  readonly type?: string
  readonly enum?: readonly string[]
  readonly minimum?: number
  readonly maximum?: number
  readonly pattern?: string
  readonly description?: string
}

export const boundsOf = (name: string): Bounds => Settings.properties[name as keyof Settings]

/** What is wrong with a value, in the language of who gave it. */
export function problemText(view: View, name: string, value: unknown, problem: SetupError): string {
  const say = settingsWords[view.language]
  const { type, minimum, maximum, pattern } = boundsOf(name)
  if (isSecretSetting(name)) return `${problem.message} ${problem.remedy}`
  if (type === 'integer') {
    if (typeof value !== 'number') return say.notWhole
    if (minimum !== undefined && value < minimum)
      return say.tooLittle(settingText(view, name, minimum))
    if (maximum !== undefined && value > maximum)
      return say.tooMuch(settingText(view, name, maximum))
  }
  return pattern ? say.badAddress : say.notThat
}
