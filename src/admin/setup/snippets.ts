import curl from '../../../web/snippets/curl.sh' with { type: 'text' }
import node from '../../../web/snippets/node.mjs' with { type: 'text' }
import python from '../../../web/snippets/python.py' with { type: 'text' }
import type { View } from '../view'
import { setupWords } from './words'

/** What stands for a key that is not known any more. */
const NO_KEY = 'YOUR_KEY'

interface Snippet {
  readonly id: string
  readonly name: string
  readonly text: string
}

interface Asking {
  readonly model: string
  readonly key: string | undefined
}

/** How programs ask, ready to be copied. */
export function snippets(view: View, { model, key = NO_KEY }: Asking): readonly Snippet[] {
  const question = setupWords[view.language].exampleText
  const body = JSON.stringify({ model, messages: [{ role: 'user', content: question }] })
  const values: Readonly<Record<string, string>> = {
    ...{ BASE_URL: baseUrlOf(view), API_KEY: key, MODEL: model, QUESTION: question },
    BODY: body.replaceAll("'", "'\\''"),
  }
  const filled = (text: string) => text.trim().replace(PLACES, (place) => values[place] ?? place)
  return [
    { id: 'curl', name: 'curl', text: filled(curl) },
    { id: 'python', name: 'Python', text: filled(python) },
    { id: 'node', name: 'Node', text: filled(node) },
  ]
}

/** All values are of signs that need no escaping in a string: an origin, a key, a model's id. */
const PLACES = /\b(?:BASE_URL|API_KEY|MODEL|QUESTION|BODY)\b/g

/** What programs take as the address of OpenAI. */
export const baseUrlOf = ({ origin }: View): string => `${origin}/v1`
