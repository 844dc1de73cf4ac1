/** One tool loop with the Vercel AI SDK: the job is in `JOB`, what came of it goes to stdout. */
import { createOpenAI } from '@ai-sdk/openai'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { createXai } from '@ai-sdk/xai'
import { generateText, isStepCount, streamText, tool } from 'ai'
import { z } from 'zod'

const { provider, baseURL, apiKey, model, stream, options, question, note } = JSON.parse(
  process.env.JOB,
)

const models = {
  responses: () => createOpenAI({ baseURL, apiKey }).responses(model),
  chat: () => createOpenAI({ baseURL, apiKey }).chat(model),
  compatible: () =>
    createOpenAICompatible({ name: 'groxy', baseURL, apiKey, includeUsage: true })(model),
  xai: () => createXai({ baseURL, apiKey }).responses(model),
}

const job = {
  model: models[provider](),
  prompt: question,
  maxRetries: 0,
  providerOptions: options ?? {},
  stopWhen: isStepCount(4),
  tools: {
    look_up: tool({
      description: 'Look up what is written about a place',
      inputSchema: z.object({ place: z.string() }),
      execute: async ({ place }) => `${place}: ${note}`,
    }),
  },
}

const errors = []
const result = stream
  ? streamText({ ...job, onError: ({ error }) => errors.push(String(error)) })
  : await generateText(job)
const deltas = []
if (stream) for await (const delta of result.textStream) deltas.push(delta)

const steps = await result.steps
console.log(
  JSON.stringify({
    errors,
    deltas,
    text: await result.text,
    steps: steps.map((step) => ({
      finishReason: step.finishReason,
      reasoning: step.reasoningText ?? '',
      calls: step.toolCalls.map(({ toolName, input }) => ({ toolName, input })),
      results: step.toolResults.map(({ output }) => output),
      warnings: step.warnings ?? [],
      usage: step.usage,
    })),
  }),
)
