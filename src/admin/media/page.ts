import { type Html, html } from '../html'
import { shell } from '../shell'
import type { View } from '../view'
import { bar } from '../widgets/bar'
import { button } from '../widgets/button'
import { empty } from '../widgets/empty'
import { choice, field } from '../widgets/field'
import { card, fold } from '../widgets/fold'
import { bytes, count } from '../widgets/numbers'
import { tabs } from '../widgets/tabs'
import { filters, row } from '../widgets/toolbar'
import { type MediaWish, queryFor } from './search'
import type { MediaService, MediaUsage } from './service'
import { tile } from './tile'
import { mediaWords } from './words'

interface Gallery {
  readonly wish: MediaWish
  readonly list: Awaited<ReturnType<MediaService['list']>>
  readonly usage: Awaited<ReturnType<MediaService['usage']>>
}

export const GALLERY = '/admin/media'
export const FILES = '/admin/media/files'

/** Where the settings behind the limits are. */
const SETTINGS = '/admin/settings?q=cache'

/** Links to the gallery and to the files. */
export const mediaTabs = (view: View): Html => {
  const say = mediaWords[view.language]
  return tabs(say.views, [
    { href: GALLERY, text: say.gallery, isCurrent: view.path !== FILES },
    { href: FILES, text: say.files, isCurrent: view.path === FILES },
  ])
}

/** Pictures and videos that are kept. */
export const galleryPage = (view: View, gallery: Gallery): Html =>
  shell(view, {
    title: mediaWords[view.language].title,
    styles: ['media.css'],
    main: html`${mediaTabs(view)}${galleryPart(view, gallery)}`,
  })

/** The part of the page that changes when something is deleted. */
export function galleryPart(view: View, { wish, list, usage }: Gallery): Html {
  const say = mediaWords[view.language]
  return html`
    <div id="media" class="pile">
      ${usageCards(view, usage)}
      ${search(view, wish)}
      ${list.items.length === 0 ? nothing(view, wish) : pictures(view, list)}
      <nav class="pager" aria-label="${say.gallery}">
        ${wish.after && html`<a href="${GALLERY}${queryFor(wish)}">${say.first}</a>`}
        ${list.last && html`<a href="${GALLERY}${queryFor(wish, list.last)}" rel="next">${say.next}</a>`}
      </nav>
    </div>`
}

function usageCards(view: View, usage: Gallery['usage']): Html {
  const say = mediaWords[view.language]
  return card(
    say.usage,
    html`
      <div class="columns">
        ${usageBar(view, say.image, usage.image)}
        ${usageBar(view, say.video, usage.video)}
      </div>
      ${row(
        html`<form class="inline" method="post" action="${GALLERY}/clean" hx-post="${GALLERY}/clean" hx-swap="none">${button({ text: say.cleaning, tone: 'plain' })}</form>`,
        html`<a href="${SETTINGS}">${say.limits}</a>`,
      )}
      <p class="soft"><small>${say.cleaningHint}</small></p>
      ${fold({ summary: say.clear, content: clearForms(view, usage) })}`,
  )
}

function usageBar(view: View, label: string, { stored, known, bytes: size, limit }: MediaUsage) {
  const say = mediaWords[view.language]
  const share = limit === 0 ? 1 : size / limit
  return html`
    <div>
      <h3>${label}</h3>
      ${bar({
        label,
        share,
        text: html`${say.ofLimit(megabytes(view, size), megabytes(view, limit))} · ${say.kept(count(view, stored), count(view, known))}`,
        tone: share > 1 ? 'bad' : share > 0.9 ? 'warn' : undefined,
      })}
    </div>`
}

/** As the settings count: 1024 kB are one MB there. */
export const megabytes = (view: View, size: number): string => bytes(view, size / 1.024 ** 2)

function clearForms(view: View, { image, video }: Gallery['usage']): Html {
  const say = mediaWords[view.language]
  const forms = [
    ['image', say.clearImages, say.clearImagesConfirm(count(view, image.known))],
    ['video', say.clearVideos, say.clearVideosConfirm(count(view, video.known))],
    ['all', say.clearAll, say.clearAllConfirm(count(view, image.known + video.known))],
  ] as const
  return html`
    <p class="soft">${say.clearHint}</p>
    ${row(
      forms.map(
        ([sort, text, confirm]) => html`
        <form class="inline" method="post" action="${GALLERY}/clear" hx-post="${GALLERY}/clear" hx-target="#media" hx-swap="outerHTML" hx-confirm="${confirm}">
          <input type="hidden" name="sort" value="${sort}">
          ${button({ text, tone: 'danger' })}
        </form>`,
      ),
    )}`
}

function search(view: View, wish: MediaWish): Html {
  const say = mediaWords[view.language]
  const state = wish.isKept === undefined ? '' : wish.isKept ? 'kept' : 'away'
  return filters(view, {
    action: GALLERY,
    label: say.filter,
    fields: [
      field({
        label: say.search,
        name: 'q',
        type: 'search',
        value: wish.text,
      }),
      choice({
        ...{ label: say.sort, name: 'sort', value: wish.sort ?? '' },
        options: [
          ['', say.all],
          ['image', say.image],
          ['video', say.video],
        ],
      }),
      choice({
        ...{ label: say.state, name: 'state', value: state },
        options: [
          ['', say.all],
          ['kept', say.isKept],
          ['away', say.isNotKept],
        ],
      }),
      choice({
        ...{ label: say.order, name: 'order', value: wish.order },
        options: [
          ['used', say.byUse],
          ['made', say.byTime],
          ['size', say.bySize],
        ],
      }),
      wish.accountId && html`<input type="hidden" name="account" value="${wish.accountId}">`,
    ],
  })
}

function pictures(view: View, { items }: Gallery['list']): Html {
  const say = mediaWords[view.language]
  return html`
    <form method="post" action="${GALLERY}/delete" hx-post="${GALLERY}/delete" hx-target="#media" hx-swap="outerHTML" hx-confirm="${say.deleteSelectedConfirm}">
      <div class="row between">
        <div class="check"><input type="checkbox" id="pick-all" data-check-all="name"><label for="pick-all">${say.selectAll}</label></div>
        ${button({ text: say.deleteSelected, tone: 'danger' })}
      </div>
      <ul class="gallery">${items.map((one, at) => tile(view, one, at))}</ul>
    </form>`
}

function nothing(view: View, { sort, isKept, accountId, text, after }: MediaWish): Html {
  const say = mediaWords[view.language]
  const isFiltered = sort !== undefined || isKept !== undefined || accountId || text || after
  return isFiltered
    ? empty(say.none, html`${say.noneFound} <a href="${GALLERY}">${say.all}</a>`)
    : empty(
        say.none,
        html`${say.noneYet} <a href="/admin/playground/image">${say.toPlayground}</a>`,
      )
}
