import type { Client, InValue, ResultSet } from '@libsql/client/web'

/** A database that answers many questions at once. */
type Batching = Pick<Client, 'batch'>

/** Puts questions to a database. */
interface Executor {
  readonly execute: (statement: { sql: string; args: InValue[] }) => Promise<ResultSet>
}

interface Question {
  readonly statement: { sql: string; args: InValue[] }
  readonly answer: (result: ResultSet) => void
  readonly fail: (cause: unknown) => void
}

/** Each question gets its own answer, or the one fault of them all. */
function gather(client: Batching): Executor {
  let questions: Question[] = []

  async function ask(): Promise<void> {
    const asked = questions
    questions = []
    try {
      const results = await client.batch(
        asked.map(({ statement }) => statement),
        'read',
      )
      for (const [at, { answer, fail }] of asked.entries()) {
        const result = results[at]
        if (result) answer(result)
        else fail(new Error('The database left a question without an answer.'))
      }
    } catch (cause) {
      for (const { fail } of asked) fail(cause)
    }
  }

  return {
    execute(statement) {
      const { promise, resolve: answer, reject: fail } = Promise.withResolvers<ResultSet>()
      questions.push({ statement, answer, fail })
      if (questions.length === 1) queueMicrotask(ask)
      return promise
    },
  }
}

const known = new WeakMap<Batching, Executor>()

/**
 * Reads that are asked for in the same breath go to the database together: a start over the network
 * waits for one answer instead of seven, and a libSQL server, which refuses what is more than about a
 * hundred requests at once, sees one.
 */
export function gathered(client: Batching): Executor {
  const executor = known.get(client) ?? gather(client)
  known.set(client, executor)
  return executor
}
