import { type Html, html } from '../html'
import type { View } from '../view'
import { badge } from '../widgets/badge'
import { bytes } from '../widgets/numbers'
import { ago } from '../widgets/time'
import { row } from '../widgets/toolbar'
import type { ShownMedia } from './service'
import { mediaWords } from './words'

/** A browser loads no more than this for one preview. */
const MOST_PREVIEWED = 16 * 1024 * 1024

/** A picture or a video in the gallery: what it looks like, what it is, and where it came from. */
export function tile(view: View, one: ShownMedia, at: number): Html {
  const say = mediaWords[view.language]
  const { name, sort, mime, model, url } = one
  const about = [
    one.bytes !== null && bytes(view, one.bytes),
    mime?.replace(/^(?:image|video)\//, ''),
  ].filter(Boolean)
  return html`
    <li class="tile">
      ${preview(view, one)}
      <div class="check">
        <input type="checkbox" id="pick-${at}" name="name" value="${name}">
        <label for="pick-${at}" class="mono"><span class="hidden-text">${say.select('')}</span>${name}</label>
      </div>
      <p><small>${about.length > 0 && `${about.join(' · ')} · `}${say.used} ${ago(view, one.usedAt)} · ${say.made} ${ago(view, one.createdAt)}</small></p>
      <p class="soft"><small>${origin(view, one)}${model && ` · ${model}`}${one.keyId && ` · ${say.key} ${one.keyName ?? one.keyId}`}</small></p>
      <p>${standing(view, one)}</p>
      <code class="address" id="address-${at}" tabindex="0">${url}</code>
      ${row(
        html`<a class="button plain small" href="${url}" target="_blank" rel="noreferrer">${say.open}<span class="hidden-text"> ${sort} ${name}</span></a>`,
        html`<button type="button" class="plain small" data-copy="#address-${at}" data-copied="${say.copied}">${say.copy}<span class="hidden-text"> ${name}</span></button>`,
      )}
    </li>`
}

function preview(view: View, { name, sort, bytes }: ShownMedia): Html {
  const say = mediaWords[view.language]
  if (bytes === null) return html`<div class="preview"><small>${say.notHere}</small></div>`
  if (bytes > MOST_PREVIEWED && sort === 'image')
    return html`<div class="preview"><small>${say.tooLarge}</small></div>`
  const source = `/admin/media/content/${encodeURIComponent(name)}`
  if (sort === 'image')
    return html`<div class="preview"><img src="${source}" alt="${name}" loading="lazy" decoding="async" width="320" height="240"></div>`
  return html`<div class="preview"><video src="${source}" aria-label="${name}" preload="metadata" controls muted playsinline width="320" height="240"></video></div>`
}

/** What made it, with the way there. */
function origin(view: View, { accountId, account }: ShownMedia): Html | string {
  const say = mediaWords[view.language]
  if (accountId === null) return say.noAccount
  if (account === undefined) return say.accountGone
  return html`<a href="/admin/accounts/${encodeURIComponent(accountId)}">${account}</a>`
}

/** Whether it is here, and whether it can be had again. */
function standing(view: View, { bytes, canFetch }: ShownMedia): Html {
  const say = mediaWords[view.language]
  if (bytes === null) return canFetch ? badge(say.onDemand, 'quiet') : badge(say.lost, 'bad')
  return html`${badge(say.isKept, 'good')} ${badge(canFetch ? say.fetchable : say.notFetchable, canFetch ? 'quiet' : 'warn')}`
}
