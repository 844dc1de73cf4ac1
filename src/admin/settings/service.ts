import { ApiError, SetupError } from '../../errors'
import {
  DEFAULT_SETTINGS,
  isProxySetting,
  isSetting,
  type Settings,
  settingProblem,
} from '../../store/settings'
import type { Operator } from '../operator'
import type { AdminParts } from '../parts'
import { maskedSetting } from './shown'

type Parts = Pick<AdminParts, 'stores' | 'audit' | 'refresh' | 'canProxy'>

/** What settings are to become; null puts a default back, and takes a secret away. */
export type SettingChanges = Readonly<Record<string, unknown>>

/** Settings as they are now. */
export interface PresentSettings {
  readonly revision: number
  readonly settings: Settings
}

/** Why a setting cannot be used where this runs; undefined where it can. */
export const unusable = (name: string, { canProxy }: Pick<AdminParts, 'canProxy'>) =>
  !canProxy && isProxySetting(name)
    ? new SetupError(
        'Cloudflare Workers cannot call through a proxy.',
        'Run Groxy on a machine to use one.',
      )
    : undefined

/** Reads and changes what may be changed while Groxy runs. */
export function createSettingsService({ stores, audit, refresh, canProxy }: Parts) {
  const read = (): Promise<PresentSettings> => stores.settings.current()

  /** What of these changes cannot be. */
  function problems(changes: SettingChanges): ReadonlyMap<string, SetupError> {
    const found = new Map<string, SetupError>()
    for (const [name, value] of Object.entries(changes)) {
      const isKnown = isSetting(name)
      const isGone = value === null || value === ''
      const problem =
        (isGone && isKnown ? undefined : unusable(name, { canProxy })) ??
        (value === null && isKnown ? undefined : settingProblem(name, value))
      if (problem) found.set(name, problem)
    }
    return found
  }

  return {
    read,
    problems,

    /**
     * Change several at once, all or none.
     *
     * @throws ApiError `invalid_value` that names the setting; `revision_conflict`
     */
    async change(
      operator: Operator,
      revision: number,
      changes: SettingChanges,
    ): Promise<PresentSettings> {
      const [wrong] = problems(changes)
      if (wrong) {
        const [name, { message, remedy }] = wrong
        throw new ApiError('invalid_value', `${message} ${remedy}`, { param: `settings.${name}` })
      }
      const before = await read()
      const isReal = ([name, value]: readonly [string, unknown]) =>
        (value ?? DEFAULT_SETTINGS[name as keyof Settings]) !==
        before.settings[name as keyof Settings]
      const real = Object.entries(changes).filter(isReal)
      if (before.revision === revision && real.length === 0) return before
      const changed = await stores.settings.change(Object.fromEntries(real), revision)
      if (changed === undefined) throw conflict(revision, (await read()).revision)
      await refresh()
      const after = await read()
      const shown = ({ settings }: PresentSettings) =>
        Object.fromEntries(
          real.map(([name]) => [name, maskedSetting(name, settings[name as keyof Settings])]),
        )
      await audit(operator, {
        action: 'settings.change',
        subject: real.map(([name]) => name).join(', '),
        before: shown(before),
        after: shown(after),
      })
      return after
    },
  }
}

export type SettingsService = ReturnType<typeof createSettingsService>

const conflict = (given: number, present: number) =>
  new ApiError(
    'revision_conflict',
    `Somebody else changed the settings: their revision was ${given} and is ${present} now. Read them again, and send what is still wanted with the present revision.`,
    { param: 'revision' },
  )
