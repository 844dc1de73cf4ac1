// A video: asked for, watched while it is made, and played. Its id is in the page's address, so that a
// page that is loaded again goes on.

import {
  announce,
  ask,
  copyButton,
  curlOf,
  dataUrls,
  durationOf,
  Failure,
  failureNode,
  fieldsOf,
  filled,
  ready,
  requestLink,
  requestOf,
  root,
  say,
  wayTo,
  working,
} from './playground-parts.js'
import { h } from './playground-text.js'

const LOOK_MS = 1_500
/** How often in a row the way to the gateway may fail while a video is made. */
const PATIENCE = 10

const form = root.querySelector('form')
const result = root.querySelector('#results')
const prompt = form.elements.namedItem('prompt')
const pictures = form.elements.namedItem('pictures')
const previews = root.querySelector('#previews')
const cancel = form.querySelector('[data-stop]')
let current

form.addEventListener('submit', (event) => {
  event.preventDefault()
  if (!current) make()
})
ready(form)

cancel.addEventListener('click', async () => {
  const watched = current
  if (!watched) return
  watched.stop.abort()
  if (watched.id) await ask(`/videos/${watched.id}`, { method: 'DELETE' }).catch(() => undefined)
  remember(undefined)
  announce(say.cancelled)
})

pictures.addEventListener('change', async () => {
  const urls = await dataUrls(pictures.files).catch(() => [])
  previews.replaceChildren(
    ...urls.map((src, at) => h('img', { src, alt: pictures.files[at].name, class: 'attached' })),
  )
})

/** What is in the address is there after a reload. */
function remember(id) {
  const url = new URL(location.href)
  if (id) url.searchParams.set('video', id)
  else url.searchParams.delete('video')
  history.replaceState(null, '', url)
}

async function make() {
  const stop = new AbortController()
  current = { stop }
  working(form, true)
  const shown = block(prompt.value)
  try {
    const { model, shape, seconds, resolution } = fieldsOf(form)
    const [picture] = await dataUrls(pictures.files)
    const body = {
      ...(prompt.value && { prompt: prompt.value }),
      ...(model && { model }),
      ...(shape && { size: shape }),
      ...(seconds && { seconds }),
      ...(resolution && { resolution }),
      ...(picture && { image: { image_url: picture } }),
    }
    shown.tools.append(copyButton(say.copyCurl, () => curlOf('/videos', body)))
    announce(say.filming)
    const response = await ask('/videos', { body, signal: stop.signal })
    const requestId = requestOf(response)
    if (requestId) shown.tools.append(requestLink(requestId))
    const { id } = await response.json()
    current.id = id
    remember(id)
    await watch(id, shown, stop.signal)
  } catch (failure) {
    shown.fail(failure, stop.signal)
  } finally {
    current = undefined
    working(form, false)
  }
}

/** Go on with the one that the address names. */
async function resume(id) {
  const stop = new AbortController()
  current = { stop, id }
  working(form, true)
  const shown = block('')
  try {
    await watch(id, shown, stop.signal)
  } catch (failure) {
    shown.fail(failure, stop.signal)
  } finally {
    current = undefined
    working(form, false)
  }
}

async function watch(id, shown, signal) {
  const began = performance.now()
  for (let failures = 0; ; ) {
    let video
    try {
      const response = await ask(`/videos/${encodeURIComponent(id)}`, { method: 'GET', signal })
      video = await response.json()
      failures = 0
    } catch (failure) {
      // The gateway may be started again meanwhile: the video is still made.
      const isAway = !(failure instanceof Failure) || (failure.details.status ?? 503) >= 500
      failures++
      if (signal.aborted || !isAway || failures > PATIENCE) throw failure
    }
    if (video?.status === 'completed') return shown.play(video)
    if (video?.status === 'failed') throw new Failure(video.error?.message, video.error ?? {})
    if (video) shown.progress(video, performance.now() - began)
    await pause(LOOK_MS, signal)
  }
}

const pause = (ms, signal) =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      reject(signal.reason)
    })
  })

/** Where a video appears. */
function block(text) {
  const bar = h('progress', { max: '100', value: '0', 'aria-label': say.progress })
  const told = h('small', {}, say.waiting)
  const title = h('p', {}, text)
  const place = h('div', {}, bar, told)
  const tools = h('div', { class: 'row' })
  const element = h('section', { class: 'card', 'aria-label': say.video }, title, place, tools)
  result.prepend(element)

  return {
    tools,

    progress({ progress, status, prompt: asked }, ms) {
      title.textContent ||= asked ?? ''
      bar.value = progress
      told.textContent = `${say.states[status] ?? status} · ${progress} % · ${durationOf(ms)}`
    },

    play({ id, prompt: asked, seconds, size, model }) {
      title.textContent ||= asked ?? ''
      const source = wayTo(`/videos/${encodeURIComponent(id)}/content`)
      place.replaceChildren(
        h('video', {
          ...{ src: source, controls: true, playsinline: true, preload: 'metadata' },
          ...{ 'aria-label': title.textContent || say.video, class: 'made' },
        }),
        h(
          'p',
          {},
          h(
            'small',
            { class: 'soft' },
            [model, filled(say.length, seconds), size].filter(Boolean).join(' · '),
          ),
        ),
      )
      tools.prepend(
        h('a', { class: 'button plain small', href: source, download: `${id}.mp4` }, say.download),
      )
      announce(say.filmed)
    },

    fail(failure, signal) {
      const node = signal.aborted ? h('p', {}, say.cancelled) : failureNode(failure)
      place.replaceChildren(node)
      if (!signal.aborted) announce(failure.message)
    },
  }
}

const left = new URL(location.href).searchParams.get('video')
if (left) resume(left)
