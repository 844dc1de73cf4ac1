import { type Html, html } from '../html'
import { bareShell } from '../shell'
import type { View } from '../view'
import { field } from '../widgets/field'
import { sessionWords } from './words'

/** Asks for the password. */
export function logInPage(view: View, next: string, problem?: string): Html {
  const say = sessionWords[view.language]
  return bareShell(view, {
    title: say.logIn,
    main: html`
      <form class="card" method="post" action="/admin/login">
        <input type="hidden" name="next" value="${next}">
        ${problem && html`<p role="alert">${problem}</p>`}
        ${field({
          label: say.password,
          name: 'password',
          type: 'password',
          attributes: html`required autofocus autocomplete="current-password" maxlength="200"`,
        })}
        <button>${say.logIn}</button>
      </form>`,
  })
}

/** Where no password was chosen yet, nobody can log in. */
export function notSetPage(view: View): Html {
  const say = sessionWords[view.language]
  return bareShell(view, {
    title: say.notSetTitle,
    main: html`<p class="message warn">${say.notSet}</p>`,
  })
}
