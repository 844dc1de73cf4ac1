import type { View } from '../view'
import { setupWords } from './words'

/** What stands for a key that is not known any more. */
const NO_KEY = 'YOUR_KEY'

interface Snippet {
  readonly id: string
  readonly name: string
  readonly text: string
}

/** What a model is asked with: ids of models are no code. */
interface Asking {
  readonly model: string
  readonly key: string | undefined
}

/** How programs ask, ready to be copied. */
export function snippets(view: View, { model, key = NO_KEY }: Asking): readonly Snippet[] {
  const baseUrl = baseUrlOf(view)
  const text = setupWords[view.language].exampleText
  const body = JSON.stringify({ model, messages: [{ role: 'user', content: text }] })
  return [
    {
      id: 'curl',
      name: 'curl',
      text: `curl ${baseUrl}/chat/completions \\
  -H "Authorization: Bearer ${key}" \\
  -H "Content-Type: application/json" \\
  -d '${body.replaceAll("'", "'\\''")}'`,
    },
    {
      id: 'python',
      name: 'Python',
      text: `# pip install openai
from openai import OpenAI

client = OpenAI(base_url=${quoted(baseUrl)}, api_key=${quoted(key)})
stream = client.chat.completions.create(
    model=${quoted(model)},
    messages=[{"role": "user", "content": ${quoted(text)}}],
    stream=True,
)
for chunk in stream:
    for choice in chunk.choices:
        print(choice.delta.content or "", end="", flush=True)
print()`,
    },
    {
      id: 'node',
      name: 'Node',
      text: `// npm install openai
import OpenAI from 'openai'

const client = new OpenAI({ baseURL: ${quoted(baseUrl)}, apiKey: ${quoted(key)} })
const stream = await client.chat.completions.create({
  model: ${quoted(model)},
  messages: [{ role: 'user', content: ${quoted(text)} }],
  stream: true,
})
for await (const { choices } of stream) process.stdout.write(choices[0]?.delta.content ?? '')
console.log()`,
    },
  ]
}

/** What programs take as the address of OpenAI. */
export const baseUrlOf = ({ origin }: View): string => `${origin}/v1`

/** A string as Python and JavaScript both write it. */
const quoted = (text: string): string => JSON.stringify(text)
