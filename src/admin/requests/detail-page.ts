import type { LedgerRow } from '../../store/ledger'
import type { AttemptRecord } from '../../store/ledger-schema'
import { type Content, type Html, html } from '../html'
import { shell } from '../shell'
import type { View } from '../view'
import { badge } from '../widgets/badge'
import { type TimePart, timeBar } from '../widgets/chart'
import { copyable } from '../widgets/copy'
import { definitions } from '../widgets/definitions'
import { card, fold } from '../widgets/fold'
import { message } from '../widgets/message'
import { count, duration, money } from '../widgets/numbers'
import { cell, numberHead, rowName, table } from '../widgets/table'
import { moment } from '../widgets/time'
import { accountLink, keyLink, modelOf, outcomeOf } from './cells'
import { curlOf } from './curl'
import type { RequestInFull, RequestNames } from './service'
import { effectWords, faultWords, requestWords, sourceWords } from './words'

/** One request: what it was, every attempt at it, what it took, cost and said. */
export function requestPage(view: View, id: string, found: RequestInFull): Html {
  const say = requestWords[view.language]
  const { rows, names, content } = found
  const [first] = rows
  return shell(view, {
    title: say.one,
    main: html`
      <p><a href="/admin/requests">${say.back}</a></p>
      ${copyable(view, { id: 'request-id', text: id, what: say.requestId })}
      ${rows.map((row) => onePart(view, row, names))}
      ${card(say.content, said(view, content))}
      ${
        first &&
        card(
          say.curl,
          html`<p class="soft">${say.curlHint}</p>${copyable(view, { id: 'curl', text: curlOf(first, view.origin, content?.request), what: 'curl' })}`,
        )
      }`,
  })
}

const onePart = (view: View, row: LedgerRow, names: RequestNames): Html => html`
  ${why(view, row)}
  ${card(requestWords[view.language].facts, facts(view, row, names))}
  ${card(requestWords[view.language].timings, timings(view, row, names))}
  ${attempts(view, row, names)}`

/** The last words of an upstream before a request failed say most. */
function why(view: View, row: LedgerRow): Content {
  if (row.outcome === 'done' || row.outcome === 'gone') return
  const failed = row.attemptLog?.filter(({ fault }) => fault !== undefined)
  const last = failed?.findLast(({ says }) => says) ?? failed?.at(-1)
  const words = [last && faultOf(view, last), last?.says].filter(Boolean).join(': ')
  return message(
    'bad',
    html`<strong>${requestWords[view.language].why}</strong> ${row.errorCode}${words && html` · ${words}`}`,
  )
}

function facts(view: View, row: LedgerRow, names: RequestNames): Html {
  const say = requestWords[view.language]
  const source = sourceWords[view.language] as Readonly<Record<string, string>>
  return definitions([
    [say.time, moment(view, row.at)],
    [say.outcome, outcomeOf(view, row)],
    [say.key, keyLink(view, row.keyId, names)],
    [
      say.endpoint,
      html`<code>${row.endpoint}</code>${row.stream && html` ${badge(say.streamed, 'quiet')}`}`,
    ],
    [say.model, modelOf(row)],
    [say.account, row.accountId === null ? say.noTry : accountLink(view, row.accountId, names)],
    [
      say.usage,
      html`${say.usageText(count(view, row.inputTokens), count(view, row.cachedTokens), count(view, row.outputTokens), count(view, row.reasoningTokens))} <small class="soft">${source[row.usageSource]}</small>`,
    ],
    [
      say.cost,
      row.costTicks === null
        ? say.unknownCost
        : html`${money(view, row.costTicks)} <small class="soft">${row.costSource && source[row.costSource]}</small>`,
    ],
  ])
}

/** The attempts one after the other, and the answer; what is left was spent waiting. */
function timings(view: View, row: LedgerRow, names: RequestNames): Html {
  const say = requestWords[view.language]
  const { attemptLog, firstByteMs, totalMs } = row
  const tried = (attemptLog ?? []).map(({ account, ms, fault }, at): TimePart => {
    const known = names.account(account)
    const name = known ? `${known.kind}/${known.name}` : account
    return part(view, `${at + 1}. ${name}`, ms, fault ? 'bad' : 'quiet')
  })
  const begun = firstByteMs ?? totalMs
  // Attempts are told apart only where there was more than one: the time of a single one is in the whole.
  const before = attemptLog === null && row.attempts > 0 ? say.asking : say.between
  const upstream = tried.reduce((sum, { ms }) => sum + ms, 0)
  const [total, first] = [duration(view, totalMs), duration(view, begun)]
  return html`
    <p>${firstByteMs === null ? say.timingTotal(total) : say.timingText(total, first)}</p>
    ${timeBar(`time-${row.id}`, say.timings, [
      ...(begun > upstream ? [part(view, before, begun - upstream, 'quiet')] : []),
      ...tried,
      ...(firstByteMs === null ? [] : [part(view, say.answering, totalMs - firstByteMs, 'good')]),
    ])}`
}

const part = (view: View, label: string, ms: number, tone: TimePart['tone']): TimePart => ({
  ...{ label, ms, tone },
  text: duration(view, ms),
})

function attempts(view: View, row: LedgerRow, names: RequestNames): Html {
  const say = requestWords[view.language]
  if (!row.attemptLog)
    return html`<p class="soft">${row.attempts === 0 ? say.noTry : say.firstTry}</p>`
  return table({
    caption: say.attempts,
    columns: [
      say.attempt,
      say.account,
      say.model,
      numberHead(say.took),
      say.result,
      say.says,
      say.effect,
    ],
    rows: row.attemptLog.map((one, at) => attemptRow(view, one, at, names)),
    empty: html``,
  })
}

function attemptRow(view: View, one: AttemptRecord, at: number, names: RequestNames): Html {
  const say = requestWords[view.language]
  const effects = effectWords[view.language] as Readonly<Record<string, string>>
  const { account, model, ms, fault, status, code, effect, says } = one
  return html`
    <tr>
      ${rowName(say.attempt, at + 1)}
      ${cell(say.account, accountLink(view, account, names))}
      ${cell(say.model, model || '–')}
      ${cell(say.took, duration(view, ms), 'number')}
      ${cell(
        say.result,
        fault === undefined
          ? badge(say.answered, 'good')
          : html`${badge(faultOf(view, one), 'bad')} ${status} ${code && html`<code>${code}</code>`}`,
      )}
      ${cell(say.says, says ?? '–')}
      ${cell(say.effect, effect === undefined ? '–' : (effects[effect] ?? effect))}
    </tr>`
}

function faultOf(view: View, { fault = '' }: AttemptRecord): string {
  return (faultWords[view.language] as Readonly<Record<string, string>>)[fault] ?? fault
}

function said(view: View, content: RequestInFull['content']): Html {
  const say = requestWords[view.language]
  if (!content) return html`<p class="soft">${say.noContent}</p>`
  const text = (what: string) => html`<pre class="wrap" tabindex="0">${what}</pre>`
  return html`
    ${fold({ summary: say.asked, content: text(content.request), isOpen: true })}
    ${fold({ summary: say.answer, content: text(content.answer), isOpen: true })}`
}
