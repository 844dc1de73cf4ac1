// npm install openai
import OpenAI from 'openai'

const client = new OpenAI({
  baseURL: 'BASE_URL',
  apiKey: 'API_KEY',
})
const stream = await client.chat.completions.create({
  model: 'MODEL',
  messages: [{ role: 'user', content: 'QUESTION' }],
  stream: true,
})
for await (const { choices } of stream) process.stdout.write(choices[0]?.delta.content ?? '')
console.log()
