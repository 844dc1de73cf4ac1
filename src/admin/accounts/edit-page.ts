import { TIERS } from '../../store/schema'
import { type Html, html } from '../html'
import type { View } from '../view'
import { check, choice, field, textArea } from '../widgets/field'
import { message } from '../widgets/message'
import { cell, rowName, table } from '../widgets/table'
import { accountPath } from './cells'
import { shownAddress } from './described'
import type { DetailedAccount } from './detail'
import { editWords } from './edit-words'
import { stateWords } from './state-words'

/** What somebody has typed into the form, without what is secret. */
export interface Edited {
  readonly typed?: URLSearchParams | undefined
  readonly problem?: { readonly field: string; readonly text: string } | undefined
  /** Somebody else was faster: what is typed differs from what is there by now. */
  readonly isConflict?: boolean
  readonly isSaved?: boolean
}

/** What of an account is in fields that may be shown, as texts. */
export const shownFields = (account: DetailedAccount): Readonly<Record<string, string>> => ({
  name: account.name,
  base_url: shownAddress(account.baseUrl),
  tags: account.tags?.join(', ') ?? '',
  note: account.note ?? '',
  weight: String(account.weight),
  max_in_flight: String(account.maxInFlight ?? ''),
  requests_per_minute: String(account.requestsPerMinute ?? ''),
  models: account.models?.join('\n') ?? '',
  ...(account.kind === 'web' ? { tier: account.tier ?? '' } : { api: account.api ?? '' }),
})

/**
 * Everything that may be changed about an account. What is secret never comes back: while a form fails,
 * the browser keeps what was typed.
 */
export function editForm(view: View, account: DetailedAccount, edited: Edited): Html {
  const say = editWords[view.language]
  const called = stateWords[view.language]
  const { typed, problem, isConflict, isSaved } = edited
  const present = shownFields(account)
  const isWeb = account.kind === 'web'
  const given = (name: string) => ({
    name,
    value: typed?.get(name) ?? present[name] ?? '',
    problem: problem?.field === name ? problem.text : undefined,
  })
  const secret = (name: string) => ({
    name,
    problem: problem?.field === name ? problem.text : undefined,
    attributes: html`autocomplete="off"`,
  })
  const limit = (name: string, most: number) => ({
    ...given(name),
    type: 'number' as const,
    hint: say.noLimitHint,
    attributes: html`min="1" max="${most}"`,
  })
  return html`
    <form id="edit" method="post" action="${accountPath(account)}" hx-post="${accountPath(account)}" hx-target="#edit" hx-swap="outerHTML">
      <input type="hidden" name="version" value="${account.version}">
      ${isSaved && message('good', say.saved)}
      ${isConflict && conflictPart(view, account, typed)}
      ${problem && !KNOWN.has(problem.field) && html`<p role="alert">${problem.text}</p>`}
      <fieldset>
        <legend>${say.basics}</legend>
        <div class="fields">
          ${field({ label: say.name, ...given('name'), attributes: html`required maxlength="80"` })}
          ${field({ label: say.baseUrl, ...given('base_url'), type: 'url', attributes: html`required maxlength="2048"` })}
          ${field({ label: say.secret, ...secret('secret'), type: 'password', hint: say.secretHint, attributes: html`autocomplete="new-password"` })}
          ${
            isWeb
              ? choice({
                  label: say.tier,
                  ...given('tier'),
                  options: [
                    ['', called.unknown],
                    ...TIERS.map((tier) => [tier, called[tier]] as const),
                  ],
                })
              : choice({
                  label: say.api,
                  ...given('api'),
                  options: [
                    ['', say.usual],
                    ['chat', say.chat],
                    ['responses', say.responses],
                    ['both', say.both],
                  ],
                })
          }
          ${field({ label: say.tags, ...given('tags'), hint: say.tagsHint })}
        </div>
        ${textArea({ label: say.note, ...given('note'), rows: 2, attributes: html`maxlength="1000"` })}
      </fieldset>
      <fieldset>
        <legend>${say.limits}</legend>
        <div class="fields">
          ${field({ label: say.weight, ...given('weight'), type: 'number', hint: say.weightHint, attributes: html`required min="1" max="1000"` })}
          ${field({ label: say.atOnce, ...limit('max_in_flight', 100_000) })}
          ${field({ label: say.perMinute, ...limit('requests_per_minute', 1_000_000) })}
        </div>
        ${textArea({ label: say.models, ...given('models'), rows: 3, isCode: true, hint: say.modelsHint })}
      </fieldset>
      <fieldset>
        <legend>${say.way}</legend>
        ${field({
          label: say.proxy,
          ...secret('proxy'),
          ...(!account.takesProxy && { attributes: html`disabled` }),
          hint: `${account.proxyName ? say.proxyNow(account.proxyName) : ''} ${account.takesProxy ? say.proxyHint : say.proxyOff}`.trim(),
        })}
        ${account.hasOwnProxy && check({ label: say.noProxy, name: 'no_proxy', checked: typed?.has('no_proxy') ?? false })}
        ${isWeb && sessionFields(view, account, secret, typed)}
      </fieldset>
      <button>${say.save}</button>
    </form>`
}

