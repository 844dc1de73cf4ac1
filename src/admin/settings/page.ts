import { SETTING_GROUPS, type SettingGroup } from '../../store/setting-groups'
import type { Settings } from '../../store/settings'
import { type Html, html } from '../html'
import { shell } from '../shell'
import type { View } from '../view'
import { field } from '../widgets/field'
import { tabs } from '../widgets/tabs'
import { seenText } from './draft'
import type { PresentSettings } from './service'
import { says, settingField, settingLabel } from './setting-field'
import { groupWords, settingsWords } from './words'

/** What the form of the settings shows beside what they are. */
export interface FormState extends PresentSettings {
  /** What was typed and is not saved. */
  readonly given?: Readonly<Record<string, unknown>>
  readonly problems?: Readonly<Record<string, string>>
  /** What somebody else has changed since the form was filled in. */
  readonly theirs?: readonly string[] | undefined
  readonly search?: string
  /** Why a setting cannot be used here. */
  readonly unusable: (name: string) => string | undefined
}

/** `GET /admin/settings` */
export function settingsPage(view: View, state: FormState): Html {
  const say = settingsWords[view.language]
  const names = Object.entries(groupWords[view.language])
  return shell(view, {
    title: say.title,
    main: html`
      <p class="soft">${say.lead}</p>
      <form class="toolbar" role="search" method="get" action="/admin/settings">
        ${field({
          label: say.find,
          name: 'q',
          type: 'search',
          value: state.search,
          attributes: html` data-find="#settings .setting" autocomplete="off"`,
        })}
      </form>
      ${tabs(
        say.groups,
        names.map(([group, text]) => ({ href: `#group-${group}`, text, isCurrent: false })),
      )}
      ${settingsForm(view, state)}`,
  })
}

/** The form with all settings, which its own answers replace. */
export function settingsForm(view: View, state: FormState): Html {
  const say = settingsWords[view.language]
  const { problems = {}, theirs, search } = state
  const isNone =
    search !== undefined &&
    !Object.values(SETTING_GROUPS)
      .flat()
      .some((name) => says(view, name, search))
  return html`
    <form id="settings" method="post" action="/admin/settings" hx-post="/admin/settings" hx-swap="outerHTML">
      ${seenFields(state)}
      ${
        theirs &&
        html`<div role="alert">
          <p>${say.conflict}</p>
          ${theirs.length > 0 && html`<p>${say.conflictFields(labels(view, theirs))}</p>`}
        </div>`
      }
      ${Object.keys(problems).length > 0 && html`<p role="alert">${say.wrong}</p>`}
      ${Object.entries(SETTING_GROUPS).map(([group, names]) => card(view, group, names, state))}
      <p class="empty" data-find-none${!isNone && html` hidden`}>${say.none}</p>
      <div class="save"><button>${say.save}</button></div>
    </form>`
}

/** What tells what of the form was changed, and whether somebody else did meanwhile. */
export const seenFields = ({ revision, settings }: PresentSettings): Html => html`
  <div id="settings-seen" hidden>
    <input type="hidden" name="revision" value="${revision}">
    <input type="hidden" name="seen" value="${seenText(settings)}">
  </div>`

function card(
  view: View,
  group: string,
  names: readonly (keyof Settings)[],
  state: FormState,
): Html {
  const { settings, given = {}, problems = {}, theirs = [], search, unusable } = state
  const isFound = (name: keyof Settings) => search === undefined || says(view, name, search)
  return html`
    <section class="card" id="group-${group}"${!names.some(isFound) && html` hidden`}>
      <h2>${groupWords[view.language][group as SettingGroup]}</h2>
      ${names.map((name) =>
        settingField(view, name, {
          value: settings[name],
          given: given[name],
          problem: problems[name],
          isTheirs: theirs.includes(name),
          unusable: unusable(name),
          ...(search !== undefined && { search }),
        }),
      )}
    </section>`
}

/** Names of settings as people read them. */
export const labels = (view: View, names: readonly string[]): string =>
  names
    .map((name) => settingLabel(view, name as keyof Settings))
    .join(view.language === 'zh' ? '、' : ', ')
