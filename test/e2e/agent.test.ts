import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { chunk, fakeUpstream, USAGE } from '../fakes/upstream'
import { sse } from '../fakes/upstream'
import { fetchAgent } from '../support/agent'
import { gateway, KEY, readEvents, xaiAt } from '../support/gateway'
import { runProgram, scratch } from '../support/programs'

const SECRET_LINE = 'The lighthouse keeper is called Solveig.'

const agent = await fetchAgent().catch((cause: unknown) => {
  if (process.env.CI) throw cause
  console.warn(`The agent test is skipped, because the agent is not to be had: ${cause}`)
  return undefined
})
