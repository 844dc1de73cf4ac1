import { type Html, html } from '../html'
import { bareShell } from '../shell'
import type { View } from '../view'
import { field } from '../widgets/field'
import { steps } from './steps'
import { setupWords } from './words'

/** The form that the set-up link opens. */
export function passwordPage(view: View, token: string, problem?: string): Html {
  const say = setupWords[view.language]
  return bareShell(view, {
    title: say.title,
    main: html`
      ${steps(view, 'stepPassword')}
      <form class="card" method="post" action="/setup">
        <p>${say.choose}</p>
        <input type="hidden" name="token" value="${token}">
        ${field({
          label: say.password,
          name: 'password',
          type: 'password',
          hint: say.passwordHint,
          problem,
          attributes: html`required minlength="8" maxlength="200" autocomplete="new-password" autofocus`,
        })}
        <button>${say.next}</button>
      </form>`,
  })
}

/** For a link that was used, or is wrong. */
export function closedPage(view: View, isPasswordSet: boolean): Html {
  const say = setupWords[view.language]
  return bareShell(view, {
    title: say.closed,
    main: html`
      <p>${isPasswordSet ? say.closedUsed : say.closedUnset}</p>
      ${isPasswordSet && html`<p><a class="button" href="/admin/login">${say.logIn}</a></p>`}`,
  })
}
