import type { App } from '../app'
import type { Config } from '../config'
import { quietMoment } from './listener'
import type { Member } from './member'
import type { Sockets } from './sockets'

interface DrainParts {
  readonly config: Pick<Config, 'DRAIN_SECONDS'>
  readonly app: Pick<App, 'drain'>
  readonly sockets: Pick<Sockets, 'leave'>
  readonly server: { stop(): Promise<void> }
  readonly member: Member | undefined
}

/**
 * Stop so that nobody notices: whoever spreads requests over several instances sees first that this one is
 * not ready, and still reaches it for a while. Resolves when the last answer has ended.
 */
export async function drain({ config, app, sockets, server, member }: DrainParts): Promise<void> {
  app.drain()
  await Bun.sleep(config.DRAIN_SECONDS * 1_000)
  // Not before: who opens another one at once has to come to another instance.
  sockets.leave()
  if (member) await quietMoment()
  await server.stop()
}
