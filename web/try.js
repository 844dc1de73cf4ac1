// The box of the set-up that asks a model and shows the answer as it comes.

import { readEvents } from './playground-stream.js'

const form = document.querySelector('#try')
const answer = document.querySelector('#try-answer')
const told = document.querySelector('#try-told')
const [send, stop] = form.querySelectorAll('button')
let asking

/** The texts that a stream adds to the answer. */
async function* textsOf(body) {
  for await (const { data } of readEvents(body)) {
    if (data === '[DONE]') return
    const { choices = [], error } = JSON.parse(data)
    if (error) throw new Error(error.message)
    yield choices[0]?.delta?.content ?? ''
  }
}

async function problemOf(response) {
  const { error } = await response.json().catch(() => ({}))
  return new Error(error?.message ?? `${response.status} ${response.statusText}`)
}

async function ask({ signal }) {
  const { model, prompt } = Object.fromEntries(new FormData(form))
  const begun = performance.now()
  const response = await fetch(form.action, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: prompt }], stream: true }),
    signal,
  })
  if (!response.ok) throw await problemOf(response)
  let firstMs
  for await (const text of textsOf(response.body)) {
    if (text) firstMs ??= Math.round(performance.now() - begun)
    answer.append(text)
  }
  return firstMs ?? Math.round(performance.now() - begun)
}

form.addEventListener('submit', async (event) => {
  event.preventDefault()
  if (asking) return
  const { waiting, answered, stopped, failed, lost } = told.dataset
  asking = new AbortController()
  answer.textContent = ''
  // Who listens hears the answer once it is whole, not each piece of it.
  answer.ariaBusy = 'true'
  told.className = 'soft'
  told.textContent = waiting
  send.ariaBusy = 'true'
  stop.hidden = false
  try {
    told.textContent = answered.replace('{ms}', await ask(asking))
  } catch (error) {
    const isStopped = error.name === 'AbortError'
    told.className = isStopped ? 'soft' : 'bad'
    // What fetch itself throws is a TypeError in the words of the browser.
    const why = error instanceof TypeError ? lost : `${failed}: ${error.message}`
    told.textContent = isStopped ? stopped : why
  } finally {
    asking = undefined
    answer.ariaBusy = 'false'
    send.ariaBusy = null
    stop.hidden = true
  }
})

stop.addEventListener('click', () => asking?.abort())
// Sent before, the form would lead away from here.
send.disabled = false
