// A conversation with a model, streamed.

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
  number,
  ready,
  requestLink,
  requestOf,
  root,
  say,
  servedBy,
  working,
} from './playground-parts.js'
import { readEvents } from './playground-stream.js'
import { h, markdown, webAddress } from './playground-text.js'

const PATH = '/chat/completions'
/** How often what has come is shown while more of it comes. */
const SHOW_MS = 80

const form = root.querySelector('form')
const turns = root.querySelector('#turns')
const prompt = form.elements.namedItem('prompt')
const pictures = form.elements.namedItem('pictures')
const previews = root.querySelector('#previews')

/** What was said so far, as requests have it. */
let messages = []
let stopping

form.addEventListener('submit', (event) => {
  event.preventDefault()
  if (!stopping) send()
})
ready(form)

prompt.addEventListener('keydown', (event) => {
  // With an input method Enter chooses a word.
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
  event.preventDefault()
  form.requestSubmit()
})

form.addEventListener('keydown', (event) => {
  if (event.key === 'Escape') stopping?.abort()
})
form.querySelector('[data-stop]').addEventListener('click', () => stopping?.abort())

form.querySelector('[data-clear]').addEventListener('click', () => {
  stopping?.abort()
  messages = []
  turns.replaceChildren()
  prompt.focus()
})

pictures.addEventListener('change', async () => {
  const urls = await dataUrls(pictures.files).catch(() => [])
  previews.replaceChildren(...urls.map((src, at) => picture(src, pictures.files[at].name)))
})

const picture = (src, alt) => h('img', { src, alt, class: 'attached' })

async function send() {
  const text = prompt.value.trim()
  if (!text && pictures.files.length === 0) return prompt.focus()
  stopping = new AbortController()
  working(form, true)
  const before = messages
  const shown = answerBlock(form.elements.namedItem('model').value)
  try {
    const urls = await dataUrls(pictures.files)
    const said = { role: 'user', content: contentOf(text, urls) }
    turns.append(userBlock(text, urls), shown.block)
    messages = [...before, said]
    const asked = messages
    const body = requestOfForm()
    shown.tools(body)
    prompt.value = ''
    pictures.value = ''
    previews.replaceChildren()
    announce(say.answering)
    const answer = await stream(body, shown)
    // Who began anew meanwhile has left this conversation.
    if (messages !== asked) return
    // An answer that was stopped is what was said all the same.
    messages = answer ? [...asked, { role: 'assistant', content: answer }] : before
    announce(say.answered)
  } catch (failure) {
    messages = before
    if (!shown.block.isConnected) turns.append(shown.block)
    shown.fail(failure)
    announce(failure.message)
    // What could not be answered can be changed and sent again.
    if (prompt.value === '') prompt.value = text
  } finally {
    stopping = undefined
    working(form, false)
    turns.ariaBusy = 'false'
    prompt.focus({ preventScroll: true })
  }
}

const contentOf = (text, urls) =>
  urls.length === 0
    ? text
    : [
        ...urls.map((url) => ({ type: 'image_url', image_url: { url } })),
        ...(text ? [{ type: 'text', text }] : []),
      ]

function requestOfForm() {
  const { model, system, effort, temperature } = fieldsOf(form)
  return {
    model,
    messages: system ? [{ role: 'system', content: system }, ...messages] : messages,
    stream: true,
    stream_options: { include_usage: true },
    ...(effort && { reasoning_effort: effort }),
    ...(temperature && { temperature: Number(temperature) }),
  }
}

/** Ask, and show what comes; gives what was said at the end. */
async function stream(body, shown) {
  const began = performance.now()
  const { signal } = stopping
  const answer = { text: '', thinking: '', sources: new Map(), usage: undefined }
  let first
  let response
  turns.ariaBusy = 'true'
  try {
    response = await ask(PATH, { body, signal })
    for await (const { name, data } of readEvents(response.body)) {
      if (data === '[DONE]') break
      const chunk = JSON.parse(data)
      if (name === 'error' || chunk.error) throw failureOf(chunk.error, response)
      first ??= performance.now() - began
      take(answer, chunk)
      shown.show(answer)
    }
  } catch (failure) {
    if (!signal.aborted) {
      shown.show(answer, true)
      throw failure
    }
  }
  shown.show(answer, true)
  shown.tell({
    answer,
    response,
    isStopped: signal.aborted,
    first,
    total: performance.now() - began,
  })
  return answer.text
}

