// What pages need beyond htmx: no inline scripts, so that the policy can forbid them.

document.documentElement.dataset.script = ''

/** `data-address`: where a page is found again that was the answer to a form. */
const shown = document.querySelector('[data-address]')
if (shown) history.replaceState(null, '', shown.dataset.address)

const closest = (event, selector) =>
  event.target instanceof Element ? event.target.closest(selector) : null

/** What buttons say otherwise that say just now that they have copied. */
const copying = new Map()

/** Buttons that copy: `<button data-copy="#id">`. */
document.addEventListener('click', async (event) => {
  const button = closest(event, '[data-copy]')
  const source = button && document.querySelector(button.dataset.copy)
  if (!source) return
  // Only with https there is a clipboard for scripts; before that, what is selected could be copied.
  if (navigator.clipboard) await navigator.clipboard.writeText(source.value ?? source.textContent)
  else {
    getSelection().selectAllChildren(source)
    document.execCommand('copy')
  }
  const said = copying.get(button) ?? [...button.childNodes]
  copying.set(button, said)
  button.textContent = button.dataset.copied ?? '✓'
  setTimeout(() => {
    button.replaceChildren(...said)
    copying.delete(button)
  }, 1500)
})

/** Choices that apply at once: `<select data-submit>`. */
document.addEventListener('change', (event) => {
  closest(event, '[data-submit]')?.form.requestSubmit()
})

/** `<input type="checkbox" data-check-all="name">` for all boxes of its table or form. */
document.addEventListener('change', (event) => {
  const all = closest(event, '[data-check-all]')
  if (!all) return
  for (const box of (all.closest('form, .table') ?? document).querySelectorAll(
    `input[type="checkbox"][name="${CSS.escape(all.dataset.checkAll)}"]:not(:disabled)`,
  ))
    box.checked = all.checked
})

/** `<input type="file" data-into="#id">`: a file's text into a field. */
document.addEventListener('change', async (event) => {
  const picker = closest(event, '[data-into]')
  const [file] = picker?.files ?? []
  if (file) document.querySelector(picker.dataset.into).value = await file.text()
})

/** `<input data-find="selector">` shows of these elements those whose `data-words` hold what is typed. */
const find = (field) => {
  const words = field.value.toLowerCase().split(/\s+/).filter(Boolean)
  for (const item of document.querySelectorAll(field.dataset.find))
    item.hidden = !words.every((word) => item.dataset.words.includes(word))
  const isShown = (part) => part.querySelector(`${field.dataset.find}:not([hidden])`) !== null
  for (const part of document.querySelectorAll('section:has([data-words])'))
    part.hidden = !isShown(part)
  for (const none of document.querySelectorAll('[data-find-none]')) none.hidden = isShown(document)
}
const findAgain = () => document.querySelectorAll('[data-find]').forEach(find)
document.addEventListener('input', (event) => {
  const field = closest(event, '[data-find]')
  if (field) find(field)
})
document.addEventListener('htmx:after:swap', findAgain)
findAgain()

/** What is wrong can be seen, whatever is looked for. */
document.addEventListener(
  'invalid',
  (event) => {
    for (let at = event.target; at; at = at.parentElement) at.hidden = false
  },
  true,
)

/** What is kept up to date while it is looked at: `<div data-tick="10" hx-trigger="tick">`, in seconds. */
let seconds = 0
setInterval(() => {
  if (document.hidden) return
  seconds++
  for (const part of document.querySelectorAll('[data-tick]'))
    if (seconds % part.dataset.tick === 0) part.dispatchEvent(new Event('tick'))
}, 1000)

/** Nothing is sent twice because a button was pressed twice. */
document.addEventListener('htmx:config:request', (event) => {
  const { sourceElement, request } = event.detail.ctx
  if (request.method !== 'GET' && sourceElement.ariaBusy === 'true') event.preventDefault()
})
document.addEventListener('htmx:before:request', (event) => {
  const { sourceElement, request } = event.detail.ctx
  if (request.method !== 'GET') sourceElement.ariaBusy = 'true'
})
document.addEventListener('htmx:finally:request', (event) => {
  event.detail.ctx.sourceElement.ariaBusy = null
})

/** No answer at all is told too: the page says in `data-unreachable` how. */
document.addEventListener('htmx:error', (event) => {
  const place = document.querySelector('#notice')
  if (!place?.dataset.unreachable || event.detail.ctx?.response) return
  const told = document.createElement('p')
  told.className = 'bad'
  told.textContent = place.dataset.unreachable
  place.replaceChildren(told)
})

/** The keyboard goes on where something changed: at what is wrong, or at what took the old place. */
document.addEventListener('htmx:after:swap', (event) => {
  const { ctx } = event.detail
  const target = ctx.target?.isConnected ? ctx.target : ctx.sourceElement
  const wrong = target?.querySelector?.('[aria-invalid="true"]')
  if (wrong && ctx.response?.status >= 400) wrong.focus()
  if (document.activeElement !== document.body || ctx.request.method === 'GET') return
  const place = target?.isConnected && target !== document.body ? target : null
  if (!place) return document.querySelector('#main')?.focus()
  if (!place.matches('a, button, input, select, textarea, [tabindex]')) place.tabIndex = -1
  place.focus({ preventScroll: true })
})
