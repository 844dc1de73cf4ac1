import { type Content, type Html, html } from '../html'
import { shell } from '../shell'
import type { View } from '../view'
import { button } from '../widgets/button'
import { empty } from '../widgets/empty'
import { choice, field, textArea } from '../widgets/field'
import { fold } from '../widgets/fold'
import { tabs } from '../widgets/tabs'
import { row } from '../widgets/toolbar'
import { modelChoice } from './models'
import { scriptWords } from './script-words'
import { playgroundWords } from './words'

/** What can be tried, a page each. */
export const PARTS = { chat: '', image: '/image', video: '/video' } as const
export type Part = keyof typeof PARTS

const PLAYGROUND = '/admin/playground'

interface Asked {
  /** The models that there are. */
  readonly models: readonly string[]
  /** The one that the page's address names. */
  readonly model: string
}

/** A page to try models on. */
export function playgroundPage(view: View, part: Part, asked: Asked): Html {
  const say = playgroundWords[view.language]
  const links = tabs(
    say.parts,
    (['chat', 'image', 'video'] as const).map((one) => ({
      href: PLAYGROUND + PARTS[one],
      text: say[one],
      isCurrent: one === part,
    })),
  )
  if (asked.models.length === 0)
    return shell(view, {
      title: say.title,
      main: html`${links}${empty(say.noModel, html`${say.noModelNext} <a href="/admin/accounts">${say.toAccounts}</a>`)}`,
    })
  const form = { chat: chatForm, image: imageForm, video: videoForm }[part](view, asked)
  const results =
    part === 'chat'
      ? html`<div id="turns" class="pile" role="log" aria-label="${say.turns}"></div>${form}`
      : html`${form}<section id="results" class="pile" aria-label="${say.results}"></section>`
  return shell(view, {
    title: say.title,
    styles: ['media.css'],
    scripts: [`playground-${part}.js`],
    main: html`
      ${links}
      <noscript><p class="message warn">${say.noScript}</p></noscript>
      <div id="playground" class="pile" data-words="${JSON.stringify(scriptWords[view.language])}" data-origin="${view.origin}">
        <p id="announcer" class="hidden-text" role="status" aria-live="polite"></p>
        ${results}
      </div>
      <p class="soft"><small>${say.keyNote}</small></p>`,
  })
}

function chatForm(view: View, asked: Asked): Html {
  const say = playgroundWords[view.language]
  return html`
    <form class="card ask" autocomplete="off">
      ${textArea({ label: say.message, name: 'prompt', rows: 3, hint: say.messageHint })}
      ${pictureField(say.attach, undefined, true)}
      ${row(
        button({ text: say.send, attributes: html`data-begin disabled` }),
        button({
          text: say.stop,
          tone: 'danger',
          type: 'button',
          attributes: html`data-stop hidden`,
        }),
        button({ text: say.clear, tone: 'plain', type: 'button', attributes: html`data-clear` }),
      )}
      ${fold({
        summary: say.options,
        isOpen: true,
        content: html`
        <div class="pile">
          <div class="fields">
            ${modelChoice(view, { ...asked, label: say.model, part: 'chat' })}
            ${choice({ label: say.effort, name: 'effort', value: '', options: [['', say.effortUsual], ...pairs(say.efforts)] })}
            ${field({
              ...{ label: say.temperature, name: 'temperature', type: 'number' },
              hint: say.temperatureHint,
              attributes: html`min="0" max="2" step="0.1"`,
            })}
          </div>
          ${textArea({ label: say.system, name: 'system', rows: 2, hint: say.systemHint })}
        </div>`,
      })}
    </form>`
}

const IMAGE_SHAPES = ['1:1', '3:2', '2:3', '4:3', '3:4', '16:9', '9:16', '2:1', '1:2'] as const
const VIDEO_SHAPES = ['16:9', '9:16', '1:1', '3:2', '2:3', '4:3', '3:4'] as const

const pairOf = (text: string) => [text, text] as const

function imageForm(view: View, asked: Asked): Html {
  const say = playgroundWords[view.language]
  return html`
    <form class="card ask" autocomplete="off">
      ${textArea({ label: say.prompt, name: 'prompt', rows: 3, attributes: html`required` })}
      <div class="fields">
        ${modelChoice(view, { ...asked, label: say.model, part: 'image' })}
        ${choice({ label: say.shape, name: 'shape', value: '', options: [['', say.shapeUsual], ...IMAGE_SHAPES.map(pairOf)] })}
        ${field({ label: say.count, name: 'n', type: 'number', value: 1, attributes: html`min="1" max="10" required` })}
        ${choice({
          ...{ label: say.format, name: 'format', value: 'url' },
          options: [
            ['url', say.formatUrl],
            ['b64_json', say.formatBase64],
          ],
        })}
      </div>
      ${pictureField(say.change, say.changeHint, true)}
      ${buttons(say.draw, say.stop)}
    </form>`
}

function videoForm(view: View, asked: Asked): Html {
  const say = playgroundWords[view.language]
  return html`
    <form class="card ask" autocomplete="off">
      ${textArea({ label: say.prompt, name: 'prompt', rows: 3 })}
      ${pictureField(say.first, say.firstHint, false)}
      <div class="fields">
        ${modelChoice(view, { ...asked, label: say.model, part: 'video' })}
        ${choice({ label: say.length, name: 'seconds', value: '6', options: ['4', '6', '8', '10', '12', '15'].map((one) => [one, say.seconds(one)] as const) })}
        ${choice({ label: say.shape, name: 'shape', value: '', options: [['', say.shapeUsual], ...VIDEO_SHAPES.map(pairOf)] })}
        ${choice({ label: say.resolution, name: 'resolution', value: '', options: [['', say.shapeUsual], ...['480p', '720p'].map(pairOf)] })}
      </div>
      ${buttons(say.film, say.cancel)}
    </form>`
}

const buttons = (begin: Content, stop: Content): Html =>
  row(
    html`<button data-begin disabled>${begin}</button>`,
    html`<button type="button" class="danger" data-stop hidden>${stop}</button>`,
  )

const pictureField = (label: string, hint: string | undefined, isMultiple: boolean): Html => html`
  ${field({
    ...{ label, hint, name: 'pictures', type: 'file' },
    attributes: html`accept="image/png,image/jpeg,image/webp,image/gif"${isMultiple && html` multiple`}`,
  })}
  <div id="previews" class="row"></div>`

/** `a: A|b: B` as choices. */
const pairs = (text: string) =>
  text.split('|').map((one) => {
    const [value = '', said = ''] = one.split(': ')
    return [value, said] as const
  })