function take(answer, { choices, usage, citations }) {
  if (usage) answer.usage = usage
  for (const url of citations ?? [])
    if (!answer.sources.has(url)) answer.sources.set(url, undefined)
  const { delta } = choices?.[0] ?? {}
  if (!delta) return
  if (delta.reasoning_content) answer.thinking += delta.reasoning_content
  if (delta.content) answer.text += delta.content
  if (delta.refusal) answer.text += delta.refusal
  for (const { url_citation: cited } of delta.annotations ?? [])
    if (cited) answer.sources.set(cited.url, cited.title)
}

const userBlock = (text, urls) =>
  h(
    'article',
    { class: 'turn own' },
    h('h2', {}, say.you),
    ...urls.map((url) => picture(url, say.attached)),
    text && h('p', { class: 'said' }, text),
  )

/** The place of an answer, which fills as it comes. */
function answerBlock(model) {
  const content = h('div', { class: 'said' })
  const thoughts = h('div', { class: 'said soft' })
  const thinking = h(
    'details',
    { class: 'fold', hidden: true },
    h('summary', {}, say.thinking),
    thoughts,
  )
  const sources = h('div')
  const meta = h('p', { class: 'soft meta' })
  const tools = h('div', { class: 'row' })
  const waiting = h('p', { class: 'soft' }, say.waiting)
  const block = h(
    'article',
    { class: 'turn' },
    h('h2', {}, model),
    ...[thinking, waiting, content, sources, meta, tools],
  )
  let shownAt = 0
  let later
  let isFolded = false

  function render({ text, thinking: thought, sources: cited }, isOver) {
    shownAt = performance.now()
    if (text || thought || isOver) waiting.remove()
    if (thought) {
      thinking.hidden = false
      thoughts.textContent = thought
      // Open while it thinks, and folded once when it answers: then it is the reader's to open.
      if (!isFolded) thinking.open = text === '' && !isOver
      if (text !== '' || isOver) isFolded = true
    }
    content.replaceChildren(...markdown(text))
    const links = [...cited].flatMap(([url, title]) => {
      const address = webAddress(url)
      if (!address) return []
      const attributes = { href: address.href, target: '_blank', rel: 'noreferrer noopener' }
      return [h('li', {}, h('a', attributes, title || address.host))]
    })
    sources.replaceChildren(
      ...(links.length > 0 ? [h('h3', {}, say.sources), h('ol', {}, links)] : []),
    )
  }

  return {
    block,

    /** What there is so far: all of it at the end, and not too often before. */
    show(answer, isOver = false) {
      clearTimeout(later)
      const waits = shownAt + SHOW_MS - performance.now()
      if (isOver || waits <= 0) render(answer, isOver)
      // What comes last before a pause is shown, too.
      else later = setTimeout(() => render(answer, false), waits)
    },

    tools(body) {
      tools.append(copyButton(say.copyCurl, () => curlOf(PATH, body)))
    },

    tell({ answer, response, isStopped, first, total }) {
      const { usage } = answer
      const account = response && servedBy(response)
      const id = response && requestOf(response)
      const told = [
        isStopped && say.stopped,
        usage && filled(say.tokens, number(usage.prompt_tokens), number(usage.completion_tokens)),
        first !== undefined && filled(say.times, durationOf(first), durationOf(total)),
        account && filled(say.by, account),
      ].filter(Boolean)
      meta.textContent = told.join(' · ')
      tools.prepend(copyButton(say.copyAnswer, () => answer.text))
      if (!id) return
      tools.append(requestLink(id))
      costOf(id).then((cost) => {
        if (cost !== undefined) meta.append(` · ${cost}`)
      })
    },

    fail(failure) {
      waiting.remove()
      block.insertBefore(failureNode(failure), meta)
    },
  }
}
