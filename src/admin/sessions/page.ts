import { type Html, html } from '../html'
import { bareShell } from '../shell'
import type { View } from '../view'
import { sessionWords } from './words'

/** Asks for the password. */
export function logInPage(view: View, next: string, problem?: string): Html {
  const say = sessionWords[view.language]
  return bareShell(view, {
    title: say.logIn,
    main: html`
      <form method="post" action="/admin/login">
        <input type="hidden" name="next" value="${next}">
        ${problem && html`<p role="alert">${problem}</p>`}
        <label>${say.password}
          <input type="password" name="password" required autofocus autocomplete="current-password" maxlength="200">
        </label>
        <button>${say.logIn}</button>
      </form>`,
  })
}
