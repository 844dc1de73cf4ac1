import { Elysia } from 'elysia'
import { ApiError } from '../../errors'
import { isSecretSetting, isSetting, type Settings } from '../../store/settings'
import { markupAnswer, notice } from '../answers'
import { readForm } from '../form'
import type { OwnView } from '../handlers'
import { html } from '../html'
import type { AdminParts } from '../parts'
import { type Draft, readDraft } from './draft'
import { type FormState, labels, seenFields, settingsForm, settingsPage } from './page'
import { problemText } from './problems'
import { type PresentSettings, type SettingsService, unusable } from './service'
import { settingField } from './setting-field'
import { settingsWords } from './words'

type ByName = { readonly name: string }

/** The page of the settings. */
export function settingsRoutes(parts: AdminParts, service: SettingsService) {
  const { handlers } = parts
  const unusableIn = (view: OwnView) => (name: string) =>
    unusable(name, parts) && settingsWords[view.language].noProxies

  const stateOf = (view: OwnView, present: PresentSettings): FormState => ({
    ...present,
    unusable: unusableIn(view),
  })

  /** The form again, or the page where no script asks. */
  const shown = (view: OwnView, state: FormState, status = 200, said?: string) =>
    markupAnswer(
      view.isHtmx
        ? html`${settingsForm(view, state)}${said && notice(said)}`
        : settingsPage(view, state),
      status,
    )

  async function save(view: OwnView, draft: Draft): Promise<Response> {
    const say = settingsWords[view.language]
    const { changes, revision } = draft
    const found = service.problems(changes)
    if (found.size > 0) {
      const problems = Object.fromEntries(
        [...found].map(([name, problem]) => [
          name,
          problemText(view, name, changes[name], problem),
        ]),
      )
      const present = await service.read()
      const theirs = present.revision === revision ? undefined : theirChanges(draft, present)
      return shown(view, { ...stateOf(view, present), given: changes, problems, theirs }, 422)
    }
    try {
      const present = await service.change(view.operator, revision, changes)
      const names = Object.keys(changes)
      const said = names.length > 0 ? say.saved(labels(view, names)) : say.unchanged
      return shown(view, stateOf(view, present), 200, said)
    } catch (failure) {
      if (!(failure instanceof ApiError) || failure.code !== 'revision_conflict') throw failure
      const present = await service.read()
      const theirs = theirChanges(draft, present)
      return shown(view, { ...stateOf(view, present), given: changes, theirs }, 409)
    }
  }

  return new Elysia({ prefix: '/admin/settings', detail: { hide: true } })
    .get(
      '/',
      handlers.page(async (view, request) => {
        const search = new URL(request.url).searchParams.get('q')?.trim()
        const state = stateOf(view, await service.read())
        return settingsPage(view, search ? { ...state, search } : state)
      }),
    )
    .post(
      '/',
      handlers.page(async (view, request) => save(view, readDraft(await readForm(request)))),
      { parse: 'none' },
    )
    .post(
      '/:name/reset',
      handlers.page(async (view, request, { name }: ByName) => {
        const setting = known(name)
        const form = await readForm(request)
        const present = await service.change(view.operator, Number(form.get('revision')), {
          [setting]: null,
        })
        const say = settingsWords[view.language]
        const label = labels(view, [setting])
        return html`
          ${settingField(view, setting, {
            value: present.settings[setting],
            unusable: unusableIn(view)(setting),
          })}
          <hx-partial hx-target="#settings-seen" hx-swap="outerHTML">${seenFields(present)}</hx-partial>
          ${notice(isSecretSetting(setting) ? say.removed(label) : say.resetDone(label))}`
      }),
      { parse: 'none' },
    )
}

function known(name: string): keyof Settings {
  if (isSetting(name)) return name
  throw new ApiError('not_found', `There is no setting "${name}".`)
}

/** What is no more as the operator was shown it; of secrets nothing was shown. */
const theirChanges = ({ seen }: Draft, { settings }: PresentSettings): string[] =>
  Object.entries(settings)
    .filter(([name, value]) => name in seen && seen[name] !== value)
    .map(([name]) => name)
