import { type Html, html } from './html'

const page = (title: string, body: Html): Html => html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>${title} · Groxy</title>
    <link rel="stylesheet" href="/swagger/page.css">
    <link rel="icon" href="data:,">
  </head>
  <body class="page">
    <main>${body}</main>
  </body>
</html>`

/** The form that the set-up link opens. */
export const setupForm = (token: string, problem?: string): Html =>
  page(
    'Set up',
    html`
      <h1>Set up Groxy</h1>
      <p>Choose the password of this gateway's operator. An account can be added now or later.</p>
      ${problem ? html`<p role="alert">${problem}</p>` : ''}
      <form method="post" action="/setup">
        <input type="hidden" name="token" value="${token}">
        <label>Operator's password
          <input type="password" name="password" minlength="8" maxlength="200" required autocomplete="new-password">
          <small>At least eight characters. It is the key to this gateway's administration: keep it safe.</small>
        </label>
        <label>xAI API key
          <input type="password" name="xai_key" maxlength="500" autocomplete="off" placeholder="xai-…">
          <small>Optional. Kept encrypted; models appear as soon as xAI has listed them.</small>
        </label>
        <button type="submit">Finish set-up</button>
      </form>`,
  )

/** What to do next, with the real address. */
export const setupDone = (origin: string, addedAccount: boolean): Html =>
  page(
    'Ready',
    html`
      <h1>Groxy is ready</h1>
      <p>The password is set${addedAccount ? ', and the xAI account is in the pool' : ''}. This link no longer works.</p>
      <p>Try it with the key that was printed when Groxy first started:</p>
      <pre><code>curl ${origin}/v1/chat/completions \\
  -H "Authorization: Bearer $GROXY_KEY" \\
  -H "Content-Type: application/json" \\
  -d '{"model":"${addedAccount ? 'grok-4' : 'demo'}","messages":[{"role":"user","content":"Hello"}]}'</code></pre>
      <p><code>GET /v1/models</code> lists the models that your accounts can serve.</p>
      <p><a href="/swagger">Try every call in the browser</a>, or add more accounts with <code>groxy accounts add</code>.</p>`,
  )

/** For a link that was used, or is wrong. */
export const setupClosed = (): Html =>
  page(
    'Set up',
    html`
      <h1>This link no longer works</h1>
      <p>A set-up link works once. If the password was never set, start Groxy again: it prints a new link.</p>`,
  )
