import type { ApiError } from '../errors'
import { notice } from './answers'
import { assetPath } from './assets'
import { failureText } from './failure-words'
import { type Html, html } from './html'
import { shellWords } from './shell-words'
import { THEMES, type View } from './view'
import type { Language } from './words'

const PAGES = [
  ['/admin', 'overview'],
  ['/admin/accounts', 'accounts'],
  ['/admin/keys', 'keys'],
  ['/admin/requests', 'requests'],
  ['/admin/models', 'models'],
  ['/admin/media', 'media'],
  ['/admin/playground', 'playground'],
  ['/admin/settings', 'settings'],
  ['/admin/system', 'system'],
] as const

const LANGUAGE_NAMES: Readonly<Record<Language, string>> = { en: 'English', zh: '中文' }

interface Shown {
  readonly title: string
  readonly main: Html
  /** Scripts that this page needs beside those of all pages, by their names among the assets. */
  readonly scripts?: readonly string[]
  /** The same for styles. */
  readonly styles?: readonly string[]
}

/** A whole page of the operator's: navigation, and what it is about. */
export function shell(view: View, { title, main, scripts, styles }: Shown): Html {
  const say = shellWords[view.language]
  return document(view, {
    title,
    scripts,
    styles,
    body: html`
    <header class="top">
      <a class="brand" href="/admin">${LOGO}Groxy</a>
      <button type="button" class="plain" popovertarget="menu">${say.menu}</button>
      <nav class="menu" id="menu" popover aria-label="${say.main}">
        <ul>
          ${PAGES.map(
            ([path, name]) =>
              html`<li><a href="${path}"${isAt(view.path, path) && html` aria-current="page"`}>${say[name]}</a></li>`,
          )}
        </ul>
        ${preferences(view)}
        <form method="post" action="/admin/logout"><button class="plain">${say.logOut}</button></form>
      </nav>
    </header>
    <main id="main" tabindex="-1">
      <h1>${title}</h1>
      ${notices(view)}
      ${main}
    </main>`,
  })
}

/** A page without the navigation: for who is not logged in, or has one thing to do. */
export const bareShell = (view: View, { title, main, scripts }: Shown): Html =>
  document(view, {
    title,
    scripts,
    body: html`
    <main id="main" class="bare" tabindex="-1">
      <p class="brand">${LOGO}Groxy</p>
      <h1>${title}</h1>
      ${notices(view)}
      ${main}
      ${preferences(view)}
    </main>`,
  })

const LOGO = html`<img src="${assetPath('icon.svg')}" alt="" width="24" height="24">`

/** Where what happened is shown and read out: see `notice`. */
const notices = (view: View): Html =>
  html`<div id="notice" role="status" aria-live="polite" data-unreachable="${shellWords[view.language].unreachable}"></div>`

/** Why something did not work, as a page, or as a notice in the page that asked for it. */
export function failurePage(view: View, failure: ApiError): Html {
  const message = failureText(view.language, failure)
  if (view.isHtmx) return notice(message, 'bad')
  const say = shellWords[view.language]
  const main = html`<p role="alert">${message}</p><p><a href="/admin">${say.back}</a></p>`
  const show = view.operator ? shell : bareShell
  return show(view, { title: say.wentWrong, main })
}

/** In one language and one theme; both are kept in cookies. */
const preferences = (view: View): Html => {
  const say = shellWords[view.language]
  return html`
    <form class="preferences" method="post" action="/admin/preferences">
      <input type="hidden" name="back" value="${view.address}">
      <label>${say.language}
        <select name="language" data-submit>
          ${Object.entries(LANGUAGE_NAMES).map(
            ([code, name]) =>
              html`<option value="${code}" lang="${code}"${code === view.language && html` selected`}>${name}</option>`,
          )}
        </select>
      </label>
      <label>${say.theme}
        <select name="theme" data-submit>
          ${THEMES.map(
            (theme) =>
              html`<option value="${theme}"${theme === view.theme && html` selected`}>${say[theme]}</option>`,
          )}
        </select>
      </label>
      <button class="plain">${say.apply}</button>
    </form>`
}

interface Document {
  readonly title: string
  readonly scripts: readonly string[] | undefined
  readonly styles?: readonly string[] | undefined
  readonly body: Html
}

const document = (
  view: View,
  { title, scripts = [], styles = [], body }: Document,
): Html => html`<!doctype html>
<html lang="${view.language === 'zh' ? 'zh-CN' : 'en'}" data-theme="${view.theme}">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="htmx-config" content='{"morphIgnore":["data-htmx-powered","open"]}'>
    <title>${title} · Groxy</title>
    ${[...STYLES, ...styles].map((name) => html`<link rel="stylesheet" href="${assetPath(name)}">`)}
    <link rel="icon" type="image/svg+xml" href="${assetPath('icon.svg')}">
    ${SCRIPTS.map((name) => html`<script defer src="${assetPath(name)}"></script>`)}
    ${scripts.map((name) => html`<script type="module" src="${assetPath(name)}"></script>`)}
  </head>
  <body>
    <a class="skip" href="#main">${shellWords[view.language].skip}</a>
    ${body}
  </body>
</html>`

const STYLES = ['admin.css', 'widgets.css']
const SCRIPTS = ['htmx.js', 'sse.js', 'admin.js']

const isAt = (path: string, page: string): boolean =>
  path === page || (page !== '/admin' && path.startsWith(`${page}/`))
