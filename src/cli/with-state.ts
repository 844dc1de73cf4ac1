import { type Config, readConfig } from '../config'
import { openState, type State } from './state'

/** Open the database for one command and close it again. */
export async function withState<T>(work: (state: State, config: Config) => Promise<T>): Promise<T> {
  const config = readConfig(process.env)
  const state = await openState(config)
  try {
    return await work(state, config)
  } finally {
    state.client.close()
  }
}
