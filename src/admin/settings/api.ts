import { Elysia } from 'elysia'
import { answers, failure } from '../../http/operation'
import { SETTING_GROUPS } from '../../store/setting-groups'
import { DEFAULT_SETTINGS, isSecretSetting, Settings } from '../../store/settings'
import { readJson } from '../form'
import { adminOperation } from '../operation'
import type { AdminParts } from '../parts'
import { SettingsObject, SettingsPatch } from './schema'
import { type PresentSettings, type SettingsService, unusable } from './service'
import { maskedSetting } from './shown'

const NAMES = Object.keys(DEFAULT_SETTINGS) as (keyof Settings)[]

/** `/admin/api/settings`: what may be changed while Groxy runs. */
export function settingsApi(parts: AdminParts, service: SettingsService) {
  const { handlers } = parts
  const reasons = NAMES.flatMap((name) => {
    const problem = unusable(name, parts)
    return problem ? [[name, `${problem.message} ${problem.remedy}`] as const] : []
  })

  const shown = ({ revision, settings }: PresentSettings) => ({
    object: 'admin.settings',
    revision,
    values: Object.fromEntries(NAMES.map((name) => [name, maskedSetting(name, settings[name])])),
    defaults: DEFAULT_SETTINGS,
    changed: NAMES.filter((name) => settings[name] !== DEFAULT_SETTINGS[name]),
    secrets: NAMES.filter(isSecretSetting),
    unusable: Object.fromEntries(reasons),
    groups: SETTING_GROUPS,
    schema: Settings,
  })

  return new Elysia({ prefix: '/admin/api', tags: ['Admin: settings'] })
    .get(
      '/settings',
      handlers.api(async () => shown(await service.read())),
      {
        detail: adminOperation({
          operationId: 'getSettings',
          summary: 'Read all settings',
          answers: { 200: answers('The settings, and what they take.', SettingsObject) },
        }),
      },
    )
    .patch(
      '/settings',
      handlers.api(async (operator, request) => {
        const { revision, settings } = await readJson(request, SettingsPatch)
        return shown(await service.change(operator, revision, settings))
      }),
      {
        parse: 'none',
        detail: adminOperation({
          operationId: 'changeSettings',
          summary: 'Change settings',
          description: 'All or none. What is not mentioned stays as it is.',
          body: SettingsPatch,
          answers: {
            200: answers('The settings as they are now.', SettingsObject),
            400: failure(
              'A setting does not take its value: `param` names it.',
              'invalid_value',
              '"video_days" must be >= 1. How long video jobs are kept after they were asked for.',
            ),
            409: failure(
              'Somebody else was faster.',
              'revision_conflict',
              'Somebody else changed the settings.',
            ),
          },
        }),
      },
    )
}
