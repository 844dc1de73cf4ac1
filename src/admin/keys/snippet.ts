import type { Html } from '../html'
import type { View } from '../view'
import { copyable } from '../widgets/copy'

interface Snippet {
  readonly secret: string
  readonly model: string
}

/** How a key is used from a shell. */
export const snippet = (view: View, { secret, model }: Snippet): Html =>
  copyable(view, {
    id: 'snippet',
    what: 'curl',
    text: `curl ${view.origin}/v1/chat/completions \\
  -H "Authorization: Bearer ${secret}" \\
  -H "Content-Type: application/json" \\
  -d '${JSON.stringify({ model, messages: [{ role: 'user', content: 'Hello' }] }).replaceAll("'", '\\u0027')}'`,
  })
