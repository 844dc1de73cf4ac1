// What all parts of the playground need: its words, its way to the gateway, and how a failure is told.

import { h } from './playground-text.js'

export const root = document.querySelector('#playground')

/** What the page says, in the language of the page. */
export const say = JSON.parse(root.dataset.words)

/** A text with values in the places of `{0}`, `{1}`. */
export const filled = (text, ...values) => text.replace(/\{(\d)\}/g, (_, at) => values[at])

const WAY = '/admin/playground/v1'
export const wayTo = (path) => WAY + path

/** A failure that was answered, or that kept an answer from coming. */
export class Failure extends Error {
  constructor(message, details = {}) {
    super(message)
    this.details = details
  }
}

/** Ask the gateway. @throws Failure */
export async function ask(path, { body, method = 'POST', signal } = {}) {
  const isForm = body instanceof FormData
  let response
  try {
    response = await fetch(wayTo(path), {
      method,
      signal,
      ...(body !== undefined && { body: isForm ? body : JSON.stringify(body) }),
      ...(body !== undefined && !isForm && { headers: { 'content-type': 'application/json' } }),
    })
  } catch (cause) {
    if (signal?.aborted) throw cause
    throw new Failure(say.unreachable)
  }
  if (response.ok) return response
  const said = await response.json().catch(() => undefined)
  throw failureOf(said?.error, response)
}

/** What an error of the gateway says. */
export const failureOf = (error, response) =>
  new Failure(error?.message ?? filled(say.refused, response?.status), {
    code: error?.code ?? undefined,
    status: response?.status,
    requestId: response && requestOf(response),
    retryAfter: response?.headers.get('retry-after') ?? undefined,
  })

/** The id under which the log has a request. */
export const requestOf = (response) => response.headers.get('x-playground-request-id') ?? undefined

/** Show why something failed, and what to do about it. */
export function failureNode(failure) {
  if (!(failure instanceof Failure)) return h('p', { role: 'alert' }, String(failure))
  const { code, status, requestId, retryAfter } = failure.details
  const hint = retryAfter && !say.hints[code] ? filled(say.retry, retryAfter) : say.hints[code]
  return h(
    'div',
    { role: 'alert' },
    h('p', {}, failure.message),
    (code || status) && h('p', {}, h('small', {}, [code, status].filter(Boolean).join(' · '))),
    hint && h('p', {}, hint),
    HELP[code] && h('p', {}, h('a', { href: HELP[code] }, say.help[code])),
    requestId && h('p', {}, requestLink(requestId)),
  )
}

/** Where what is missing can be had. */
const HELP = { no_account: '/admin/accounts', not_logged_in: '/admin/login' }

export const requestLink = (id) =>
  h('a', { href: `/admin/requests/${encodeURIComponent(id)}` }, say.request)

/** Who answered, as the headers of an answer say. */
export function servedBy(response) {
  const said = response.headers.get('x-groxy-account')
  if (!said) return
  try {
    return decodeURIComponent(said)
  } catch {
    return said
  }
}

/** The files of a field as `data:` URLs. */
export const dataUrls = (files) =>
  Promise.all(
    [...files].map(
      (file) =>
        new Promise((resolve, reject) => {
          const reader = new FileReader()
          reader.onload = () => resolve(reader.result)
          reader.onerror = () => reject(new Failure(filled(say.unreadable, file.name)))
          reader.readAsDataURL(file)
        }),
    ),
  )

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`

/** The same request for a shell, with a key of one's own; long pictures are left out. */
export function curlOf(path, body) {
  const shown = JSON.stringify(body, (_, value) =>
    typeof value === 'string' && /^data:/.test(value)
      ? `${value.slice(0, value.indexOf(',') + 1)}…`
      : value,
  )
  const lines = [
    `curl ${quoted(`${root.dataset.origin}/v1${path}`)}`,
    '-H "Authorization: Bearer $GROXY_KEY"',
    "-H 'Content-Type: application/json'",
    `-d ${quoted(shown)}`,
  ]
  return lines.join(' \\\n  ')
}

/** A button that copies what is current when it is pressed. */
export function copyButton(label, textOf) {
  const button = h('button', { type: 'button', class: 'plain small' }, label)
  button.addEventListener('click', async () => {
    await copy(textOf())
    button.textContent = say.copied
    setTimeout(() => {
      button.textContent = label
    }, 1500)
  })
  return button
}

/** Only with https there is a clipboard for scripts. */
async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text)
  const area = h('textarea', { class: 'hidden-text', 'aria-label': say.copied }, text)
  document.body.append(area)
  area.select()
  document.execCommand('copy')
  area.remove()
}

const LOCALE = document.documentElement.lang

export const number = (value, options) => new Intl.NumberFormat(LOCALE, options).format(value)
export const durationOf = (ms) =>
  ms < 1000
    ? number(ms, { style: 'unit', unit: 'millisecond', maximumFractionDigits: 0 })
    : number(ms / 1000, { style: 'unit', unit: 'second', maximumFractionDigits: 1 })
const dollars = (ticks) =>
  number(ticks / 1e10, { style: 'currency', currency: 'USD', maximumFractionDigits: 4 })

/** The ledger is written behind: when it is asked what an answer cost. */
const ASK_AFTER_MS = [2_500, 4_000, 8_000]

/** What the ledger says that it cost; undefined where it says nothing soon. */
export async function costOf(id) {
  for (const ms of ASK_AFTER_MS) {
    await new Promise((resolve) => setTimeout(resolve, ms))
    const response = await fetch(`/admin/playground/turns/${encodeURIComponent(id)}`).catch(
      () => undefined,
    )
    if (!response?.ok) return
    const { found, cost_usd_ticks: ticks } = await response.json()
    if (found) return ticks === null ? say.noCost : dollars(ticks)
  }
}

/** Tell who cannot see it what happens. */
export const announce = (text) => {
  document.querySelector('#announcer').textContent = text
}

/** The fields of a form by their names; empty ones are left out. */
export const fieldsOf = (form) =>
  Object.fromEntries(
    [...new FormData(form)].filter(([, value]) => typeof value === 'string' && value !== ''),
  )

/** Let a form be sent: before its script listens, the browser would leave the page with it. */
export function ready(form) {
  for (const button of form.querySelectorAll('[data-begin]')) button.disabled = false
}

/** Whether something is under way: one button begins it, the other ends it. */
export function working(form, isWorking) {
  for (const button of form.querySelectorAll('[data-begin]')) button.hidden = isWorking
  for (const button of form.querySelectorAll('[data-stop]')) button.hidden = !isWorking
}