/** Fields beside which a problem stands. */
const KNOWN: ReadonlySet<string> = new Set([
  ...['name', 'base_url', 'secret', 'tier', 'api', 'tags', 'note', 'weight', 'max_in_flight'],
  ...['requests_per_minute', 'models', 'proxy', 'headers', 'cookies'],
])

type Secret = (name: string) => {
  readonly name: string
  readonly problem: string | undefined
  readonly attributes: Html
}

function sessionFields(
  view: View,
  { headerNames, cookieNames }: DetailedAccount,
  secret: Secret,
  typed: URLSearchParams | undefined,
): Html {
  const say = editWords[view.language]
  const cookies = cookieNames.length > 0 ? say.cookiesNow(cookieNames.join(', ')) : ''
  return html`
    ${textArea({ label: say.headers, ...secret('headers'), rows: 2, isCode: true, hint: say.headersHint })}
    ${headerNames.map((name) =>
      check({
        ...{ label: say.takeHeader(name), name: 'take_header', value: name },
        ...{ id: `take-${name}`, checked: typed?.getAll('take_header').includes(name) ?? false },
      }),
    )}
    ${textArea({ label: say.cookies, ...secret('cookies'), rows: 2, isCode: true, hint: `${cookies} ${say.cookiesHint}`.trim() })}
    ${cookies && check({ label: say.noCookies, name: 'no_cookies', checked: typed?.has('no_cookies') ?? false })}`
}

/** Both states side by side, as far as they differ. */
function conflictPart(view: View, account: DetailedAccount, typed?: URLSearchParams): Html {
  const say = editWords[view.language]
  const labels: Readonly<Record<string, string>> = {
    ...{ name: say.name, base_url: say.baseUrl, tags: say.tags, note: say.note, tier: say.tier },
    ...{ weight: say.weight, max_in_flight: say.atOnce, requests_per_minute: say.perMinute },
    ...{ models: say.models, api: say.api },
  }
  const differing = Object.entries(shownFields(account)).filter(
    ([name, value]) => asTyped(typed?.get(name) ?? '') !== value,
  )
  return html`
    <div role="alert">
      <p>${say.conflict}</p>
    </div>
    ${
      differing.length > 0 &&
      table({
        caption: say.differs,
        columns: [say.field, say.yours, say.theirs],
        rows: differing.map(
          ([name, value]) => html`
            <tr>
              ${rowName(say.field, labels[name] ?? name)}
              ${cell(say.yours, typed?.get(name) || say.empty)}
              ${cell(say.theirs, value || say.empty)}
            </tr>`,
        ),
        empty: html``,
      })
    }`
}

/** Browsers send line breaks their own way. */
const asTyped = (text: string): string => text.replaceAll('\r\n', '\n')
