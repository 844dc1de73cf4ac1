// Pictures: made, or changed, and shown while they come.

import {
  announce,
  ask,
  copyButton,
  costOf,
  curlOf,
  dataUrls,
  durationOf,
  failureNode,
  failureOf,
  fieldsOf,
  filled,
  ready,
  requestLink,
  requestOf,
  root,
  say,
  servedBy,
  working,
} from './playground-parts.js'
import { readEvents } from './playground-stream.js'
import { h, webAddress } from './playground-text.js'

/** Previews of each picture that are asked for. */
const PREVIEWS = 2

const form = root.querySelector('form')
const results = root.querySelector('#results')
const prompt = form.elements.namedItem('prompt')
const pictures = form.elements.namedItem('pictures')
const previews = root.querySelector('#previews')
let stopping

form.addEventListener('submit', (event) => {
  event.preventDefault()
  if (!stopping) make()
})
ready(form)
form.querySelector('[data-stop]').addEventListener('click', () => stopping?.abort())

pictures.addEventListener('change', async () => {
  const urls = await dataUrls(pictures.files).catch(() => [])
  previews.replaceChildren(
    ...urls.map((src, at) => h('img', { src, alt: pictures.files[at].name, class: 'attached' })),
  )
})

async function make() {
  stopping = new AbortController()
  working(form, true)
  const { signal } = stopping
  const { model, shape, n = '1', format } = fieldsOf(form)
  const isEdit = pictures.files.length > 0
  const path = isEdit ? '/images/edits' : '/images/generations'
  const body = {
    prompt: prompt.value,
    ...(model && { model }),
    ...(shape && { size: shape }),
    n: Number(n),
    response_format: format,
    stream: true,
    partial_images: PREVIEWS,
  }
  const places = Array.from({ length: Number(n) }, (_, at) => placeOf(at, prompt.value))
  const meta = h('p', { class: 'soft' })
  const tools = h('div', { class: 'row' })
  const group = h(
    'section',
    { class: 'card', 'aria-label': prompt.value, 'aria-busy': 'true' },
    h('p', {}, prompt.value),
    h('ul', { class: 'gallery' }, ...places.map(({ element }) => element)),
    ...[meta, tools],
  )
  results.prepend(group)
  if (!isEdit) tools.append(copyButton(say.copyCurl, () => curlOf(path, body)))
  announce(say.drawing)
  const began = performance.now()
  try {
    const response = await ask(path, { body: isEdit ? formOf(body) : body, signal })
    await read(response, places)
    const account = servedBy(response)
    const took = filled(say.took, durationOf(performance.now() - began))
    meta.textContent = [took, account && filled(say.by, account)].filter(Boolean).join(' · ')
    const id = requestOf(response)
    if (id) {
      tools.append(requestLink(id))
      costOf(id).then((cost) => {
        if (cost !== undefined) meta.append(` · ${cost}`)
      })
    }
    announce(say.drawn)
  } catch (failure) {
    group.insertBefore(signal.aborted ? h('p', {}, say.stopped) : failureNode(failure), meta)
    announce(signal.aborted ? say.stopped : failure.message)
  } finally {
    for (const place of places) place.end()
    group.ariaBusy = 'false'
    stopping = undefined
    working(form, false)
  }
}

/** The same as a form, which takes the pictures as they are. */
function formOf(body) {
  const all = new FormData()
  for (const [name, value] of Object.entries(body)) all.append(name, String(value))
  for (const file of pictures.files) all.append('image[]', file)
  return all
}

async function read(response, places) {
  for await (const { name, data } of readEvents(response.body)) {
    if (data === '[DONE]') return
    const event = JSON.parse(data)
    if (name === 'error' || event.error) throw failureOf(event.error, response)
    const place = places[event.index ?? 0] ?? places[0]
    if (event.type?.endsWith('.partial_image')) place.preview(event)
    else if (event.type?.endsWith('.completed')) place.complete(event)
  }
}

const sourceOf = ({ b64_json: base64, output_format: format = 'png' }) =>
  `data:image/${format};base64,${base64}`

/** Where a picture of several appears. */
function placeOf(at, text) {
  const picture = h('div', { class: 'preview' }, h('small', {}, say.waiting))
  const told = h('p', {}, h('small', {}))
  const links = h('div', { class: 'row' })
  const element = h('li', { class: 'tile' }, picture, told, links)
  let isDone = false

  const show = (src, alt) => picture.replaceChildren(h('img', { src, alt }))
  const tell = (words) => {
    told.firstChild.textContent = words
  }

  return {
    element,

    preview(event) {
      show(sourceOf(event), say.preview)
      tell(filled(say.previewOf, event.partial_image_index + 1))
    },

    complete(event) {
      isDone = true
      const url = event.url && webAddress(event.url)?.href
      const src = event.b64_json ? sourceOf(event) : url
      show(src, text)
      tell(
        [event.size, event.quality, event.revised_prompt]
          .filter((one) => one && one !== 'auto')
          .join(' · '),
      )
      const file = `picture-${at + 1}.${event.output_format ?? 'png'}`
      links.replaceChildren(
        h('a', { class: 'button plain small', href: src, download: file }, say.download),
      )
      if (url) links.append(copyButton(say.copyAddress, () => url))
    },

    /** Nothing more comes. */
    end() {
      if (!isDone) tell(say.notMade)
      if (!isDone && picture.querySelector('small')) picture.replaceChildren()
    },
  }
}
