import { version } from '../../package.json'
import type { ApiError } from '../errors'
import { notice } from './answers'
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
}

/** A whole page of the operator's: navigation, and what it is about. */
export function shell(view: View, { title, main }: Shown): Html {
  const say = shellWords[view.language]
  return document(
    view,
    title,
    html`
    <header class="top">
      <a class="brand" href="/admin">Groxy</a>
      <details class="menu">
        <summary>${say.menu}</summary>
        <nav aria-label="${say.main}">
          <ul>
            ${PAGES.map(
              ([path, name]) =>
                html`<li><a href="${path}"${isAt(view.path, path) && html` aria-current="page"`}>${say[name]}</a></li>`,
            )}
          </ul>
          ${preferences(view)}
          <form method="post" action="/admin/logout"><button class="plain">${say.logOut}</button></form>
        </nav>
      </details>
    </header>
    <main id="main" tabindex="-1">
      <h1>${title}</h1>
      <div id="notice" role="status" aria-live="polite"></div>
      ${main}
    </main>`,
  )
}

/** A page for who is not logged in. */
export const bareShell = (view: View, { title, main }: Shown): Html =>
  document(
    view,
    title,
    html`
    <main id="main" class="bare">
      <p class="brand">Groxy</p>
      <h1>${title}</h1>
      ${main}
      ${preferences(view)}
    </main>`,
  )

/** Why something did not work, as a page, or within the page that asked for it. */
export function failurePage(view: View, failure: ApiError): Html {
  const say = shellWords[view.language]
  if (view.isPartial) return notice(failure.message, 'bad')
  const main = html`<p role="alert">${failure.message}</p><p><a href="/admin">${say.back}</a></p>`
  return view.operator
    ? shell(view, { title: say.wentWrong, main })
    : bareShell(view, { title: say.wentWrong, main })
}

/** In one language and one theme; both are kept in cookies. */
const preferences = (view: View): Html => {
  const say = shellWords[view.language]
  return html`
    <form class="preferences" method="post" action="/admin/preferences">
      <input type="hidden" name="back" value="${view.path}">
      <label>${say.language}
        <select name="language">
          ${Object.entries(LANGUAGE_NAMES).map(
            ([code, name]) =>
              html`<option value="${code}" lang="${code}"${code === view.language && html` selected`}>${name}</option>`,
          )}
        </select>
      </label>
      <label>${say.theme}
        <select name="theme">
          ${THEMES.map(
            (theme) =>
              html`<option value="${theme}"${theme === view.theme && html` selected`}>${say[theme]}</option>`,
          )}
        </select>
      </label>
      <button class="plain">${say.apply}</button>
    </form>`
}

const document = (view: View, title: string, body: Html): Html => html`<!doctype html>
<html lang="${view.language === 'zh' ? 'zh-CN' : 'en'}" data-theme="${view.theme}">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>${title} · Groxy</title>
    <link rel="stylesheet" href="/admin/assets/admin.css?v=${version}">
    <link rel="icon" href="data:,">
    <script defer src="/admin/assets/htmx.js?v=${version}"></script>
    <script defer src="/admin/assets/sse.js?v=${version}"></script>
    <script defer src="/admin/assets/admin.js?v=${version}"></script>
  </head>
  <body>
    <a class="skip" href="#main">${shellWords[view.language].skip}</a>
    ${body}
  </body>
</html>`

const isAt = (path: string, page: string): boolean =>
  path === page || (page !== '/admin' && path.startsWith(`${page}/`))
